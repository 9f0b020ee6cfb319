"""Parquet, where pyarrow is installed: rows read a group at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.json_values import as_row, bad_bytes
from claude_batch_tui.sources.rows import BadRow, Row
from claude_batch_tui.sources.whole_file import WholeFile

_ROWS_AT_ONCE = 1_000


class ParquetSource:
    """A Parquet file as rows."""

    def __init__(self, path: str) -> None:
        self.file = WholeFile(path)
        try:
            from pyarrow import parquet  # an extra: 40 MB that most need not have
        except ImportError as error:
            raise ConfigError(
                f"{path}: reading Parquet needs pyarrow: pip install 'claude-batch-tui[parquet]'."
            ) from error
        try:
            self._table: Any = parquet.ParquetFile(path)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise SourceError(f"{path}: this is no Parquet file: {error}.") from error
        self._columns = tuple(self._table.schema_arrow.names)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the schema."""
        return self._columns

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row; null is the empty text."""
        total, number = self._table.metadata.num_rows or 1, 0
        try:
            for batch in self._table.iter_batches(_ROWS_AT_ONCE):
                for values in batch.to_pylist():
                    number += 1
                    yield bad_bytes(number, values) or Row(number, as_row(self._columns, values))
                self.file.bytes_read = self.file.size * number // total
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.file.label}: reading stops after row {number:,}: {error}.") from error
