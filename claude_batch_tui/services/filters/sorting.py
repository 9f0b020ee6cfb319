"""Entries in the order of a column. Those of equal rank stay in the order of the file; what has no rank comes last."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from claude_batch_tui.domain.filters.text_match import fold
from claude_batch_tui.domain.results.result import FILE_ORDER, Sort
from claude_batch_tui.services.results.answers import answer_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.store.results.file import ResultsFile
    from claude_batch_tui.store.results.index import ResultsIndex

_FIRST_CHARACTERS = 40
_ID_BYTES = 64
"""The API's limit of a custom_id; a longer one of another origin is compared as far as that."""
_LOOK_UP_EVERY = 256


def in_order(
    positions: array[int],
    sort: Sort,
    results: ResultsFile,
    costs: EntryCosts,
    stopped: Callable[[], bool] = lambda: False,
) -> array[int]:
    """The positions, given in file order, in the wanted one; as they are where it was stopped. For a thread."""
    if sort.column == FILE_ORDER:
        return positions[::-1] if sort.descending else positions
    import numpy as np  # late: 60 to 90 ms

    places = np.frombuffer(positions[:], np.uint32)
    keys = _keys(places, sort.column, results, costs, stopped)
    if keys is None:
        return positions
    if sort.descending:
        order = len(places) - 1 - np.argsort(keys[::-1], kind="stable")[::-1]
    else:
        order = np.argsort(keys, kind="stable")
    if keys.dtype.kind == "f":
        unknown = np.isnan(keys[order])
        order = np.concatenate((order[~unknown], order[unknown]))
    ordered = array("I")
    ordered.frombytes(places[order].tobytes())
    return ordered


def _keys(
    places: NDArray[Any],
    column: str,
    results: ResultsFile,
    costs: EntryCosts,
    stopped: Callable[[], bool],
) -> NDArray[Any] | None:
    """A key for each of the places; None where it was stopped."""
    import numpy as np  # late: 60 to 90 ms

    index = results.index
    keys: NDArray[Any]
    match column:
        case "custom_id":
            keys = _ids(index)
        case "in":
            keys = np.frombuffer(index.input_tokens[:], np.uint32)
        case "out":
            keys = np.frombuffer(index.output_tokens[:], np.uint32)
        case "cost":
            keys = costs.column(index.described)
        case "text":
            words = _each(places, lambda position: _first_words(results.line(position)), stopped)
            return None if words is None else np.array(words, np.bytes_)
        case _:
            numbers = {"outcome": index.outcomes, "class": index.classes, "stop": index.stops}[column]
            keys = np.frombuffer(bytes(numbers), np.uint8)
    if len(keys) < index.count:  # entries that are not described yet
        keys = np.concatenate((keys, np.zeros(index.count - len(keys), keys.dtype)))
    chosen: NDArray[Any] = keys[places]
    return chosen


def _each(places: NDArray[Any], key: Callable[[int], Any], stopped: Callable[[], bool]) -> list[Any] | None:
    found: list[Any] = []
    for number, position in enumerate(places.tolist()):
        if number % _LOOK_UP_EVERY == 0 and stopped():
            return None
        found.append(key(position))
    return found


def _ids(index: ResultsIndex) -> NDArray[Any]:
    import numpy as np  # late: 60 to 90 ms

    ids = bytes(index.ids)[1:-1].split(b"\n")[: index.count]
    return np.array([custom_id[:_ID_BYTES] for custom_id in ids], np.bytes_)


def _first_words(line: bytes) -> bytes:
    return fold(answer_text(line).lstrip()[:_FIRST_CHARACTERS]).encode("utf-8", "replace")
