"""Results as Parquet with typed columns, where pyarrow is installed; written a group of rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.exports.table import Column, Values, Writer

_GROUP_ROWS = 20_000
_GROUP_CHARACTERS = 1 << 24
_encode = msgspec.json.Encoder().encode


class Parquet(Writer):
    """Groups of rows, each as soon as it is full."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column]) -> None:
        arrow, parquet = require()
        types = {
            "text": arrow.string(),
            "any": arrow.string(),
            "int": arrow.int64(),
            "float": arrow.float64(),
            "bool": arrow.bool_(),
        }
        self._arrow = arrow
        self._kinds = [column.kind for column in columns]
        self._schema = arrow.schema([(column.name, types[column.kind]) for column in columns])
        self._writer = parquet.ParquetWriter(out, self._schema)
        self._rows: list[Values] = []
        self._characters = 0

    def write(self, rows: Sequence[Any]) -> None:
        """Take the rows, and write a group of them where there are enough."""
        self._rows += rows
        for values, kind in zip(zip(*rows, strict=True), self._kinds, strict=True):
            if kind == "text":
                self._characters += sum(map(len, filter(None, values)))
            elif kind == "any":
                self._characters += sum(len(value) for value in values if isinstance(value, str))
        if len(self._rows) >= _GROUP_ROWS or self._characters >= _GROUP_CHARACTERS:
            self._flush()

    def finish(self) -> None:
        """Write what is left."""
        self._flush()

    def close(self) -> None:
        """Write the footer; left to the collector, the library would do it on a file that is closed."""
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            arrays = [
                self._arrow.array(_values(values, kind), type=field.type)
                for values, kind, field in zip(
                    zip(*self._rows, strict=True), self._kinds, self._schema, strict=True
                )
            ]
            self._writer.write_table(self._arrow.table(arrays, schema=self._schema))
        self._rows = []
        self._characters = 0


def require() -> tuple[Any, Any]:
    """Pyarrow and its module for Parquet. Raises ConfigError with what to do where it is missing."""
    try:
        import pyarrow as pa  # an extra: 150 MB that most need not have
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError(
            "Writing Parquet needs pyarrow: pip install 'claude-batch-tui[parquet]'."
        ) from error
    return pa, parquet


def _values(values: Sequence[Any], kind: str) -> Sequence[Any]:
    """The values of a column; where all are as it takes them, as they are."""
    kinds = {*map(type, values)} - {type(None)}
    if kinds <= ({str} if kind in ("text", "any") else {int, float, bool}):
        return values
    return [_value(value, kind) for value in values]


def _value(value: Any, kind: str) -> Any:
    """A value as its column takes it: text where kinds differ, and nothing where a number is blank."""
    if kind in ("text", "any"):
        return value if value is None or isinstance(value, str) else _encode(value).decode()
    return None if value == "" else value
