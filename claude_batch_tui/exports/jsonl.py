"""Results as JSON: the API's own lines unchanged, or an object an entry, as lines or as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.exports.table import Column, Values, Writer


class UnchangedLines(Writer):
    """The API's own bytes, a line an entry."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, rows: Sequence[bytes]) -> None:
        """Write the lines as they are."""
        self._out.writelines(row.rstrip(b"\r\n") + b"\n" for row in rows)


class FlatLines(Writer):
    """An object an entry, on a line of its own, with a key a column."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column]) -> None:
        self._out = out
        self._names = [column.name for column in columns]
        self._encoder = msgspec.json.Encoder()

    def encoded(self, row: Values) -> bytes:
        """One entry as JSON, without a newline."""
        return self._encoder.encode(dict(zip(self._names, row, strict=True)))

    def write(self, rows: Sequence[Any]) -> None:
        """Write the objects."""
        self._out.write(
            self._encoder.encode_lines([dict(zip(self._names, row, strict=True)) for row in rows])
        )


class FlatArray(FlatLines):
    """The same objects as one JSON array, an object a line."""

    _before = b"[\n"

    def write(self, rows: Sequence[Any]) -> None:
        """Write the objects with what stands between them."""
        for row in rows:
            self._out.write(self._before + self.encoded(row))
            self._before = b",\n"

    def finish(self) -> None:
        """Close the array."""
        self._out.write(b"[]\n" if self._before == b"[\n" else b"\n]\n")
