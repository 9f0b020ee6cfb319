"""Entries in the order of a column, or of a value in answers that are JSON. Those of equal rank stay in the order of the file; what has no rank comes last."""

from __future__ import annotations

import contextlib
import struct
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from claude_batch_tui.domain.filters.json_path import Path, parse_field
from claude_batch_tui.domain.filters.text_match import fold
from claude_batch_tui.domain.results.json_tree import scalar
from claude_batch_tui.domain.results.result import FILE_ORDER, SORT_COLUMNS, Sort
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.services.results.answers import answer_document, answer_text, value_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.store.results.file import ResultsFile
    from claude_batch_tui.store.results.index import ResultsIndex

_FIRST_CHARACTERS = 40
_ID_BYTES = 64
"""The API's limit of a custom_id; a longer one of another origin is compared as far as that."""
_LOOK_UP_EVERY = 256
_NO_RANK = b""


def parse_sort(text: str) -> Sort:
    """`cost`, `cost:desc`, `json.score:desc`. Raises ConfigError for anything else."""
    column, _, direction = text.rpartition(":")
    if direction not in ("asc", "desc"):
        column, direction = text, "asc"
    if column == "id":
        column = "custom_id"
    if column not in SORT_COLUMNS and _path_of(column) is None:
        raise ConfigError(
            f"There is no order {text!r}: sort by one of {', '.join(SORT_COLUMNS[1:])} or a value such as json.label, "
            "with :desc for the largest first."
        )
    return Sort(column, direction == "desc")


def _path_of(column: str) -> Path | None:
    """The path into answers that a column is, as `json.label`; None for any other, and for a wrong one."""
    with contextlib.suppress(ValueError):
        return parse_field(column)
    return None


def in_order(
    positions: array[int],
    sort: Sort,
    results: ResultsFile,
    costs: EntryCosts,
    stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> array[int]:
    """The positions, given in file order, in the wanted one; as they are where it was stopped. For a thread.

    `tell` hears how many of how many lines were read, where lines have to be.
    """
    if sort.column == FILE_ORDER:
        return positions[::-1] if sort.descending else positions
    import numpy as np  # late: 60 to 90 ms

    places = np.frombuffer(positions[:], np.uint32)
    path = _path_of(sort.column)
    rank = None if path is None else _json_rank(path)
    if rank is not None or sort.column == "text":
        keys = _read_keys(places, results, rank or _first_words, stopped, tell)
    else:
        keys = _keys(places, sort.column, results, costs)
    if keys is None:
        return positions
    if sort.descending:
        order = len(places) - 1 - np.argsort(keys[::-1], kind="stable")[::-1]
    else:
        order = np.argsort(keys, kind="stable")
    if rank is not None or keys.dtype.kind == "f":
        unknown = np.isnan(keys[order]) if rank is None else keys[order] == _NO_RANK
        order = np.concatenate((order[~unknown], order[unknown]))
    ordered = array("I")
    ordered.frombytes(places[order].tobytes())
    return ordered


def _read_keys(
    places: NDArray[Any],
    results: ResultsFile,
    key: Callable[[bytes], bytes],
    stopped: Callable[[], bool],
    tell: Callable[[int, int], None],
) -> NDArray[Any] | None:
    """A key for each of the places, made of its line; None where it was stopped."""
    import numpy as np  # late: 60 to 90 ms

    found: list[bytes] = []
    for number, position in enumerate(places.tolist()):
        if number % _LOOK_UP_EVERY == 0:
            if stopped():
                return None
            tell(number, len(places))
        found.append(key(results.line(position)))
    return np.array(found, np.bytes_)


def _keys(places: NDArray[Any], column: str, results: ResultsFile, costs: EntryCosts) -> NDArray[Any]:
    """A key for each of the places, of the columns of the index."""
    import numpy as np  # late: 60 to 90 ms

    from claude_batch_tui.store.results.arrays import values  # it imports numpy

    index = results.index
    keys: NDArray[Any]
    match column:
        case "custom_id":
            keys = _ids(index)
        case "in":
            keys = values(index.input_tokens)
        case "out":
            keys = values(index.output_tokens)
        case "cost":
            keys = costs.column(index.described)
        case _:
            numbers = {"outcome": index.outcomes, "class": index.classes, "stop": index.stops}[column]
            keys = values(numbers)
    if len(keys) < index.count:  # entries that are not described yet
        keys = np.concatenate((keys, np.zeros(index.count - len(keys), keys.dtype)))
    chosen: NDArray[Any] = keys[places]
    return chosen


def _ids(index: ResultsIndex) -> NDArray[Any]:
    import numpy as np  # late: 60 to 90 ms

    ids = bytes(index.ids)[1:-1].split(b"\n")[: index.count]
    return np.array([custom_id[:_ID_BYTES] for custom_id in ids], np.bytes_)


def _first_words(line: bytes) -> bytes:
    return fold(answer_text(line).lstrip()[:_FIRST_CHARACTERS]).encode("utf-8", "replace")


def _json_rank(path: Path) -> Callable[[bytes], bytes]:
    """What orders a line by the first value a path leads to in its answer: false and true, numbers, text, then the rest."""
    return lambda line: _rank(value_at(answer_document(line), path))


def _rank(value: Any) -> bytes:
    match value:
        case None:
            return _NO_RANK
        case bool():
            return b"1t" if value else b"1f"
        case int() | float():
            return b"2" + _ordered(value)
        case str():
            return b"3" + fold(value[:_FIRST_CHARACTERS]).encode("utf-8", "replace")
        case _:
            return b"4" + scalar(value)[:_FIRST_CHARACTERS].encode("utf-8", "replace")


def _ordered(number: float) -> bytes:
    """Eight bytes that sort as numbers do."""
    try:
        [bits] = struct.unpack(">Q", struct.pack(">d", number))
    except OverflowError:
        return b"\xff" * 8 if number > 0 else b""
    sign = 1 << 63
    return struct.pack(">Q", bits ^ ((1 << 64) - 1) if bits & sign else bits | sign)
