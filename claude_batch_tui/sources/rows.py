"""What every source of rows gives: its columns, and its rows one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from claude_batch_tui.sources.source_file import SourceFile


class Row(msgspec.Struct, frozen=True):
    """One row as read. `line` is the 1-based line on which it starts."""

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
    """A file of the user as rows. Reading streams: memory is flat in the size of the file."""

    file: SourceFile

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""

    def rows(self) -> Iterator[Row | BadRow]:
        """All rows from the first; every call starts anew. Raises SourceError where reading cannot go on."""
