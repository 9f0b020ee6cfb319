"""A results file on disk: one line at a time, by its place. Nothing in it can raise while it is read."""

from __future__ import annotations

import hashlib
import os
import re
from copy import copy
from pathlib import Path
from typing import Self

from claude_batch_tui.domain.results.line import read_result
from claude_batch_tui.domain.results.result import Result
from claude_batch_tui.store.results.index import ResultsIndex

_CLOSED = -1
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def results_path(folder: Path, batch_id: str) -> Path:
    """Where the results of a batch belong; an odd id never reaches a path."""
    name = batch_id if _SAFE_ID.fullmatch(batch_id) else hashlib.sha256(batch_id.encode()).hexdigest()
    return folder / f"{name}.jsonl"


def incomplete_path(path: Path) -> Path:
    """Where results are kept that are not whole, beside where they would belong."""
    return path.with_name(path.name + ".incomplete")


class ResultsFile:
    """An open results file with its index, complete or growing. Its methods may be called from any thread."""

    def __init__(self, path: Path, index: ResultsIndex, *, is_unpacked: bool = False) -> None:
        self.path = path
        self.index = index
        self.is_unpacked = is_unpacked
        """True where these are the bytes of a gzipped file."""
        self.progress = 0.0
        """How much of the file has been read for a growing index, from 0 to 1."""
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        # A duplicate may be made for a thread that is then never started.
        if getattr(self, "_descriptor", _CLOSED) != _CLOSED:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; once is enough. Who reads it in a thread meanwhile needs a `duplicate`."""
        descriptor, self._descriptor = self._descriptor, _CLOSED
        if descriptor != _CLOSED:
            os.close(descriptor)

    def duplicate(self) -> Self:
        """The same file on a descriptor of its own, for one who reads on after this one is closed."""
        descriptor = os.dup(self._descriptor)
        duplicate = copy(self)
        duplicate._descriptor = descriptor  # noqa: SLF001 — its own class
        return duplicate

    def fileno(self) -> int:
        """The descriptor, for reading by places."""
        return self._descriptor

    def line(self, position: int, limit: int | None = None) -> bytes:
        """The bytes of an entry's line, at most `limit` of them."""
        length = self.index.lengths[position]
        return os.pread(
            self._descriptor,
            length if limit is None else min(length, limit),
            self.index.offsets[position],
        )

    def read(self, position: int) -> Result:
        """The whole result; a line that cannot be read has the outcome `unparsed` and its text under `raw`.

        A line of several megabytes takes tens of milliseconds: read it in a thread.
        """
        return read_result(self.line(position))
