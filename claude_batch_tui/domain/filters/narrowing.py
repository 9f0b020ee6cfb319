"""Whether one filter lets through less than another, so that what the other found is all there is to look through."""

from __future__ import annotations

from collections.abc import Callable

from claude_batch_tui.domain.filters.text_match import fold, ignores_case
from claude_batch_tui.domain.filters.tree import Both, Condition, Either, Filter, Not, conditions

_MOST_PAIRS = 10_000


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
