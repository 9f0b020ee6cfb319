"""Locks between processes. The kernel frees them when their holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from claude_batch_tui.errors import StoreError


class FileLock:
    """An exclusive flock on a file. The file holds the holder's PID and what it is doing, for words only."""

    def __init__(self, path: Path, purpose: str = "") -> None:
        self._path = path
        self._purpose = " ".join(purpose.split())
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """True while this object holds the lock."""
        return self._descriptor is not None

    def try_acquire(self) -> bool:
        """Take the lock if nobody has it; True on success. Raises StoreError where its folder does not allow it."""
        if self._descriptor is not None:
            return True
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"Cannot write the lock {self._path}: {error.strerror}. Make its folder writable for you, or choose another "
                "--data-dir."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        with contextlib.suppress(OSError):  # a full disk: the number is for words only
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()} {self._purpose}".rstrip().encode())
        return True

    def release(self) -> None:
        """Give the lock back; nothing happens where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> str:
        """The PID written by whoever holds the lock and what it does, `1234 (tickets.jsonl)`, or a question mark."""
        with contextlib.suppress(OSError):
            pid, _, purpose = self._path.read_text(errors="replace").partition(" ")
            if pid:
                return f"{pid} ({purpose})" if purpose else pid
        return "?"

    def is_taken(self) -> bool:
        """Whether somebody has the lock right now; looking neither makes the file nor takes the lock."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    @contextlib.contextmanager
    def held(self, what: str) -> Iterator[None]:
        """Hold the lock, or raise StoreError that says who has it and that `what` must wait."""
        if not self.try_acquire():
            raise StoreError(
                f"{what}: process {self.holder()} has the lock right now. Try again when it is done."
            )
        try:
            yield
        finally:
            self.release()
