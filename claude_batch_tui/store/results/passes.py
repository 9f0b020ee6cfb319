"""Both passes over a results file, or a range of it, a step at a time."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Final

from claude_batch_tui.store.results.index import FEW_BYTES, MARGIN, ResultsIndex
from claude_batch_tui.store.results.parts import take_descriptions, take_places
from claude_batch_tui.store.results.ranges import WORTH_BYTES, LostError, Ranges
from claude_batch_tui.store.results.worker_processes import processes

_FIRST_PASS: Final = 1 << 20
_SECOND_PASS: Final = 1 << 19
_LOOK: Final = 1 << 12


def index_file(descriptor: int, index: ResultsIndex, *, in_order: bool = False) -> Iterator[None]:
    """Both passes over an open file; a step is yielded after each block. The first one, of 64 kB, is quick.

    With `in_order` each step gives some entries wholly, from the first of the file on, for those who take them as they
    come, a large file by several processes; else the first pass over all comes before the second, which takes longer.
    """
    size = os.fstat(descriptor).st_size
    if in_order and size >= WORTH_BYTES and processes() > 1:
        yield from _first_lines(descriptor, index)
        yield from _by_processes(descriptor, index, size)
    for _ in first_pass(descriptor, index, exactly=in_order):
        yield
    yield from second_pass(descriptor, index)
    index.finish()
    yield


def first_pass(
    descriptor: int, index: ResultsIndex, end: int = sys.maxsize, *, exactly: bool = False
) -> Iterator[None]:
    """Find the lines from where the index ends, of all that begin before `end`; `exactly` is the second pass, too."""
    most, add = (_SECOND_PASS, index.add_exactly) if exactly else (_FIRST_PASS, index.add)
    size = FEW_BYTES if index.position == 0 else most
    buffer = bytearray(most + MARGIN)
    while index.position < end:
        at = index.position
        with memoryview(buffer) as view:
            read = os.preadv(descriptor, [view[:size]], at)
        lines = buffer.rfind(b"\n", 0, read) + 1
        if not lines and read == size:  # a line longer than the buffer
            size *= 2
            buffer.extend(bytes(max(size + MARGIN - len(buffer), 0)))
            continue
        if not read:
            return
        if at + lines > end:
            lines = buffer.find(b"\n", max(end - at - 1, 0)) + 1
        add(buffer, lines or read)
        size = max(size, most)
        yield


def second_pass(descriptor: int, index: ResultsIndex, count: int = sys.maxsize) -> Iterator[None]:
    """Describe what the first pass has found so far, at most `count` entries in all; a step is yielded after each half of a
    megabyte.
    """
    buffer = memoryview(bytearray(_SECOND_PASS))
    while index.described < min(index.count, count):
        start, size = index.undescribed(_SECOND_PASS, count)
        if size > len(buffer):
            buffer = memoryview(bytearray(size))
        read = os.preadv(descriptor, [buffer[:size]], start)
        # A file that was cut meanwhile has lines of nothing, which are unparsed.
        buffer[read:size] = bytes(size - read)
        index.describe(buffer[:size], start)
        yield


def line_start(descriptor: int, place: int) -> int:
    """Where the first line begins that begins at a place or behind it."""
    at = place - 1
    while at >= 0 and (piece := os.pread(descriptor, _LOOK, at)):
        found = piece.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(piece)
    return max(at, 0)


def _first_lines(descriptor: int, index: ResultsIndex) -> Iterator[None]:
    """The first lines of a large file, so that they are there at once."""
    for _ in first_pass(descriptor, index, FEW_BYTES // 2, exactly=True):
        yield


def _by_processes(descriptor: int, index: ResultsIndex, size: int) -> Iterator[None]:
    """Both passes over all other lines; what is lost with a process is left to do."""
    with contextlib.suppress(LostError), Ranges(descriptor, index.position, size) as ranges:
        for number in range(ranges.count):
            places = ranges.places(number)
            if places.start != index.position:  # another file under its number, or one that was cut meanwhile
                raise LostError
            take_places(index, places)
            found = ranges.descriptions(number)
            if found is None:
                yield from second_pass(descriptor, index)
            else:
                take_descriptions(index, found)
                yield
