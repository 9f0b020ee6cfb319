"""Writing files so that a name means a whole file, and one sentence where the disk refuses."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from claude_batch_tui.errors import CbtuiError, StoreError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

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
        self.wait_flushed()
        self._flushed = size
        self._flushing = self._thread.submit(self._sync)

    def wait_flushed(self) -> None:
        """Wait for what has begun. Raises OSError where the disk refused."""
        if self._flushing is not None:
            flushing, self._flushing = self._flushing, None
            flushing.result()
        self._flushed = 0

    def _sync(self) -> None:
        flush = getattr(os, "fdatasync", os.fsync)  # macOS has only the latter
        for descriptor in self._descriptors:
            flush(descriptor)


@contextlib.contextmanager
def named_when_whole(
    path: Path, raises: type[CbtuiError] = StoreError, *, replaces_folder: bool = False
) -> Iterator[Path]:
    """A path beside `path`, free for a file or folder, which gets the name at the end of the block.

    Whoever writes there brings it to the disk before. On an error nothing stays of it, and what had the name keeps it.
    `replaces_folder` lets a new folder take the place of one that holds something. Raises `raises` with the sentence
    of `refusal` where the disk refuses.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with refusals_told(path, raises):
        try:
            _remove(part)
            yield part
            if replaces_folder:
                _replace_folder(part, path)
            else:
                part.replace(path)
            sync_folder(path.parent)
        finally:
            _remove(part)


@contextlib.contextmanager
def written_whole(path: Path, raises: type[CbtuiError] = StoreError) -> Iterator[BinaryIO]:
    """A file to write that gets its name only when all of it is on disk; on an error nothing stays.

    The temporary file is new and follows no link, in the same folder, with mode 0600. Raises `raises` where the disk
    refuses.
    """
    with named_when_whole(path, raises) as part:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())


@contextlib.contextmanager
def refusals_told(path: Path, raises: type[CbtuiError]) -> Iterator[None]:
    """Turn an OSError of the block, which writes `path`, into `raises` with the sentence of `refusal`."""
    try:
        yield
    except OSError as error:
        raise raises(refusal(path, error)) from error


def refusal(path: Path, error: OSError) -> str:
    """Why `path` cannot be written, and what to do."""
    if isinstance(error.filename, str) and Path(error.filename).parent != path.parent:
        return f"Cannot write {path}: {error.filename}: {error.strerror}."
    return f"Cannot write {path}: {_REFUSALS.get(error.errno or 0) or f'{error.strerror or error}.'}"


_REFUSALS: Final = {
    errno.ENOSPC: "the disk is full. Free some space and try again.",
    errno.EDQUOT: "your quota of the disk is used up. Free some space and try again.",
    errno.EFBIG: "the file is larger than this system allows (ulimit -f). Raise the limit and try again.",
    errno.EROFS: "the disk is read-only. Choose another folder, or mount it writable.",
    errno.ENOENT: "its folder is gone. Put it back, or choose another.",
    errno.EACCES: "you may not write there. Choose another folder, or change its permissions.",
}


def cache_name(what: str, *files: Path) -> str:
    """A name for what is made of these files, which is another one when one of them has changed."""
    import hashlib  # late: it loads OpenSSL

    digest = hashlib.sha256(what.encode(errors="replace"))
    for file in files:
        stat = file.stat()
        digest.update(os.fsencode(f"\0{file.absolute()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}"))
    return digest.hexdigest()[:32]


def remove_abandoned(path: Path) -> None:
    """Remove what processes have left beside `path` that were killed while they wrote it, as far as that can be."""
    ours = re.compile(rf"{re.escape(path.name)}\.(\d+)\.part(?:-journal)?")
    with contextlib.suppress(OSError):
        for part in path.parent.iterdir():
            found = ours.fullmatch(part.name)
            if found and not is_process(int(found[1])):
                _remove(part)


def is_process(pid: int) -> bool:
    """Whether there is a process of that number, whoever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _remove(part: Path) -> None:
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


def _replace_folder(part: Path, path: Path) -> None:
    old = part.with_suffix(".old")
    path.rename(old)
    try:
        part.rename(path)
    except BaseException:
        old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
