"""`journal.jsonl`: what cannot be had back from the API, one fact a line, on disk before it counts.

A damaged store is rebuilt from this file, the API's list and the files in spool and results.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.errors import StoreError


class Journal:
    """An append-only file of facts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, kind: str, at: datetime, **facts: Any) -> None:
        """Write one fact and wait until it is on disk. Raises StoreError where that fails."""
        line = msgspec.json.encode({"kind": kind, "at": at, **facts}) + b"\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                written = os.write(descriptor, line)
                if written != len(line):
                    raise StoreError(f"Cannot write {self._path}: the disk is full.")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(f"Cannot write {self._path}: {error.strerror or error}.") from error

    def facts(self) -> Iterator[dict[str, Any]]:
        """All facts, oldest first; a half-written last line is left out."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines:
            try:
                fact = msgspec.json.decode(line)
            except msgspec.DecodeError:
                continue
            if isinstance(fact, dict):
                yield fact
