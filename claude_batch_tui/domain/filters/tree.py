"""A filter as a tree: conditions joined by not, and, or; and whether one filter lets through less than another."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from claude_batch_tui.domain.filters.text_match import fold, ignores_case

ORDERING: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""What the operators of numbers mean, of one or of an array of them."""


_MOST_PAIRS = 10_000


class Condition(msgspec.Struct, frozen=True):
    """One condition. Beside the written operators there are `glob` (for id) and `exists` (for a path)."""

    field: str
    op: str
    value: str
    path: str = ""


class Not(msgspec.Struct, frozen=True):
    """Everything the inner filter leaves out."""

    inner: Filter


class Both(msgspec.Struct, frozen=True):
    """What both sides let through."""

    left: Filter
    right: Filter


class Either(msgspec.Struct, frozen=True):
    """What either side lets through."""

    left: Filter
    right: Filter


Filter = Condition | Not | Both | Either


def conditions(wanted: Filter | None) -> Iterator[Condition]:
    """All conditions of a filter, in their order."""
    match wanted:
        case Condition():
            yield wanted
        case Not(inner):
            yield from conditions(inner)
        case Both(left, right) | Either(left, right):
            yield from conditions(left)
            yield from conditions(right)


def narrows(new: Filter, old: Filter) -> bool:
    """True where everything `new` lets through `old` lets through too, as far as their forms show it.

    The forms of very long filters are not looked at.
    """
    pairs = sum(1 for _ in conditions(new)) * sum(1 for _ in conditions(old))
    return new == old if pairs > _MOST_PAIRS else _narrows(new, old, {})


def _narrows(new: Filter, old: Filter, known: dict[tuple[int, int], bool]) -> bool:
    """As `narrows`; every pair of parts is decided once, as the ways to come to it are without number."""
    pair = (id(new), id(old))
    if pair not in known:
        known[pair] = _parts_narrow(new, old, lambda new, old: _narrows(new, old, known))
    return known[pair]


def _parts_narrow(new: Filter, old: Filter, narrows: Callable[[Filter, Filter], bool]) -> bool:
    if new == old:
        return True
    match new, old:
        case _, Both(left, right):
            return narrows(new, left) and narrows(new, right)
        case Either(left, right), _:
            return narrows(left, old) and narrows(right, old)
        case Both(left, right), _ if narrows(left, old) or narrows(right, old):
            return True
        case _, Either(left, right):
            return narrows(new, left) or narrows(new, right)
        case Not(inner), Not(other):
            return narrows(other, inner)
        case Condition(), Condition():
            return _says_more(new, old)
        case _:
            return False


def _says_more(new: Condition, old: Condition) -> bool:
    """`id:T-90` says more than `id:T-9`."""
    if (new.field, new.path, new.op, old.op) != (old.field, old.path, ":", ":"):
        return False
    if new.field == "id":
        return old.value in new.value
    if new.field in ("text", "json"):
        return fold(old.value) in fold(new.value) if ignores_case(old.value) else old.value in new.value
    return old.value.lower() in new.value.lower()
