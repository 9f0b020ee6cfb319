"""Which entries a filter lets through, over the columns of an index: a million entries in milliseconds."""

from __future__ import annotations

import operator
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable
from itertools import compress

from claude_batch_tui.domain.entry import CLASSES, OUTCOMES, STOP_REASONS
from claude_batch_tui.domain.filtering import Both, Comparison, Either, Filter, Not
from claude_batch_tui.store.results_index import ResultsIndex

_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_INVERTED = bytes([1, 0]) + bytes(254)


def select(wanted: Filter | None, index: ResultsIndex) -> array[int]:
    """The positions of all entries the filter lets through, in file order.

    While an index grows, only entries whose columns are known: none is let through by a guess.
    """
    count = index.count if _is_of_first_pass(wanted) else index.described
    if wanted is None:
        return array("I", range(count))
    return array("I", compress(range(count), _mask(wanted, index, count)))


def _is_of_first_pass(wanted: Filter | None) -> bool:
    """True where a filter asks for nothing but ids and outcomes."""
    match wanted:
        case Both(left, right) | Either(left, right):
            return _is_of_first_pass(left) and _is_of_first_pass(right)
        case Not(inner):
            return _is_of_first_pass(inner)
        case Comparison(field):
            return field in ("id", "outcome")
        case None:
            return True


def _mask(wanted: Filter, index: ResultsIndex, count: int) -> bytes:
    """One byte an entry: 1 where it is let through."""
    match wanted:
        case Both(left, right):
            return _combined(_mask(left, index, count), _mask(right, index, count), operator.and_)
        case Either(left, right):
            return _combined(_mask(left, index, count), _mask(right, index, count), operator.or_)
        case Not(inner):
            return _mask(inner, index, count).translate(_INVERTED)
        case Comparison(field, op, value):
            return _compared(field, op, value, index, count)


def _combined(left: bytes, right: bytes, combine: Callable[[int, int], int]) -> bytes:
    combined = combine(int.from_bytes(left, "little"), int.from_bytes(right, "little"))
    return combined.to_bytes(len(left), "little")


def _compared(field: str, op: str, value: str, index: ResultsIndex, count: int) -> bytes:
    match field:
        case "id":
            return _ids(op, value, index, count)
        case "outcome":
            return bytes(index.outcomes[:count]).translate(_table(OUTCOMES, op, value))
        case "class":
            return bytes(index.classes[:count]).translate(_table(CLASSES, op, value))
        case "stop":
            return bytes(index.stops[:count]).translate(_table(STOP_REASONS, op, value))
        case "error":
            good = [_says(op, value)(name) for name in index.error_types]
            return bytes(good[number] for number in index.errors[:count])
        case _:
            numbers = index.input_tokens if field == "in" else index.output_tokens
            compare, limit = _NUMBERS[op], int(value)
            return bytes(compare(number, limit) for number in numbers[:count])


def _table(names: tuple[str, ...], op: str, value: str) -> bytes:
    """A translation of the numbers of `names` to 1 where the name fits."""
    says = _says(op, value)
    return bytes(says(str(name)) for name in names).ljust(256, b"\0")


def _says(op: str, value: str) -> Callable[[str], bool]:
    if op == "~":
        return lambda name: re.search(value, name) is not None
    if op == ":":
        return lambda name: value.lower() in name.lower()
    return (lambda name: name == value) if op == "=" else (lambda name: name != value)


def _ids(op: str, value: str, index: ResultsIndex, count: int) -> bytes:
    mask = bytearray(count)
    if op == "~":
        pattern = re.compile(value)
        for position in range(count):
            mask[position] = pattern.search(index.custom_id(position)) is not None
        return bytes(mask)
    needle = value.encode()
    if op in ("=", "!="):
        needle = b"\n" + needle + b"\n"
    if not needle:
        return b"\1" * count
    # The blob begins with a newline, so an exact match starts one byte before its id.
    shift = 1 if op in ("=", "!=") else 0
    starts, ids = index.id_starts, index.ids
    at = ids.find(needle)
    while at >= 0:
        position = bisect_right(starts, at + shift) - 1
        if position >= count:
            break
        mask[position] = 1
        at = ids.find(needle, starts[position + 1] - shift) if position + 1 < len(starts) else -1
    return bytes(mask).translate(_INVERTED) if op == "!=" else bytes(mask)
