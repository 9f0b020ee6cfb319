"""A results file on disk: one line at a time, by its place. Nothing in it can raise while it is read."""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, Self

from claude_batch_tui.domain.results.line import read_result
from claude_batch_tui.domain.results.result import Result
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.line_places import LinePlaces, read_places
from claude_batch_tui.store.results.run_file import is_run_file, read_run_file

_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def results_path(folder: Path, batch_id: str) -> Path:
    """Where the results of a batch belong; an odd id never reaches a path."""
    name = batch_id if _SAFE_ID.fullmatch(batch_id) else hashlib.sha256(batch_id.encode()).hexdigest()
    return folder / f"{name}.jsonl"


def incomplete_path(path: Path) -> Path:
    """Where results are kept that are not whole, beside where they would belong."""
    return path.with_name(path.name + ".incomplete")


class Origin(NamedTuple):
    """The batch an entry of a run came from, and which attempt of its request that was, from 1."""

    batch_id: str
    attempt: int


class ResultsFile:
    """An open results file with its index, complete or growing. Its methods may be called from any thread.

    That of a run is open as the files it is made of, which are read as one.
    """

    def __init__(self, path: Path, index: ResultsIndex, *, is_unpacked: bool = False) -> None:
        self.path = path
        self.index = index
        self.is_unpacked = is_unpacked
        """True where these are the bytes of a gzipped file."""
        self.progress = 0.0
        """How much of the file has been read for a growing index, from 0 to 1."""
        self.run = read_run_file(path) if is_run_file(path) else None
        """What the file of a run says of its batches; None of any other."""
        self.starts = [0] if self.run is None else self.run.starts
        """Where each file begins, counted through all of them: 0, where it is not that of a run."""
        paths = [path] if self.run is None else [path.parent / piece.name for piece in self.run.pieces]
        self._descriptors: list[int] = []
        for one in paths:
            self._descriptors.append(os.open(one, os.O_RDONLY | os.O_CLOEXEC))

    def __del__(self) -> None:
        # A duplicate may be made for a thread that is then never started.
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; once is enough. Who reads it in a thread meanwhile needs a `duplicate`."""
        descriptors, self._descriptors = getattr(self, "_descriptors", []), []
        for descriptor in descriptors:
            os.close(descriptor)

    def duplicate(self) -> Self:
        """The same file on descriptors of its own, for one who reads on after this one is closed."""
        duplicate = copy(self)
        duplicate._descriptors = []  # noqa: SLF001 — its own class
        duplicate._descriptors = self.descriptors()  # noqa: SLF001
        return duplicate

    def fileno(self) -> int:
        """The descriptor, for reading by places, of a file that is not that of a run."""
        return self._descriptors[0]

    def descriptors(self) -> list[int]:
        """Descriptors of its own for whoever asks, one a file, as `starts` has them."""
        return [os.dup(descriptor) for descriptor in self._descriptors]

    def line(self, position: int, limit: int | None = None) -> bytes:
        """The bytes of an entry's line, at most `limit` of them."""
        length, offset = self.index.lengths[position], self.index.offsets[position]
        return self._read(offset, length if limit is None else min(length, limit))

    def _read(self, offset: int, length: int) -> bytes:
        at = bisect_right(self.starts, offset) - 1
        return os.pread(self._descriptors[at], length, offset - self.starts[at])

    def blocks(
        self, positions: Sequence[int], rows: int, size: int
    ) -> Iterator[tuple[Sequence[int], LinePlaces]]:
        """Where the lines at these positions are, in their order: at most so many at once, of at most so many bytes, but one
        at least.
        """
        at = 0
        while at < len(positions):
            some = positions[at : at + rows]
            places = self._places(some)
            count = max(bisect_right([*accumulate(places.lengths)], size), 1)
            yield some[:count], LinePlaces(places.offsets[:count], places.lengths[:count])
            at += count

    def _places(self, positions: Sequence[int]) -> LinePlaces:
        offsets, lengths = self.index.offsets, self.index.lengths
        first, last = positions[0], positions[-1] + 1
        if last - first == len(positions) and [*positions] == [*range(first, last)]:
            return LinePlaces(offsets[first:last], lengths[first:last])
        return LinePlaces([offsets[at] for at in positions], [lengths[at] for at in positions])

    def lines(self, places: LinePlaces) -> list[bytes]:
        """The lines at some places, with as few reads as that takes."""
        if self.run is None:
            return read_places(self.fileno(), places)
        return [self._read(offset, length) for offset, length in zip(*places, strict=True)]

    def read(self, position: int) -> Result:
        """The whole result; a line that cannot be read has the outcome `unparsed` and its text under `raw`.

        A line of several megabytes takes tens of milliseconds: read it in a thread.
        """
        return read_result(self.line(position))

    def origin(self, position: int) -> Origin | None:
        """The batch and the attempt that an entry of a run came from; None of a file that is not that of a run."""
        if self.run is None:
            return None
        at = bisect_right(self.starts, self.index.offsets[position]) - 1
        return Origin(self.run.pieces[at].batch_id, self.run.attempts[position])
