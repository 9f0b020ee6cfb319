"""Indexing a file on disk, a step of at most a megabyte at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from claude_batch_tui.store.results.index import FEW_BYTES, MARGIN, ResultsIndex

_FIRST_PASS: Final = 1 << 20
_SECOND_PASS: Final = 1 << 19


def index_file(descriptor: int, index: ResultsIndex) -> Iterator[None]:
    """Both passes over an open file; a step is yielded after each block. The first one, of 64 kB, is quick."""
    yield from _first_pass(descriptor, index)
    yield from second_pass(descriptor, index)
    index.finish()
    yield


def second_pass(descriptor: int, index: ResultsIndex) -> Iterator[None]:
    """Describe what the first pass has found so far; a step is yielded after each half of a megabyte."""
    buffer = memoryview(bytearray(_SECOND_PASS))
    while index.described < index.count:
        start, size = index.undescribed(_SECOND_PASS)
        if size > len(buffer):
            buffer = memoryview(bytearray(size))
        read = os.preadv(descriptor, [buffer[:size]], start)
        # A file that was cut meanwhile has lines of nothing, which are unparsed.
        buffer[read:size] = bytes(size - read)
        index.describe(buffer[:size], start)
        yield


def index_in_order(descriptor: int, index: ResultsIndex) -> Iterator[None]:
    """The same in one pass that is exact at once, for those who take entries as they come. Steps as above."""
    at, size = 0, FEW_BYTES
    while piece := os.pread(descriptor, size, at):
        index.feed(piece)
        at, size = at + len(piece), _SECOND_PASS
        yield
    index.finish()
    yield


def _first_pass(descriptor: int, index: ResultsIndex) -> Iterator[None]:
    size, at = FEW_BYTES, 0
    buffer = bytearray(_FIRST_PASS + MARGIN)
    while True:
        with memoryview(buffer) as view:
            read = os.preadv(descriptor, [view[:size]], at)
        end = buffer.rfind(b"\n", 0, read) + 1
        if not end and read == size:  # a line longer than the buffer
            size *= 2
            buffer.extend(bytes(max(size + MARGIN - len(buffer), 0)))
            continue
        if not read:
            return
        index.add(buffer, end or read)
        at += end or read
        size = max(size, _FIRST_PASS)
        yield
