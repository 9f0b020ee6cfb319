"""Results as a table of a SQLite database, one row an entry; an entry that is there already is replaced, and so is what another
batch of the same run has answered, where one answer of the run stands for an id.

All of an export is one transaction: a database that was there before is as it was until the last row is written.
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.errors import ExportError
from claude_batch_tui.exports.table import BATCH_ID, CUSTOM_ID, OURS, Column, Values, Writer

TABLE = "batch_results"
_KEY = ("batch_id", "custom_id", "copy")
"""`copy` counts entries of one custom_id in a batch from 0: what came twice is kept twice."""
_TYPES = {"text": "TEXT", "int": "INTEGER", "float": "REAL", "bool": "INTEGER", "any": "ANY"}
_MOST = 2**63
_OUR_COUNT = len(OURS)
_OLD = {"custom_id", "status", "response"}
"""What a table has that a script filled in a loop over the results, as the API's users write it."""
_TEXTS = {column.name for column in OURS if column.kind == "text"}
_DELETE = (
    f"DELETE FROM {TABLE} WHERE batch_id = :batch AND custom_id = :id"  # noqa: S608 — the name is ours
    " AND NOT EXISTS (SELECT 1 FROM temp.seen WHERE batch_id = :batch AND custom_id = :id)"
)
"""What this export has written itself stays."""
_encode = msgspec.json.Encoder().encode


class Sqlite(Writer):
    """The table, filled within one transaction."""

    def __init__(
        self, connection: sqlite3.Connection, columns: Sequence[Column], runs: Sequence[Sequence[str]] = ()
    ) -> None:
        """`runs` are the batches of each run of which one answer stands for an id."""
        self._connection = connection
        names = _names(columns)
        self._is_new = self._create(names, columns)
        marks = ", ".join("?" * (len(names) + 1))
        listed = ", ".join(map(_quoted, (*names, "copy")))
        changes = ", ".join(
            f"{_quoted(name)} = excluded.{_quoted(name)}" for name in names if name not in _KEY
        )
        self._insert = (
            f"INSERT INTO {TABLE} ({listed}) VALUES ({marks})"  # noqa: S608 — the names are quoted
            f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {changes}"
        )
        into = f"INSERT INTO {TABLE} ({listed}) VALUES ({marks[:-3]}"  # noqa: S608 — as above
        there = f"SELECT count(*) FROM {TABLE} WHERE batch_id = ? AND custom_id = ?"  # noqa: S608 — as above
        self._first, self._further = f"{into}, 0)", f"{into}, ({there}))"
        self._mates = {
            batch_id: frozenset(run) - {batch_id}
            for run in runs
            for batch_id in run
            if connection.execute(f"SELECT 1 FROM {TABLE} WHERE batch_id = ?", (batch_id,)).fetchone()  # noqa: S608
        }
        """Of each batch that has rows already, the others of its run."""

    def write(self, rows: Sequence[Any]) -> None:
        """Insert the rows, or replace those that are there."""
        for mate, others in self._mates.items():
            ids = (row[CUSTOM_ID] for row in rows if row[BATCH_ID] in others and row[CUSTOM_ID])
            self._connection.executemany(_DELETE, ({"batch": mate, "id": custom_id} for custom_id in ids))
        if self._is_new:
            self._write_new([[*row[:_OUR_COUNT], *map(_value, row[_OUR_COUNT:])] for row in rows])
        else:
            self._connection.executemany(self._insert, map(self._row, rows))

    def finish(self) -> None:
        """Commit."""
        self._connection.execute("COMMIT")

    def _write_new(self, rows: Sequence[Values]) -> None:
        """Insert rows into a table that has none but those of this export; of ids that come again, the next copies."""
        execute, executemany = self._connection.execute, self._connection.executemany
        execute("SAVEPOINT some")
        try:
            executemany(self._first, rows)
        except sqlite3.IntegrityError:
            execute("ROLLBACK TO some")
            executemany(self._further, ([*row, row[BATCH_ID], row[CUSTOM_ID]] for row in rows))
        execute("RELEASE some")

    def _row(self, row: Values) -> Values:
        seen = self._connection.execute(
            "INSERT INTO temp.seen VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET copy = copy + 1 RETURNING copy",
            (row[BATCH_ID], row[CUSTOM_ID]),
        ).fetchone()
        return [*map(_value, row), seen[0]]

    def _create(self, names: Sequence[str], columns: Sequence[Column]) -> bool:
        """Begin the transaction, and make the table or fill up its columns; whether it was made."""
        execute = self._connection.execute
        # What was seen in this export lies in a temporary table: memory stays flat.
        execute(
            "CREATE TEMP TABLE seen (batch_id TEXT, custom_id TEXT, copy INTEGER, PRIMARY KEY (batch_id, custom_id))"
            " WITHOUT ROWID"
        )
        execute("BEGIN IMMEDIATE")
        known = {str(row[1]).casefold() for row in execute(f"PRAGMA table_info({TABLE})")}
        if not known:
            execute(_definition(TABLE, names, columns))
            return True
        if known >= _OLD and not known & {"batch_id", "copy"}:
            self._take_over(names, columns, known)
            known |= {name.casefold() for name in names} | {"copy"}
        missing = [column.name for column in OURS if column.name not in known]
        if missing or "copy" not in known:
            raise ExportError(
                f"its table {TABLE} was made by something else: it has no column {(missing or ['copy'])[0]}. "
                "Export to another file."
            )
        for name in names:
            if name.casefold() not in known:
                execute(f"ALTER TABLE {TABLE} ADD COLUMN {_quoted(name)} ANY")
        return False

    def _take_over(self, names: Sequence[str], columns: Sequence[Column], known: set[str]) -> None:
        """Give the table of somebody's own loop over results our columns; its rows stay, of a batch without an id.

        Its other columns stay too, and so do indexes and triggers.
        """
        execute = self._connection.execute
        own = [
            (sql,)
            for (sql,) in execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table'", (TABLE,)
            )
            if sql
        ]
        execute(_definition("taken_over", names, columns))
        there = {name.casefold() for name in names} | {"created_at"}
        for name in sorted(known - there):
            execute(f"ALTER TABLE taken_over ADD COLUMN {_quoted(name)} ANY")
        kept = {
            name: f"CAST({_quoted(name)} AS TEXT)" if name in _TEXTS else _quoted(name)
            for name in sorted(known)
        }
        kept |= {"custom_id": "coalesce(CAST(custom_id AS TEXT), '')", "batch_id": "''"}
        kept["copy"] = "row_number() OVER (PARTITION BY custom_id ORDER BY rowid) - 1"
        kept.setdefault("id", "CAST(custom_id AS TEXT)")
        if "created_at" in kept:
            kept["created_at"] = "coalesce(CAST(created_at AS TEXT), CURRENT_TIMESTAMP)"
        execute(
            f"INSERT INTO taken_over ({', '.join(map(_quoted, kept))}) SELECT {', '.join(kept.values())}"  # noqa: S608 — the names are quoted
            f" FROM {TABLE} ORDER BY rowid"
        )
        execute(f"DROP TABLE {TABLE}")
        execute(f"ALTER TABLE taken_over RENAME TO {TABLE}")
        for (sql,) in own:
            execute(sql)


@contextlib.contextmanager
def opened(
    path: Path, columns: Sequence[Column], name: Path, runs: Sequence[Sequence[str]] = ()
) -> Iterator[Sqlite]:
    """The table of the database at `path`, new or there already. Left before `finish`, nothing has changed.

    Raises ExportError with what is wrong, which calls the database `name`, and OSError where the disk is full.
    """
    connection = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
        yield Sqlite(connection, columns, runs)
    except ExportError as error:
        raise ExportError(f"Cannot write {name}: {error}") from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, str(error)) from error
        raise ExportError(f"Cannot write {name}: {error}.") from error
    finally:
        if connection is not None:
            connection.close()


def _names(columns: Sequence[Column]) -> list[str]:
    """The columns' names as the table has them: those of its own two columns are taken, NUL cannot be in any."""
    taken = {"copy", "created_at"}
    return [
        f"source.{column.name}" if column.name.casefold() in taken else column.name.replace("\0", "␀")
        for column in columns
    ]


def _definition(table: str, names: Sequence[str], columns: Sequence[Column]) -> str:
    """What makes the table, under a name; our own columns have a kind, those of others any."""
    defined = [
        f"{_quoted(name)} {_TYPES[column.kind if at < len(OURS) else 'any']}"
        for at, (name, column) in enumerate(zip(names, columns, strict=True))
    ]
    return (
        f"CREATE TABLE {table} ({', '.join(defined)}, copy INTEGER NOT NULL,"
        f" created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY ({', '.join(_KEY)})) STRICT"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _value(value: Any) -> str | int | float | None:
    if value is None or isinstance(value, str | float):
        return value
    if isinstance(value, int):
        return int(value) if -_MOST <= value < _MOST else str(value)
    return _encode(value).decode()
