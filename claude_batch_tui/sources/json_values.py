"""Values of JSON and of databases as templates see them: objects and lists print as JSON, nothing prints as nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from claude_batch_tui.sources.rows import BadRow

_encode = msgspec.json.Encoder(enc_hook=str).encode


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
