"""Which columns there are beyond ours, and of what kind: found by looking at all values once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from claude_batch_tui.errors import ExportError
from claude_batch_tui.exports.table import Kind

MOST_COLUMNS = 500
"""Answers with more different keys than that share no structure."""
_MOST_INTEGER = 2**63


class Columns(msgspec.Struct, frozen=True):
    """The kind of each column of the source, and each column of the answers with its kind."""

    source: dict[str, Kind] = {}
    answer: dict[str, Kind] = {}


class Survey:
    """What the columns of a group hold."""

    def __init__(self) -> None:
        self._types: dict[str, set[type]] = {}

    def add(self, values: Iterable[tuple[str, Any]]) -> None:
        """Look at the values of one entry. Raises ExportError above 500 columns."""
        for name, value in values:
            types = self._types.get(name)
            if types is None:
                if len(self._types) >= MOST_COLUMNS:
                    raise ExportError(
                        f"The answers have more than {MOST_COLUMNS} different keys: they cannot be spread into columns."
                    )
                types = self._types[name] = set()
            if value is None or value == "":
                continue
            kind = type(value)
            types.add(dict if kind is int and not -_MOST_INTEGER <= value < _MOST_INTEGER else kind)

    def kinds(self) -> dict[str, Kind]:
        """The kind of each column; numbers of both kinds are floats."""
        return {name: _kind(types) for name, types in self._types.items()}


def _kind(types: set[type]) -> Kind:
    if types == {bool}:
        return "bool"
    if types == {int}:
        return "int"
    if types and types <= {int, float}:
        return "float"
    return "text" if types <= {str} else "any"
