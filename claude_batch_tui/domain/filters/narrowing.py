"""Whether one filter lets through nothing that another leaves out, so that only the other's entries need be looked at."""

from __future__ import annotations

from claude_batch_tui.domain.filters.text_match import fold, ignores_case
from claude_batch_tui.domain.filters.tree import Both, Condition, Either, Filter, Not


def narrows(new: Filter, old: Filter) -> bool:
    """True where everything `new` lets through `old` lets through too, as far as their forms show it."""
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
