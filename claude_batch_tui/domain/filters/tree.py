"""A filter as a tree: conditions joined by not, and, or."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

ORDERING: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""What the operators of numbers mean, of one or of an array of them."""


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
