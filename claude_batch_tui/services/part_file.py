"""The `.part` of a download: held by one process, hashed and brought to the disk by a thread beside the download."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.files import sync_folder

_PIECES_BEHIND: Final = 8
_SYNC_EVERY_PIECES: Final = 64


class PartFile:
    """Takes pieces of about half a megabyte; what was written can be read at once."""

    def __init__(self, path: Path, descriptor: int, thread: ThreadPoolExecutor) -> None:
        self.path = path
        self.bytes = 0
        self._descriptor = descriptor
        self._thread = thread
        self._digest = hashlib.sha256()
        self._behind: deque[Future[None]] = deque()
        self._pieces = 0

    def begin(self) -> None:
        """Forget what was written before."""
        self._wait(0)
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._digest = hashlib.sha256()
        self.bytes = 0

    def write(self, piece: bytes) -> None:
        """Write the next bytes. Raises StoreError where the disk is full."""
        try:
            view = memoryview(piece)
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                free = shutil.disk_usage(self.path.parent).free
                raise StoreError(
                    f"The disk that holds {self.path.parent} is full: {self.bytes:,} bytes of the results "
                    f"are kept, {free:,} bytes are free. Free some space and download again."
                ) from error
            raise
        self.bytes += len(piece)
        self._wait(_PIECES_BEHIND)
        self._behind.append(self._thread.submit(self._follow, piece))

    def sha256(self) -> str:
        """Of all bytes written."""
        self._wait(0)
        return self._digest.hexdigest()

    def keep_as(self, target: Path) -> None:
        """Give the part a name once all of it is on disk."""
        self._wait(0)
        os.fsync(self._descriptor)
        self.path.replace(target)
        sync_folder(target.parent)

    def _follow(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._pieces += 1
        if self._pieces % _SYNC_EVERY_PIECES == 0:  # so that the end need not wait for all of it
            os.fdatasync(self._descriptor)

    def _wait(self, behind: int) -> None:
        """Until the thread is at most so many pieces behind."""
        while len(self._behind) > behind:
            self._behind.popleft().result()


@contextlib.contextmanager
def own_part(target: Path) -> Iterator[PartFile]:
    """The `.part` of a results file, held by this process alone. It stays where the download does not finish."""
    part = target.with_name(target.name + ".part")
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(part, flags, 0o600)
    except OSError as error:
        raise StoreError(f"Cannot write {part}: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"Another process is downloading {target.stem} right now.") from error
        with ThreadPoolExecutor(1, "cbtui-hash") as thread:
            yield PartFile(part, descriptor, thread)
    finally:
        os.close(descriptor)
