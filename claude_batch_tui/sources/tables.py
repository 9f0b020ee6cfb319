"""Tables: the rows of an SQLite query or of a database's only table, and those of a Parquet file.

A database is opened for reading alone; Parquet needs pyarrow.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.rows import BadRow, Row, as_row, bad_bytes, list_columns
from claude_batch_tui.sources.source_file import WholeFile

_ROWS_AT_ONCE = 1_000


class SqliteSource:
    """The rows of a query. Columns are named as the query names them."""

    def __init__(self, path: str, query: str | None) -> None:
        self.file = WholeFile(path)
        uri = f"file:{quote(str(Path(path).absolute()))}?mode=ro"
        try:
            self._connection = sqlite3.connect(uri, uri=True)
            self._query = query or self._only_table()
            names = [name for name, *_ in self._connection.execute(self._query).description or ()]
        except sqlite3.Error as error:
            raise self._translated(error) from error
        if not names:
            raise ConfigError(f"{path}: --query gives no rows. It is a SELECT.")
        for number, name in enumerate(names, 1):
            if name in names[: number - 1]:
                raise ConfigError(f"{path}: --query gives two columns named {name!r}. Name one with AS.")
        self.columns = tuple(names)

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row; one that holds bytes is a bad row."""
        try:
            for number, values in enumerate(self._connection.execute(self._query), 1):
                row = dict(zip(self.columns, values, strict=True))
                yield bad_bytes(number, row) or Row(number, as_row(self.columns, row))
        except sqlite3.Error as error:
            raise self._translated(error) from error
        self.file.bytes_read = self.file.size

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _only_table(self) -> str:
        tables = [
            row[0]
            for row in self._connection.execute(
                "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            )
        ]
        if len(tables) != 1:
            there = f"Tables: {list_columns(tables)}." if tables else "It has no tables."
            raise ConfigError(f"{self.file.label}: which rows? Say --query 'SELECT …'. {there}")
        return f'SELECT * FROM "{tables[0].replace(chr(34), chr(34) * 2)}"'  # noqa: S608  a name of the database's own

    def _translated(self, error: sqlite3.Error) -> SourceError:
        return SourceError(f"{self.file.label}: SQLite says: {error}. Check the file and --query.")


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
        self.columns = tuple(self._table.schema_arrow.names)

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row; null is the empty text."""
        total, number = self._table.metadata.num_rows or 1, 0
        try:
            for batch in self._table.iter_batches(_ROWS_AT_ONCE):
                for values in batch.to_pylist():
                    number += 1
                    yield bad_bytes(number, values) or Row(number, as_row(self.columns, values))
                self.file.bytes_read = self.file.size * number // total
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.file.label}: reading stops after row {number:,}: {error}.") from error
