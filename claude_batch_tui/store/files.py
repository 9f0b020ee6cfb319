"""Writing files so that a name means a whole file."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final

_FLUSH_BYTES: Final = 8 << 20


class Flusher:
    """Brings what is written to the disk in a thread beside, so that the end need not wait for all of it."""

    def __init__(self, thread: ThreadPoolExecutor, *descriptors: int) -> None:
        self._thread = thread
        self._descriptors = descriptors
        self._flushing: Future[None] | None = None
        self._flushed = 0

    def written(self, size: int) -> None:
        """So many bytes are written: begin to flush them, where they are many and the thread has time.

        Raises OSError where the disk refused those before.
        """
        if size - self._flushed > _FLUSH_BYTES and (self._flushing is None or self._flushing.done()):
            self.flush(size)

    def flush(self, size: int) -> None:
        """Begin to flush what is written, `size` bytes, once the flush before is done.

        Raises OSError where the disk refused that one: Linux tells a descriptor of a lost page once only
        (fsync(2), EIO), and a later flush would seem to succeed.
        """
        self.settle()
        self._flushed = size
        self._flushing = self._thread.submit(self._sync)

    def settle(self) -> None:
        """Wait for what has begun. Raises OSError where the disk refused."""
        if self._flushing is not None:
            flushing, self._flushing = self._flushing, None
            flushing.result()
        self._flushed = 0

    def _sync(self) -> None:
        for descriptor in self._descriptors:
            os.fdatasync(descriptor)


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write that gets its name only when all of it is on disk; on an error nothing stays.

    The temporary file is new and follows no link, in the same folder, with mode 0600.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def folder_written_whole(path: Path, *, replaces: bool) -> Iterator[Path]:
    """A new folder to fill, which gets its name only when all in it is on disk; on an error nothing stays.

    With `replaces` a folder that has the name makes room; else only an empty one does.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    old = path.with_name(f"{path.name}.{os.getpid()}.old")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        yield part
        os.sync()  # once for all: a sync for each of 100,000 files takes minutes
        if replaces:
            path.rename(old)
        part.rename(path)
        sync_folder(path.parent)
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        if old.exists() and not path.exists():
            old.rename(path)
        raise
