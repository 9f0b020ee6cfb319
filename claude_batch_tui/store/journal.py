"""`journal.jsonl`: what cannot be had back from the API, one fact a line, on disk before it counts.

A damaged store is rebuilt from this file, the API's list and the files in spool and results.
"""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.errors import StoreError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.store.files import refusal, sync_folder

_HEAD = b'{"kind":'


class Journal:
    """An append-only file of facts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, kind: str, at: datetime, **facts: Any) -> None:
        """Write one fact and wait until it is on disk. Raises StoreError where that fails.

        It begins a line of its own, also after a line that a kill or a full disk cut off.
        """
        line = msgspec.json.encode({"kind": kind, "at": at, **facts}) + b"\n"
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                if size and os.pread(descriptor, 1, size - 1) != b"\n":
                    line = b"\n" + line
                if os.write(descriptor, line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(descriptor)
                if not size:
                    sync_folder(self._path.parent)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(refusal(self._path, error)) from error

    def facts(self) -> Iterator[dict[str, Any]]:
        """All facts, oldest first; what was cut off is left out. Raises StoreError where the file cannot be read."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unreadable(error) from error
        for line in lines:
            # Earlier versions wrote a fact into the line that was cut off before it.
            fact = _decoded(line) or _decoded(line[max(line.rfind(_HEAD), 0) :])
            if fact is not None:
                yield fact

    def is_whole(self) -> bool:
        """Whether every line of it is a fact. Raises StoreError where the file cannot be read."""
        try:
            return all(_decoded(line) is not None for line in self._path.read_bytes().split(b"\n") if line)
        except FileNotFoundError:
            return True
        except OSError as error:
            raise self._unreadable(error) from error

    def newest(self, kind: str) -> dict[str, Any] | None:
        """The last fact of that kind, or None; only the end of the file is read. Raises StoreError as `facts` does."""
        head = _HEAD + msgspec.json.encode(kind)
        try:
            with self._path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
                at = text.rfind(head)
                while at >= 0:
                    end = text.find(b"\n", at)
                    if (fact := _decoded(text[at : end if end >= 0 else len(text)])) is not None:
                        return fact
                    at = text.rfind(head, 0, at)
        except (FileNotFoundError, ValueError):  # there is none, or it is empty
            return None
        except OSError as error:
            raise self._unreadable(error) from error
        return None

    def _unreadable(self, error: OSError) -> StoreError:
        return StoreError(f"Cannot read the journal {self._path}: {error.strerror}.")


def _decoded(line: bytes) -> dict[str, Any] | None:
    """The fact of a line, or None where it is none."""
    try:
        fact = msgspec.json.decode(line)
    except UNREADABLE:
        return None
    return fact if isinstance(fact, dict) else None
