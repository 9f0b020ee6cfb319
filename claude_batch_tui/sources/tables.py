"""Tables: the rows of an SQLite query or of a database's only table, and those of a Parquet file.

A database is opened for reading alone; Parquet needs pyarrow.
"""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.rows import BadRow, Doubt, NoText, Reading, Row, list_columns, own_names
from claude_batch_tui.sources.source_file import WholeFile

_ROWS_AT_ONCE = 1_000


class SqliteSource:
    """The rows of a query. Columns are named as the query names them."""

    def __init__(self, path: str, query: str | None) -> None:
        self.file = WholeFile(path)
        uri = f"file:{quote(str(Path(path).absolute()))}?mode=ro"
        try:
            self._connection = sqlite3.connect(uri, uri=True)
            self._connection.text_factory = _text_of
            self._query = query or self._only_table()
            names = [name for name, *_ in self._connection.execute(self._query).description or ()]
        except sqlite3.Error as error:
            raise self._translated(error) from error
        if not names:
            raise ConfigError(f"{path}: --query gives no rows. It is a SELECT.")
        doubts: list[Doubt] = []
        self.columns = own_names(names, doubts)
        self.reading = Reading(columns=len(names), doubts=tuple(doubts))

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row; bytes and what is not UTF-8 are no text there. Null is the empty text."""
        try:
            for number, values in enumerate(self._connection.execute(self._query), 1):
                row = dict(zip(self.columns, values, strict=True))
                yield Row(number, {name: _cell(name, value) for name, value in row.items()})
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
                "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type != 'shadow' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            )
        ]
        if len(tables) != 1:
            there = f"Tables: {list_columns(tables)}." if tables else "It has no tables."
            raise ConfigError(f"{self.file.label}: which rows? Say --query 'SELECT …'. {there}")
        return f'SELECT * FROM "{tables[0].replace(chr(34), chr(34) * 2)}"'  # noqa: S608  a name of the database's own

    def _translated(self, error: sqlite3.Error) -> SourceError:
        if "not a database" in str(error):
            return SourceError(
                f"{self.file.label}: this is no SQLite database, {_what_else(self.file.label)}."
            )
        return SourceError(f"{self.file.label}: SQLite says: {error}. Check the file and --query.")


def _what_else(path: str) -> str:
    """What a file is that SQLite cannot open, and what to do."""
    with Path(path).open("rb") as file:
        head = file.read(1_000)
    if re.search(rb"(?i)^\s*(create|insert|begin|pragma|--)", head):
        return f"but SQL. Make a database of it: sqlite3 new.db < {shlex.quote(path)}"
    if head.isascii():
        return "but text. Name the kind of file that it is"
    return "or it is encrypted. Write a plain copy with the program that made it"


def _text_of(data: bytes) -> str | bytes:
    """A text of a database; what is not UTF-8 stays bytes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _cell(name: str, value: Any) -> Any:
    """A value of a table as rows have it."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        kept = value.decode("utf-8", "replace")
        return NoText("bytes", f"column {name!r} holds bytes, which are no UTF-8 text", kept)
    if isinstance(value, float) and value - value != 0.0:
        return NoText("not_a_number", f"column {name!r} holds {value}, which no JSON has", str(value))
    return value


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
        doubts: list[Doubt] = []
        self.columns = own_names(self._table.schema_arrow.names, doubts)
        self.reading = Reading(columns=len(self.columns), doubts=tuple(doubts))

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row; null is the empty text."""
        total, number = self._table.metadata.num_rows or 1, 0
        try:
            for batch in self._table.iter_batches(_ROWS_AT_ONCE):
                for values in zip(*map(_values_of, batch.columns), strict=True):
                    number += 1
                    row = zip(self.columns, values, strict=True)
                    yield Row(number, {name: _cell(name, value) for name, value in row})
                self.file.bytes_read = self.file.size * number // total
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.file.label}: reading stops after row {number:,}: {error}.") from error


def _values_of(column: Any) -> list[Any]:
    """The values of a column as Python has them; times finer than a microsecond are written out, as Arrow does it."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return list(column.cast("string").to_pylist())
