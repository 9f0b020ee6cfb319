"""The store's SQLite file: how it is opened, migrated and written.

A rollback journal and not WAL (corruption bug before SQLite 3.51.3, unusable on NFS, unreadable on a full disk), full
synchronisation, and BEGIN IMMEDIATE around every change: measured with several writing processes, 0 lock errors.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.migrations import APPLICATION_ID, STEPS

_OPEN_TRIES = 20
_OPEN_PAUSE = 0.25
_BACKUPS_KEPT = 3
_OLDEST_SQLITE = (3, 37, 0)


class Database:
    """One connection, used by one thread at a time. Raises StoreError for everything SQLite refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_read_only = False
        self._lock = threading.RLock()
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreError(
                f"SQLite {sqlite3.sqlite_version} is too old for the store: 3.37 or newer is needed."
            )
        self._connection = _patiently(self._open, path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is written whole or not at all; one inside another is written with that."""
        with self._lock, _explained(self.path):
            if self._connection.in_transaction:
                yield self._connection
                return
            if self.is_read_only:
                raise StoreError(
                    f"{self.path} was written by a newer cbtui and can only be read by this one."
                )
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query, all of them."""
        with self._lock, _explained(self.path):
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self._lock, _explained(self.path):
            row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
            return row

    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        row = self.row("PRAGMA data_version")
        return int(row[0]) if row else 0

    @property
    def is_marked(self) -> bool:
        """Whether it carries the mark of a store that holds everything the journal said when it was made."""
        row = self.row("PRAGMA application_id")
        return row is not None and row[0] == APPLICATION_ID

    def mark(self) -> None:
        """Set the mark, in the transaction that is under way."""
        with self.change() as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def _open(self, path: Path) -> sqlite3.Connection:
        if not path.exists():
            # Created by us first: SQLite would use the umask, and the file must be 0600 whatever that is.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            for pragma in (
                "journal_mode=TRUNCATE",
                "synchronous=FULL",
                "busy_timeout=5000",
                "foreign_keys=ON",
                "trusted_schema=OFF",
                "cell_size_check=ON",
            ):
                connection.execute(f"PRAGMA {pragma}")
            self.is_read_only = _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> bool:
    """Bring the schema up to date; True where the file is from a newer version and must only be read.

    Raises sqlite3.DatabaseError for a file that holds something, and no finished schema.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(STEPS):
        return True
    if version == len(STEPS):
        return False
    if version:
        _back_up(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if not version:
            _require_empty(connection)
        for step in STEPS[version:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return False


def _require_empty(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError where there are tables already: their schema was never finished, or is not ours."""
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise sqlite3.DatabaseError("it holds tables and no finished schema")


def _statements(step: str) -> Iterator[str]:
    """The statements of a step; a trigger has semicolons of its own."""
    statement = ""
    for part in step.split(";")[:-1]:
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    backup = path.with_name(f"{path.stem}.v{version}.backup.db")
    backup.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(backup),))
    backup.chmod(0o600)
    olds = sorted(path.parent.glob(f"{path.stem}.v*.backup.db"), key=lambda file: file.stat().st_mtime)
    for old in olds[:-_BACKUPS_KEPT]:
        old.unlink(missing_ok=True)


def _patiently(open_: Callable[[Path], sqlite3.Connection], path: Path) -> sqlite3.Connection:
    """Open in spite of a busy writer; a damaged file is moved aside and a new one begun."""
    moving = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        for attempt in range(_OPEN_TRIES):
            try:
                return open_(path)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or attempt == _OPEN_TRIES - 1:
                    raise StoreError(f"Cannot open the store {path}: {error}.") from error
                time.sleep(_OPEN_PAUSE)
            except sqlite3.DatabaseError:
                # Moved only where it is damaged under the lock, too: another process may have made it anew meanwhile.
                if moving.is_held:
                    _move_aside(path)
                elif not moving.try_acquire():
                    time.sleep(_OPEN_PAUSE)
    except OSError as error:
        raise StoreError(f"Cannot open the store {path}: {error.strerror}.") from error
    finally:
        moving.release()
    raise StoreError(f"Cannot open the store {path}.")


def _move_aside(path: Path) -> None:
    """Keep a damaged file under another name, with the rollback journal that belongs to it."""
    aside = f"{path.name}.damaged-{time.time_ns()}"
    for end in ("-journal", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(path.with_name(aside + end))


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        words = str(error)
        if "full" in words:
            raise StoreError(f"The disk that holds {path} is full: free some space and try again.") from error
        if "locked" in words:
            raise StoreError(
                f"The store {path} is busy: another process is writing to it. Try again."
            ) from error
        raise StoreError(f"The store {path} cannot be used: {words}.") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The store {path} is damaged: {error}. Move it away; it is rebuilt.") from error


def sqlite_version() -> str:
    """The version of the SQLite library in use."""
    return sqlite3.sqlite_version
