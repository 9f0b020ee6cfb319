"""Which entries a filter lets through, over the columns of an index: a million entries in milliseconds.

The need: lists that follow a filter while it is typed. Of 100,000 entries a condition takes 0.1 to 1.3 ms of the
processor, and 150 to 400 ms entry by entry, which tests compare it with. numpy is imported with the first filter that
needs it (60 to 90 ms).
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.domain.filters.text_match import id_test, name_test
from claude_batch_tui.domain.filters.tree import ORDERING, Both, Condition, Either, Filter, Not
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.store.results.index import ResultsIndex

    Mask = NDArray[np.bool_]

_FIRST_PASS = ("id", "outcome")
_INDEXED = (*_FIRST_PASS, "class", "stop", "error", "in", "out", "cost")
_FEW_IDS = 20_000
"""Up to so many ids are asked one by one rather than all at once."""
_IDS_AT_ONCE = 10_000


def is_indexed(wanted: Filter) -> bool:
    """Whether the columns of the index decide a filter."""
    return fields_of(wanted) <= {*_INDEXED}


def known_count(wanted: Filter | None, index: ResultsIndex) -> int:
    """How many entries, from the first on, have all columns a filter asks for."""
    asked = set() if wanted is None else fields_of(wanted) & {*_INDEXED}
    return index.count if asked <= {*_FIRST_PASS} else min(index.described, index.count)


def is_settled(wanted: Filter, index: ResultsIndex) -> bool:
    """Whether what a filter says of known entries stays so: the second pass may correct ids and outcomes, and answers
    that do not fit their schema get another class.
    """
    fields = fields_of(wanted)
    return (index.complete or fields.isdisjoint(_FIRST_PASS)) and (
        index.is_validated or "class" not in fields
    )


def fields_of(wanted: Filter) -> set[str]:
    """The fields a filter asks for."""
    match wanted:
        case Both(left, right) | Either(left, right):
            return fields_of(left) | fields_of(right)
        case Not(inner):
            return fields_of(inner)
        case Condition(field):
            return {field}


def positions_of(mask: Mask) -> array[int]:
    """The positions a mask lets through, in file order."""
    import numpy as np  # late: 60 to 90 ms

    positions = array("I")
    positions.frombytes(np.flatnonzero(mask).astype(np.uint32).tobytes())
    return positions


class EntryTable(msgspec.Struct, frozen=True):
    """The first `count` entries of an index, what they cost, and which of them are asked for; `within` None is all."""

    index: ResultsIndex
    costs: EntryCosts | None
    count: int
    within: Mask | None = None


def mask_of(wanted: Filter, table: EntryTable) -> Mask:
    """Whether each entry is let through; those outside `within` may say anything."""
    match wanted:
        case Both(left, right):
            mask = mask_of(left, table)
            narrower = mask if table.within is None else mask & table.within
            return mask & mask_of(right, msgspec.structs.replace(table, within=narrower))
        case Either(left, right):
            return mask_of(left, table) | mask_of(right, table)
        case Not(inner):
            return ~mask_of(inner, table)
        case Condition(field, op, value):
            return _compared(field, op, value, table)


def _compared(field: str, op: str, value: str, table: EntryTable) -> Mask:
    import numpy as np  # late: 60 to 90 ms

    from claude_batch_tui.store.results.arrays import values  # it imports numpy

    index, count = table.index, table.count
    mask: Mask
    match field:
        case "id":
            return _ids(op, value, index, count, table.within)
        case "outcome":
            return _fitting(index.outcomes, count, OUTCOMES, op, value)
        case "class":
            return _fitting(index.classes, count, CLASSES, op, value)
        case "stop":
            return _fitting(index.stops, count, index.stop_reasons, op, value)
        case "error":
            says = name_test(op, value)
            numbers = values(index.errors, 0, count)
            mask = np.array([says(name) for name in [*index.error_types]])[numbers]
        case "cost":
            column = np.full(count, np.nan) if table.costs is None else table.costs.column(count)
            mask = ORDERING[op](column, float(value)) & ~np.isnan(column)
        case _:
            tokens = index.input_tokens if field == "in" else index.output_tokens
            mask = ORDERING[op](values(tokens, 0, count), int(value))
    return mask


def _fitting(numbers: bytearray | memoryview, count: int, names: Sequence[str], op: str, value: str) -> Mask:
    """For numbers of `names`, whether each name fits."""
    import numpy as np  # late: 60 to 90 ms

    says = name_test(op, value)
    table = bytes(says(str(name)) for name in [*names]).ljust(256, b"\0")
    return np.frombuffer(bytes(numbers[:count]).translate(table), np.bool_)


def _ids(op: str, value: str, index: ResultsIndex, count: int, within: Mask | None) -> Mask:
    import numpy as np  # late: 60 to 90 ms

    if op == "!=":
        return ~_ids("=", value, index, count, None)
    test = id_test(op, value)
    if op == "glob" and (literal := max(re.split(r"\[.*?\]|[*?\[\]]", value), key=len)):
        holding = _containing(literal.encode("utf-8", "replace"), index, count, whole=False)
        within = holding if within is None else holding & within
    if within is not None and int(np.count_nonzero(within)) <= _FEW_IDS:
        mask = np.zeros(count, dtype=bool)
        for position in np.flatnonzero(within[:count]).tolist():
            mask[position] = test(index.custom_id(position))
        return mask
    if op in ("~", "glob"):
        return _tested(test, index, count)
    return _containing(value.encode("utf-8", "replace"), index, count, whole=op == "=")


def _tested(test: Callable[[str], bool], index: ResultsIndex, count: int) -> Mask:
    """Every id asked, some thousands cut out of the blob at once."""
    import numpy as np  # late: 60 to 90 ms

    mask = bytearray()
    while len(mask) < count:
        first, last = len(mask), min(len(mask) + _IDS_AT_ONCE, count)
        end = index.id_starts[last] if last < len(index.id_starts) else len(index.ids)
        piece = bytes(index.ids[index.id_starts[first] : end]).decode("utf-8", "replace")
        mask += bytes(map(test, piece.split("\n")[: last - first]))
    return np.frombuffer(bytes(mask), np.bool_)


def _containing(needle: bytes, index: ResultsIndex, count: int, *, whole: bool) -> Mask:
    """The ids that hold the needle, or are it, found in the blob of all."""
    import numpy as np  # late: 60 to 90 ms

    if not needle and not whole:
        return np.ones(count, dtype=bool)
    # The blob begins with a newline, so an exact match starts one byte before its id.
    shift = 1 if whole else 0
    if whole:
        needle = b"\n" + needle + b"\n"
    mask = bytearray(count)
    starts, ids = index.id_starts, index.ids
    at = ids.find(needle)
    while at >= 0:
        position = bisect_right(starts, at + shift) - 1
        if position >= count:
            break
        mask[position] = 1
        at = ids.find(needle, starts[position + 1] - shift) if position + 1 < len(starts) else -1
    return np.frombuffer(bytes(mask), np.bool_)
