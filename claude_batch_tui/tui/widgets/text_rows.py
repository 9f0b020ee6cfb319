"""A long text cut into rows of the screen, only as far as somebody has looked."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from claude_batch_tui.domain.plain_text import clean

Line = tuple[str, str | None]
"""A line and the name of its style."""


class Row(NamedTuple):
    """A row of the screen: the part of the text it shows and the line it is from."""

    start: int
    end: int
    line: int


class TextRows:
    """Rows of a text for a width, made lazily from the top: 5 MB open as fast as 5 KB."""

    def __init__(self, text: str | Sequence[Line]) -> None:
        if isinstance(text, str):
            self.text = text.replace("\r\n", "\n").replace("\t", "    ")
            self._styles: list[str | None] = []
        else:
            lines = [(line.replace("\t", "    ").replace("\n", " "), style) for line, style in text]
            self.text = "\n".join(line for line, _ in lines)
            self._styles = [style for _, style in lines]
        self._rows: list[Row] = []
        self._source: Iterator[Row] = iter(())
        self._is_complete = False
        self.lay_out(80, wrap=True)

    @property
    def known(self) -> int:
        """How many rows have been made so far."""
        return len(self._rows)

    @property
    def is_complete(self) -> bool:
        """Whether all rows have been made."""
        return self._is_complete

    def lay_out(self, width: int, *, wrap: bool) -> None:
        """Begin anew for a width."""
        self._rows = []
        self._is_complete = False
        self._source = self._wrapped(max(width, 1)) if wrap else self._unwrapped()

    def reach(self, count: int | None) -> int:
        """Make at least `count` rows, or all; how many there are."""
        while not self._is_complete and (count is None or len(self._rows) < count):
            row = next(self._source, None)
            if row is None:
                self._is_complete = True
            else:
                self._rows.append(row)
        return len(self._rows)

    def row_at(self, offset: int) -> int:
        """The row that shows a place of the text."""
        while not self._is_complete and (not self._rows or self._rows[-1].end <= offset):
            self.reach(len(self._rows) + 256)
        return max(bisect.bisect_right(self._rows, offset, key=lambda row: row.start) - 1, 0)

    def row(self, number: int) -> Row:
        """One row that has been made."""
        return self._rows[number]

    def shown(self, row: Row) -> str:
        """What a row shows, cleaned; as many characters as its part of the text."""
        return clean(self.text[row.start : row.end]).replace("\r", "␍")

    def style(self, row: Row) -> str | None:
        """The name of a row's style."""
        return self._styles[row.line] if row.line < len(self._styles) else None

    def _lines(self) -> Iterator[tuple[int, int, int]]:
        start = number = 0
        while True:
            end = self.text.find("\n", start)
            if end < 0:
                yield start, len(self.text), number
                return
            yield start, end, number
            start, number = end + 1, number + 1

    def _unwrapped(self) -> Iterator[Row]:
        for start, end, number in self._lines():
            yield Row(start, end, number)

    def _wrapped(self, width: int) -> Iterator[Row]:
        for line_start, end, number in self._lines():
            start = line_start
            while True:
                stop = self._break(start, end, width)
                yield Row(start, stop, number)
                start = stop
                if start < end and self.text[start] == " ":
                    start += 1
                if start >= end:
                    break

    def _break(self, start: int, end: int, width: int) -> int:
        """Where a row that begins at `start` ends: after a word if there is one, else inside it."""
        piece = self.text[start : min(end, start + width + 1)]
        fitting = len(piece) if piece.isascii() else _characters(piece, width + 1)
        if start + fitting >= end and (fitting <= width or cell_len(clean(piece)) <= width):
            return end
        fitting = min(fitting, width) if piece.isascii() else _characters(piece, width)
        space = piece.rfind(" ", 1, fitting + 1)
        return start + (space if space > 0 else max(fitting, 1))


def _characters(text: str, width: int) -> int:
    """How many characters fit a width."""
    used = 0
    for number, character in enumerate(clean(text)):
        used += cell_len(character)
        if used > width:
            return number
    return len(text)
