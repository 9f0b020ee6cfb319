"""Results as JSON: the API's own lines unchanged, or an object an entry, as lines or as one array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import starmap
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.exports.table import Column, Packed, Writer


class UnchangedLines(Writer):
    """The API's own bytes, a line an entry."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, rows: Sequence[bytes]) -> None:
        """Write the lines as they are."""
        self._out.writelines(row.rstrip(b"\r\n") + b"\n" for row in rows)


class FlatRows:
    """Packs rows as objects with a key a column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        names = [column.name for column in columns]
        fields = [f"f{number}" for number in range(len(names))]
        self._encoder = msgspec.json.Encoder()
        self._object: Callable[..., Any]
        try:  # a struct is written in half the time of a dict
            self._object = msgspec.defstruct(
                "Row", fields, rename=dict(zip(fields, names, strict=True)), gc=False
            )
        except ValueError:  # a name with a quote in it cannot be that of a field
            self._object = lambda *values: dict(zip(names, values, strict=True))

    def pack(self, rows: Sequence[Any]) -> Packed:
        """Rows as the lines they are in the file."""
        return Packed(self._encoder.encode_lines([*starmap(self._object, rows)]))


class FlatLines(Writer):
    """An object an entry, on a line of its own, with a key a column."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column]) -> None:
        self._out = out
        self._rows = FlatRows(columns)

    def write(self, rows: Sequence[Any]) -> None:
        """Write the objects."""
        self.write_packed(self._rows.pack(rows))

    def write_packed(self, packed: Packed) -> None:
        """Write lines as they are."""
        self._out.write(packed.data)


class FlatArray(FlatLines):
    """The same objects as one JSON array, an object a line."""

    _before = b"[\n"

    def write_packed(self, packed: Packed) -> None:
        """Write lines with what stands between them: in JSON, a newline is nowhere else."""
        if packed.data:
            self._out.write(self._before + packed.data[:-1].replace(b"\n", b",\n"))
            self._before = b",\n"

    def finish(self) -> None:
        """Close the array."""
        self._out.write(b"[]\n" if self._before == b"[\n" else b"\n]\n")
