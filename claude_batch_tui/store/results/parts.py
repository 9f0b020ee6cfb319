"""What was found of a range of a results file, as one process tells it another, and how that becomes a part of an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from claude_batch_tui.store.results.columns import Additions, AnsweredBy, Described, Numbered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from claude_batch_tui.store.results.index import ResultsIndex

_NUMBERED: Final = {"stops": "stop_reasons", "errors": "error_types", "models": "answered_by"}
"""Columns of numbers, and the lists that say what these stand for."""
_COLUMNS: Final = Described._fields[1:]
"""The columns of the second pass; outcomes the first has, too."""


class Places(msgspec.Struct, frozen=True, array_like=True):
    """The first pass over the lines of a range, from `start` to `end`: columns as they are in memory, ids with a newline each."""

    start: int
    end: int
    offsets: bytes
    lengths: bytes
    id_starts: bytes
    ids: bytes
    outcomes: bytes


class Descriptions(msgspec.Struct, frozen=True, array_like=True):
    """The second pass over the same lines; the entries of the additions count from the first of the range."""

    outcomes: bytes
    columns: dict[str, bytes]
    additions: dict[str, bytes]
    stop_reasons: list[str]
    error_types: list[str]
    answered_by: list[AnsweredBy]


def places_of(index: ResultsIndex, start: int) -> Places:
    """What the first pass over a range has found, from `start` on."""
    return Places(
        start,
        index.position,
        index.offsets.tobytes(),
        index.lengths.tobytes(),
        index.id_starts.tobytes(),
        bytes(index.ids[1:]),
        bytes(index.outcomes),
    )


def take_places(index: ResultsIndex, found: Places) -> None:
    """Add what the first pass over the next range has found."""
    import numpy as np  # late: 60 to 90 ms

    starts = np.frombuffer(found.id_starts, np.uint64) + np.uint64(len(index.ids) - 1)
    index.offsets.frombytes(found.offsets)
    index.lengths.frombytes(found.lengths)
    index.id_starts.frombytes(starts.tobytes())
    index.add_ids(found.ids)
    index.outcomes += found.outcomes
    index.position = found.end
    index.count = len(index.outcomes)


def descriptions_of(index: ResultsIndex) -> Descriptions | None:
    """What the second pass over a range has found; None where names got no number of their own, which only the order of
    the whole file can tell.
    """
    names = index.stop_reasons, index.error_types, index.answered_by
    if any(known.is_full for known in names):
        return None
    return Descriptions(
        bytes(index.outcomes),
        {name: bytes(getattr(index, name)) for name in _COLUMNS},
        {name: getattr(index.additions, name).tobytes() for name in Additions.kinds},
        list(index.stop_reasons),
        list(index.error_types),
        list(index.answered_by),
    )


def take_descriptions(index: ResultsIndex, found: Descriptions) -> None:
    """Add what the second pass over the next range has found, whose places are there."""
    import numpy as np  # late: 60 to 90 ms

    first, last = index.described, index.described + len(found.outcomes)
    if index.outcomes[first:last] != found.outcomes:
        index.outcomes[first:last] = found.outcomes
    renumbered = {
        column: _numbers(getattr(index, names), getattr(found, names)) for column, names in _NUMBERED.items()
    }
    for name, kind in Additions.kinds.items():
        added = np.frombuffer(found.additions[name], np.dtype(kind))
        if name == "entries":
            added = added + np.uint32(first)
        elif name == "models":
            added = renumbered["models"][added]
        getattr(index.additions, name).frombytes(added.astype(np.dtype(kind)).tobytes())
    for name in _COLUMNS:
        column, values = getattr(index, name), found.columns[name]
        if name in renumbered:
            width = np.dtype(np.uint8 if isinstance(column, bytearray) else np.uint16)
            values = renumbered[name][np.frombuffer(values, width)].astype(width).tobytes()
        if isinstance(column, bytearray):
            column += values
        else:
            column.frombytes(values)
    index.described = last


def _numbers(known: Numbered[Any], values: list[Any]) -> NDArray[np.uint16]:
    """For each value of one list its number in another, which it is added to."""
    import numpy as np  # late: 60 to 90 ms

    return np.array([known.number(value) for value in values], np.uint16)
