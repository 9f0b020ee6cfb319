"""Tables: the rows of an SQLite query or of a database's only table, and those of a Parquet file.

A database is opened for reading alone, and a query can do nothing else; Parquet needs pyarrow.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import re
import shlex
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.home import expand_home
from claude_batch_tui.sources.patience import USUAL, Patience
from claude_batch_tui.sources.rows import BadRow, Doubt, NoText, Reading, Row, list_columns, own_names
from claude_batch_tui.sources.source_file import WholeFile

_ROWS_AT_ONCE = 1_000
_STEPS = 20_000
"""Steps of SQLite's machine between two looks at the time: about a millisecond."""
_MOST_BYTES = 32_000_000
"""Of one value: no request may be larger."""
_MOST_PATTERN = 1_000
"""Characters of a LIKE or GLOB pattern, whose matching cannot be interrupted."""
_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE))
_TABLE_FACTS = frozenset(("data_version", "table_info", "table_xinfo", "table_list"))
"""Pragmas that only tell; full-text tables ask for the first by themselves."""
_ACTING = frozenset(("load_extension", "fts3_tokenizer"))
"""Functions that load programs into this one."""


def _is_read(action: int, first: str | None, second: str | None) -> bool:
    if action == sqlite3.SQLITE_PRAGMA:
        return first in _TABLE_FACTS
    if action == sqlite3.SQLITE_FUNCTION:
        return second not in _ACTING
    # A table of a function describes itself by what looks like a change of the schema:
    # findings/sqlite-authorizer-sees-table-functions-as-updates.sh
    return action in _READING or (action == sqlite3.SQLITE_UPDATE and first == "sqlite_master")


class SqliteSource:
    """The rows of a query. Columns are named as the query names them.

    The query can be stopped at any time: by ctrl+c, by `patience`, and while it looks for its first row.
    """

    def __init__(self, path: str, query: str | None, patience: Patience = USUAL) -> None:
        self.file = WholeFile(path)
        self._patience = patience
        self._until = 0.0
        self._is_refused = False
        uri = f"file:{quote(str(Path(path).absolute()))}?mode=ro"
        with contextlib.ExitStack() as refused:
            try:
                self._connection = sqlite3.connect(uri, uri=True)
                refused.callback(self._connection.close)
                self._connection.text_factory = _text_of
                self._connection.executescript("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")
                self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
                self._connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _MOST_PATTERN)
                self._connection.set_authorizer(self._authorize)
                self._connection.set_progress_handler(self._is_over, _STEPS)
                self._wait_anew()
                self._query = query or self._only_table()
                names = [name for name, *_ in self._connection.execute(self._query).description or ()]
            except (sqlite3.Error, ValueError) as error:
                raise self._translated(error) from error
            if not names:
                raise ConfigError(f"{path}: --query gives no rows. It is a SELECT.")
            refused.pop_all()
        doubts: list[Doubt] = []
        self.columns = own_names(names, doubts)
        self.reading = Reading(columns=len(names), doubts=tuple(doubts))

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row; bytes and what is not UTF-8 are no text there. Null is the empty text."""
        try:
            self._wait_anew()
            for number, values in enumerate(self._connection.execute(self._query), 1):
                row = dict(zip(self.columns, values, strict=True))
                yield Row(number, {name: _cell(name, value) for name, value in row.items()})
                self._wait_anew()
        except sqlite3.Error as error:
            raise self._translated(error) from error
        self.file.bytes_read = self.file.size

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _authorize(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        """Asked by SQLite about every part of a statement, before anything of it runs."""
        if _is_read(action, first, second):
            return sqlite3.SQLITE_OK
        self._is_refused = True
        return sqlite3.SQLITE_DENY

    def _wait_anew(self) -> None:
        self._until = time.monotonic() + self._patience.seconds

    def _is_over(self) -> bool:
        """Asked by SQLite now and then; True interrupts the query."""
        return time.monotonic() > self._until or self._patience.stopped()

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

    def _translated(self, error: sqlite3.Error | ValueError) -> SourceError:
        if "not a database" in str(error):
            return SourceError(
                f"{self.file.label}: this is no SQLite database, {_what_else(self.file.label)}."
            )
        if self._is_refused:
            return SourceError(
                f"{self.file.label}: --query can only read: it is one SELECT, and nothing was run. Statements that write, "
                f"ATTACH, PRAGMA, VACUUM and load_extension are refused."
            )
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            if self._patience.stopped():
                return SourceError(f"{self.file.label}: the query was stopped.")
            if time.monotonic() <= self._until:  # SQLite swallows what a signal raises while it asks us
                raise KeyboardInterrupt
            return SourceError(
                f"{self.file.label}: the query gave no row for {self._patience.seconds:g} seconds and was stopped. "
                f"Fix it, or allow more with --query-timeout."
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
        # Writers without a logical type leave texts as binary columns.
        with contextlib.suppress(UnicodeDecodeError):
            return value.decode()
        kept = value.decode("utf-8", "replace")
        return NoText("bytes", f"column {name!r} holds bytes, which are no UTF-8 text", kept)
    if isinstance(value, float) and value - value != 0.0:
        return NoText("not_a_number", f"column {name!r} holds {value}, which no JSON has", str(value))
    return value


class ParquetFiles:
    """The files of a table together, as one origin."""

    def __init__(self, path: str) -> None:
        """`path` is a file, a folder or a pattern. Raises SourceError where there are no Parquet files."""
        self.label = path
        folder = self.folder = expand_home(path)
        """Where the table begins: folders above it are no columns."""
        if folder.is_dir():
            below = folder.rglob("*.parquet")
            self.paths = sorted(one for one in below if not _is_hidden(one.relative_to(folder)))
        elif folder.is_file() or not glob.has_magic(path):
            self.paths = [Path(WholeFile(str(folder)).label)]
            self.folder = folder.parent
        else:
            found = map(Path, glob.glob(str(folder), recursive=True))  # noqa: PTH207  a pattern may begin at the root
            start = next(at for at, part in enumerate(folder.parts) if glob.has_magic(part))
            self.folder = Path(*folder.parts[:start])
            self.paths = sorted(
                one for one in found if one.is_file() and not _is_hidden(Path(*one.parts[start:]))
            )
        if not self.paths:
            raise SourceError(f"{path}: there are no Parquet files. Name a file, a folder or a pattern.")
        self.size = sum(one.stat().st_size for one in self.paths)
        self.bytes_read = 0

    def sha256(self) -> str:
        """The hash of its bytes, in hex; of several files that of theirs."""
        hashes = [WholeFile(str(one)).sha256() for one in self.paths]
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


class ParquetSource:
    """A Parquet file as rows, or the files of a folder or a pattern as one table.

    Columns that only some files have are empty in the others; folders like `year=2026` are columns, too.
    """

    def __init__(self, path: str) -> None:
        self.file = ParquetFiles(path)
        try:
            import pyarrow as pa  # an extra: 150 MB that most need not have
            from pyarrow import dataset, parquet
        except ImportError as error:
            raise ConfigError(
                f"{path}: reading Parquet needs pyarrow: pip install 'claude-batch-tui[parquet]'."
            ) from error
        try:
            paths = [str(one) for one in self.file.paths]
            self._table = _table(pa, dataset, parquet, paths, str(self.file.folder))
        except (OSError, ValueError, TypeError) as error:
            reason = str(error).rstrip(".")
            raise SourceError(f"{path}: this is no Parquet file that can be read: {reason}.") from error
        doubts: list[Doubt] = []
        self.columns = own_names(self._table.schema.names, doubts)
        count = len(self.file.paths)
        form = f"{count:,} Parquet {'file' if count == 1 else 'files'}"
        self.reading = Reading(form=form, columns=len(self.columns), doubts=tuple(doubts))

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row; null is the empty text, and bytes that are UTF-8 are text."""
        total, number = self._table.count_rows() or 1, 0
        try:
            for batch in self._table.to_batches(
                batch_size=_ROWS_AT_ONCE, batch_readahead=1, fragment_readahead=1
            ):
                for values in zip(*map(_values_of, batch.columns), strict=True):
                    number += 1
                    row = zip(self.columns, values, strict=True)
                    yield Row(number, {name: _cell(name, value) for name, value in row})
                self.file.bytes_read = self.file.size * number // total
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.file.label}: reading stops after row {number:,}: {error}.") from error


def _table(pa: Any, dataset: Any, parquet: Any, paths: list[str], folder: str) -> Any:
    """All files as one table, with the columns of any of them and of the folders in which they lie below `folder`."""
    schemas = [parquet.read_schema(path) for path in paths]
    schema = pa.unify_schemas(schemas, promote_options="permissive")
    partitioning = dataset.partitioning(flavor="hive")
    # With a base, or folders above it are columns too: findings/a-folder-above-a-parquet-file-becomes-a-column.sh
    how = {"partitioning": partitioning, "partition_base_dir": folder, "format": "parquet"}
    for field in dataset.dataset(paths, **how).schema:
        schema = schema if field.name in schema.names else schema.append(field)
    return dataset.dataset(paths, schema=schema, **how)


def _is_hidden(path: Path) -> bool:
    """True for what tables keep beside their data: `_delta_log`, `.part.crc`."""
    return any(part[0] in "._" for part in path.parts)


def _values_of(column: Any) -> list[Any]:
    """The values of a column as Python has them; times finer than a microsecond are written out, as Arrow does it."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return list(column.cast("string").to_pylist())
