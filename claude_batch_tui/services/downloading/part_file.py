"""The file of a download: held by one process, brought to the disk and hashed by a thread beside the download."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.files import Flusher, refusal, sync_folder

_HASHED_AT_ONCE: Final = 1 << 20
_FLAGS: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


class PartFile:
    """A file under its `.part` name or the one it was given; what was written can be read at once."""

    def __init__(self, path: Path, descriptor: int, thread: ThreadPoolExecutor) -> None:
        self.path = path
        """Where it is now."""
        self.bytes = os.fstat(descriptor).st_size
        self.is_closing = False
        self._part = path
        self._descriptor = descriptor
        self._thread = thread
        self._flusher = Flusher(thread, descriptor)

    def fileno(self) -> int:
        """The descriptor, for reading by places."""
        return self._descriptor

    def begin(self) -> None:
        """Forget what was written before: go on with an empty file under the same name, at the same descriptor.

        What was written may have had a name that others opened. They may map the file, and a page of a map that is
        not in the file any more ends their process (mmap(2), SIGBUS): it is left as it is, and never made shorter.
        Raises StoreError where another process has taken the name.
        """
        self._flusher.wait_flushed()
        if os.fstat(self._descriptor).st_size:
            self._check_ours()
            self.path.unlink()
            try:
                descriptor = os.open(self.path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.dup2(descriptor, self._descriptor, inheritable=False)
                finally:
                    os.close(descriptor)
            except (FileExistsError, BlockingIOError) as error:
                raise _taken(self.path) from error
        self.bytes = 0

    def write(self, piece: memoryview) -> None:
        """Write the next bytes, best about a megabyte. Raises StoreError where the disk is full."""
        view = piece
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                free = shutil.disk_usage(self.path.parent).free
                raise StoreError(
                    f"{refusal(self.path, error)} {self.bytes:,} bytes of the results are kept, {free:,} bytes are free."
                ) from error
            raise
        self.bytes += len(piece)
        self._flusher.written(self.bytes)

    def flush_beside(self) -> None:
        """All is written: have it brought to the disk while it is verified."""
        self._flusher.flush(self.bytes)

    def hash_beside(self) -> Future[str]:
        """The sha256 of all bytes, read from the file in the thread."""
        return self._thread.submit(self._sha256)

    def keep_as(self, target: Path) -> None:
        """Give the file a name once all of it is on disk. Raises StoreError where its own was taken meanwhile."""
        self._flusher.wait_flushed()
        os.fsync(self._descriptor)
        self._rename(target)
        sync_folder(target.parent)

    def take_back(self) -> None:
        """Take the name away that was given too early. Raises StoreError where that is no longer this file's.

        Where another process has begun the same download meanwhile, what it writes is left to it.
        """
        if self.path != self._part and self._part.exists():
            self._check_ours()
            self.path.unlink()
            raise _taken(self._part)
        self._rename(self._part)

    def _rename(self, path: Path) -> None:
        self._check_ours()
        if path != self.path:
            self.path.replace(path)
            self.path = path

    def _check_ours(self) -> None:
        """Raise StoreError where the name is that of another file by now, or of none."""
        try:
            is_ours = os.path.samestat(self.path.lstat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            is_ours = False
        if not is_ours:
            raise _taken(self.path)

    def _sha256(self) -> str:
        digest, buffer, at = hashlib.sha256(), memoryview(bytearray(_HASHED_AT_ONCE)), 0
        while not self.is_closing and (read := os.preadv(self._descriptor, [buffer], at)):
            digest.update(buffer[:read])
            at += read
        return digest.hexdigest()


def _taken(path: Path) -> StoreError:
    return StoreError(
        f"{path} was replaced or deleted by another program during the download: download again."
    )


@contextlib.contextmanager
def own_part(target: Path) -> Iterator[PartFile]:
    """The `.part` of a results file, held by this process alone. It stays where the download does not finish."""
    with _owned(target.with_name(target.name + ".part"), target, os.O_CREAT) as part:
        yield part


@contextlib.contextmanager
def own_results(path: Path, target: Path) -> Iterator[PartFile]:
    """A results file that is here under `path`, held by this process alone; whole, it belongs under `target`."""
    with _owned(path, target, 0) as file:
        yield file


@contextlib.contextmanager
def _owned(path: Path, target: Path, flags: int) -> Iterator[PartFile]:
    try:
        descriptor = os.open(path, _FLAGS | flags, 0o600)
    except OSError as error:
        raise StoreError(refusal(path, error)) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"Another process is downloading {target.stem} right now.") from error
        if not path.exists() or not os.path.samestat(path.stat(), os.fstat(descriptor)):
            # It was given its name between the opening and the lock.
            raise StoreError(f"Another process has just downloaded {target.stem}.")
        with ThreadPoolExecutor(1, "cbtui-disk") as thread:
            file = PartFile(path, descriptor, thread)
            try:
                yield file
            finally:
                file.is_closing = True
    finally:
        os.close(descriptor)
