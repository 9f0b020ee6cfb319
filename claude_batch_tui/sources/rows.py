"""What every source of rows gives: its columns, which one is meant, its rows, and their values as templates see them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from claude_batch_tui.errors import SourceError

PROMPT_NAMES = ("prompt", "content", "text")
"""Columns taken for the prompt where none is named, in this order."""
_encode = msgspec.json.Encoder(enc_hook=str).encode


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


class RowRefusedError(Exception):
    """A row that no request can be made from; the sentence says why, `code` is a problem's. `custom_id` is a known one."""

    def __init__(self, code: str, message: str, custom_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.custom_id = custom_id


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


def find_column(wanted: str, columns: Sequence[str], option: str, file: str) -> str:
    """The name of the column `wanted` means; a name wins over a number. Raises SourceError with all columns."""
    if wanted in columns:
        return wanted
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(columns):
        return columns[int(wanted) - 1]
    raise SourceError(f"{file}: {option} {wanted!r}: there is no such column.{nearest(wanted, columns)}")


def guess_prompt_column(columns: Sequence[str]) -> str | None:
    """`prompt`, `content` or `text` in any case, or the only column there is; else None."""
    lowered = {name.lower(): name for name in reversed(columns)}
    for name in PROMPT_NAMES:
        if name in lowered:
            return lowered[name]
    return columns[0] if len(columns) == 1 else None


def nearest(wanted: str, columns: Sequence[str]) -> str:
    """` Did you mean 'x'? Columns: …`, or the columns alone where none is near."""
    lowered = {name.lower(): name for name in columns}
    near = difflib.get_close_matches(wanted.lower(), lowered, 1)
    return (f" Did you mean {lowered[near[0]]!r}?" if near else "") + f" Columns: {list_columns(columns)}."


def list_columns(columns: Sequence[str]) -> str:
    """The columns as a user can name them; of very many the first forty."""
    shown = ", ".join(columns[:40])
    return shown if len(columns) <= 40 else f"{shown} and {len(columns) - 40} more"


class JsonObject(dict[str, Any]):
    """An object that a template prints as JSON and can look into."""

    def __str__(self) -> str:
        """Its JSON."""
        return _encode(self).decode()


class JsonList(list[Any]):
    """A list that a template prints as JSON and can loop over."""

    def __str__(self) -> str:
        """Its JSON."""
        return _encode(self).decode()


def as_row(columns: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all columns in order; a missing one and null are the empty text."""
    return {name: as_value(values.get(name)) for name in columns}


def as_value(value: Any) -> Any:
    """One value as templates see it."""
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return JsonObject({str(key): held for key, held in value.items()})
    if isinstance(value, list | tuple):
        return JsonList(value)
    return str(value)


def bad_bytes(number: int, values: Mapping[str, Any]) -> BadRow | None:
    """The row `number` as a bad one where a column holds bytes, which are no text; else None."""
    for name, value in values.items():
        if isinstance(value, bytes):
            return BadRow(number, "bytes", f"column {name!r} holds bytes, which are no text")
    return None
