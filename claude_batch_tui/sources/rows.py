"""What every source of rows gives: its columns, and its rows one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec


class Origin(Protocol):
    """Where rows come from. `label` names it in sentences; `size` and `bytes_read` tell how far reading is."""

    label: str
    size: int
    bytes_read: int

    def sha256(self) -> str:
        """The hash of all of it, in hex."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row as read. `line` is the 1-based line on which it starts; the number of the row where there are no lines."""

    line: int
    values: dict[str, Any]


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot become a request; `code` and `message` are a problem's. `values` is what was read of it."""

    line: int
    code: str
    message: str
    values: dict[str, Any] = {}
    custom_id: str | None = None


class RowSource(Protocol):
    """Something of the user's as rows. Reading streams: memory is flat in its size."""

    @property
    def file(self) -> Origin:
        """Where the rows come from."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""

    def rows(self) -> Iterator[Row | BadRow]:
        """All rows from the first; every call starts anew. Raises SourceError where reading cannot go on."""
