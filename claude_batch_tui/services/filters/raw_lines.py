"""The bytes of a results file and what they hold, at the speed of memory, with StringZilla.

For `search_nodes`, which says what that is needed for.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from claude_batch_tui.domain.filters.text_match import FOLD, Anchor
from claude_batch_tui.errors import SourceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from claude_batch_tui.store.results.file import ResultsFile

_FEW_LINES = 16
"""So many lines of a block are searched one by one rather than as a whole."""
_FOLDED_AT_ONCE = 1 << 18


class RawLines:
    """Lines by position. The file is mapped; one that still grows is read, since it may begin again from nothing."""

    def __init__(self, results: ResultsFile) -> None:
        import stringzilla  # with the first search, not at start

        self._stringzilla = stringzilla
        self._index = results.index
        self._path = results.path
        self._starts = results.starts
        self._descriptors = results.descriptors()
        self._is_mapped = results.path.suffix != ".part"
        self._maps = [memoryview(b"")] * len(self._starts)

    def __del__(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)

    def line(self, position: int) -> bytes:
        """The bytes of one line."""
        return bytes(self._bytes(self._index.offsets[position], self._end(position)))

    def holding(self, anchor: Anchor, places: NDArray[Any]) -> Iterator[int]:
        """Of the lines at `places`, ascending, those that hold the anchor; others between them may come too."""
        if len(places) <= _FEW_LINES:
            for place in places.tolist():
                yield from self._holding(anchor, place, place + 1)
        else:
            yield from self._holding(anchor, int(places[0]), int(places[-1]) + 1)

    def _holding(self, anchor: Anchor, start: int, end: int) -> Iterator[int]:
        """The same of all lines from `start` up to `end`, those of each file of a run on their own."""
        for begin in self._starts[1:]:
            border = bisect_left(self._index.offsets, begin, start, end)
            if start < border:
                yield from self._holding_in_file(anchor, start, border)
            start = border
        if start < end:
            yield from self._holding_in_file(anchor, start, end)

    def _holding_in_file(self, anchor: Anchor, start: int, end: int) -> Iterator[int]:
        low, high = self._index.offsets[start], self._end(end - 1)
        data = self._bytes(low, high)
        folded = None
        if anchor.folded:
            data = folded = self._folded(data)
        yield from self._lines_of(anchor.raw, data, low, start, end)
        if anchor.escaped and self._stringzilla.find(data, b"\\u") >= 0:
            yield from self._lines_of(anchor.escaped, folded or self._folded(data), low, start, end)

    def _lines_of(
        self, needles: tuple[bytes, ...], data: memoryview, low: int, start: int, end: int
    ) -> Iterator[int]:
        text = self._stringzilla.Str(data)
        for needle in needles:
            at = text.find(needle)
            while at >= 0:
                position = bisect_right(self._index.offsets, low + at, start, end) - 1
                yield position
                if position + 1 >= end:
                    break
                at = text.find(needle, self._index.offsets[position + 1] - low)

    def _folded(self, data: memoryview) -> memoryview:
        folded = bytearray(len(data))
        view = memoryview(folded)
        for at in range(0, len(data), _FOLDED_AT_ONCE):
            piece = slice(at, min(at + _FOLDED_AT_ONCE, len(data)))
            self._stringzilla.translate(data[piece], FOLD, out=view[piece])
        return view

    def _bytes(self, low: int, high: int) -> memoryview:
        """The bytes between two places of one file."""
        at = bisect_right(self._starts, low) - 1
        descriptor, low, high = self._descriptors[at], low - self._starts[at], high - self._starts[at]
        if not self._is_mapped:
            data = memoryview(os.pread(descriptor, high - low, low))
            whole = len(data) == high - low
        else:
            # A page of a map that is not in the file any more ends the process.
            whole = os.fstat(descriptor).st_size >= high
            if whole and len(self._maps[at]) < high:
                self._maps[at] = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
            data = self._maps[at][low:high] if whole else memoryview(b"")
        if not whole:
            raise SourceError(f"{self._path} has become shorter while it was searched: open it again.")
        return data

    def _end(self, position: int) -> int:
        return self._index.offsets[position] + self._index.lengths[position]
