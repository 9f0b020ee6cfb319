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
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from claude_batch_tui.errors import DamagedStoreError, StoreError
from claude_batch_tui.store.files import refusal
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.migrations import APPLICATION_ID, STEPS

_OPEN_TRIES = 20
_OPEN_PAUSE = 0.25
_BACKUPS_KEPT = 3
_OLDEST_SQLITE = (3, 37, 0)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
_OTHERWISE: Final = (
    "no such table",
    "no such column",
    "has no column named",
    " columns but ",
    "already exists",
    "duplicate column name",
    "malformed",
)
"""What SQLite says of our own statements where tables, or JSON in them, are not as they were made."""
_CHECKED_BYTES: Final = 4_000_000
_KNOWS_EFFECTIVE: Final = os.access in os.supports_effective_ids
_T = TypeVar("_T")


class Database:
    """One connection, used by one thread at a time. Raises StoreError for everything SQLite refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_newer = False
        """Whether a newer version has written it: it is read as far as that goes, and never changed."""
        self._lock = threading.RLock()
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreError(
                f"SQLite {sqlite3.sqlite_version} is too old for the store: 3.37 or newer is needed."
            )
        self._connection = _patiently(self._open, path)
        self._opened = _identity(path)
        self._kept_as: str | None = None

    def require_whole(self) -> None:
        """Raise DamagedStoreError where tables and their indexes differ: a query would say nothing of what is missing.

        A store of a thousand batches takes 3 ms; one of more than `_CHECKED_BYTES` is looked at by `cbtui doctor` alone.
        """
        if self.is_newer or self.path.stat().st_size > _CHECKED_BYTES:
            return
        found = self.row("PRAGMA integrity_check(1)")
        if found is None or found[0] != "ok":
            raise DamagedStoreError(
                f"The store {self.path} is damaged: {found[0] if found else 'it is empty'}. Start again: it is rebuilt then."
            )

    @contextlib.contextmanager
    def set_aside_if_damaged(self) -> Iterator[None]:
        """Where the block finds it damaged, move its file away and say where it is in the error that is raised on."""
        try:
            yield
        except DamagedStoreError as error:
            if (kept := self.set_aside()) is not None:
                error.kept_as = str(kept)
                self._kept_as = (
                    f"The store was damaged and is kept as {kept}: leave and start again, it is rebuilt then."
                )
            raise

    @property
    def read_only_reason(self) -> str | None:
        """Why nothing can be written, as a sentence; None where that is not known beforehand."""
        if self.is_newer:
            return f"The store {self.path} was written by a newer cbtui and can only be read by this one: update it."
        for place in (self.path, self.path.parent):
            if place.exists() and not os.access(place, os.W_OK, effective_ids=_KNOWS_EFFECTIVE):
                return f"{place} is read-only, so nothing is remembered: make it writable for you, or choose another --data-dir."
        return None

    def set_aside(self) -> Path | None:
        """Close it and move its file away, for the next start to make another; where it is then.

        None where it is no longer the one that was opened, as another process was quicker, and where it is not ours to
        move. Raises StoreError where the folder refuses.
        """
        self.close()
        moving = FileLock(self.path.with_name(f"{self.path.name}.lock"))
        try:
            with moving.held(f"{self.path} is damaged"):
                if self.is_newer or _identity(self.path) != self._opened:
                    return None
                return _move_aside(self.path)
        except OSError as error:
            raise StoreError(refusal(self.path, error)) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is written whole or not at all; one inside another is written with that."""
        with self._lock, self._explained():
            if self._connection.in_transaction:
                yield self._connection
                return
            if self.is_newer:
                raise StoreError(self.read_only_reason or "")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query, all of them."""
        with self._lock, self._explained():
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self._lock, self._explained():
            row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
            return row

    def copy_to(self, path: Path) -> None:
        """Write all of it, as it is at one moment, into a new file; others may go on writing. Raises StoreError."""
        with self._lock, self._explained(), contextlib.closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

    def data_version(self) -> int:
        """A number that changes when another connection has written. Raises StoreError where the file is gone."""
        if _identity(self.path) != self._opened:
            raise StoreError(self._kept_as or _gone(self.path))
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
            self.is_newer = _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what SQLite says into a sentence."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            if self._kept_as is None:
                raise
            raise StoreError(self._kept_as) from error
        except sqlite3.IntegrityError as error:
            raise StoreError(f"The store {self.path} cannot be written: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise self._refused(error) from error

    def _refused(self, error: sqlite3.DatabaseError) -> StoreError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_FORMAT)
        if self.is_newer:
            return StoreError(f"{self.read_only_reason} This one cannot read what is asked for: {error}.")
        if _is_damage(error):
            return DamagedStoreError(
                f"The store {self.path} is damaged: {error}. Start again: it is rebuilt then."
            )
        if _identity(self.path) != self._opened:
            return StoreError(_gone(self.path))
        return StoreError(_REFUSALS.get(code & 0xFF, _REFUSED).format(path=self.path, error=error))


_REFUSED: Final = "The store {path} cannot be used: {error}."
_NOT_WRITABLE: Final = (
    "The store {path} cannot be written: make its folder writable for you, or choose another --data-dir."
)
_REFUSALS: Final = {
    sqlite3.SQLITE_FULL: "The disk that holds {path} is full: free some space and try again.",
    sqlite3.SQLITE_BUSY: "The store {path} is busy: another process is writing to it. Try again.",
    sqlite3.SQLITE_LOCKED: "The store {path} is busy: another process is writing to it. Try again.",
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_IOERR: "The disk that holds {path} refuses ({error}): see that it is there and has room, and try again.",
}


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether it says that the file, its tables or what is in them are not as they were made."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_FORMAT) & 0xFF
    return code in _DAMAGED or (
        code == sqlite3.SQLITE_ERROR and any(words in str(error) for words in _OTHERWISE)
    )


def stored(text: str | bytes, kind: type[_T]) -> _T:
    """What was written as JSON. Raises DamagedStoreError where it is not what was written."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _undecodable(error) from error


def stored_time(text: str) -> datetime:
    """A time that was written. Raises DamagedStoreError where it is none."""
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise _undecodable(error) from error


def _undecodable(error: Exception) -> DamagedStoreError:
    return DamagedStoreError(
        f"The store is damaged: it holds what was never written ({error}). Start again: it is rebuilt then."
    )


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _gone(path: Path) -> str:
    return (
        f"{path} was moved, removed or replaced while cbtui ran, so nothing is remembered any more: put its folder back, "
        "then leave and start again."
    )


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
            except sqlite3.DatabaseError as error:
                code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_FORMAT) & 0xFF
                if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and attempt < _OPEN_TRIES - 1:
                    time.sleep(_OPEN_PAUSE)
                    continue
                if not _is_damage(error):
                    raise StoreError(_REFUSALS.get(code, _REFUSED).format(path=path, error=error)) from error
                # Moved only where it is damaged under the lock, too: another process may have made it anew meanwhile.
                if moving.is_held:
                    _move_aside(path)
                elif not moving.try_acquire():
                    time.sleep(_OPEN_PAUSE)
    except OSError as error:
        raise StoreError(refusal(path, error)) from error
    finally:
        moving.release()
    raise StoreError(f"Cannot open the store {path}.")


def _move_aside(path: Path) -> Path:
    """Keep a damaged file under another name, with the rollback journal that belongs to it; where it is then."""
    aside = f"{path.name}.damaged-{time.time_ns()}"
    for end in ("-journal", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(path.with_name(aside + end))
    return path.with_name(aside)


def sqlite_version() -> str:
    """The version of the SQLite library in use."""
    return sqlite3.sqlite_version
