"""A long text cut into rows of the screen, only as far as somebody has looked."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from claude_batch_tui.domain.plain_text import clean

Line = tuple[str, str | None]
"""A line, or several with newlines between them, and the name of their style."""


class Span(NamedTuple):
    """A part of a line that has a style of its own, counted in characters."""

    start: int
    end: int
    style: str


class StyledLine(NamedTuple):
    """One line with parts of different style. Rows it goes on in begin with `hang`, so that lists stay in shape."""

    text: str
    style: str | None = None
    spans: tuple[Span, ...] = ()
    hang: str = ""


AnyLine = Line | StyledLine


class Row(NamedTuple):
    """A row of the screen: the part of the text it shows, the line it is from, and what stands before it."""

    start: int
    end: int
    line: int
    hang: str = ""


class TextRows:
    """Rows of a text for a width, made lazily from the top: 5 MB open as fast as 5 KB."""

    def __init__(self, text: str | Sequence[AnyLine]) -> None:
        self._style_lines: list[int] = []
        self._styles: list[str | None] = []
        self._span_starts: list[int] = []
        self._spans: list[Span] = []
        self._hangs: dict[int, str] = {}
        if isinstance(text, str):
            self.text = text.replace("\r\n", "\n").replace("\t", "    ")
        else:
            self.text = "\n".join(self._pieces(text))
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
        number = bisect.bisect_right(self._style_lines, row.line) - 1
        return self._styles[number] if number >= 0 else None

    def spans(self, row: Row) -> list[Span]:
        """The parts of a row that have a style of their own, counted from its start."""
        first = max(bisect.bisect_right(self._span_starts, row.start) - 1, 0)
        last = bisect.bisect_left(self._span_starts, row.end)
        return [
            Span(max(start - row.start, 0), min(end, row.end) - row.start, style)
            for start, end, style in self._spans[first:last]
            if end > row.start
        ]

    def _pieces(self, lines: Sequence[AnyLine]) -> Iterator[str]:
        """The text of all lines, with their styles noted by line number and their spans by offset."""
        number = offset = 0
        for line in lines:
            if isinstance(line, StyledLine):
                text = line.text.replace("\t", " ").replace("\n", " ")
                self._spans += [Span(offset + start, offset + end, style) for start, end, style in line.spans]
                if line.hang:
                    self._hangs[number] = line.hang
                style = line.style
            else:
                text, style = line[0].replace("\r\n", "\n").replace("\t", "    "), line[1]
            self._style_lines.append(number)
            self._styles.append(style)
            yield text
            number += text.count("\n") + 1
            offset += len(text) + 1
        self._span_starts = [span.start for span in self._spans]

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
        hangs: Mapping[int, str] = self._hangs
        for line_start, end, number in self._lines():
            start, hang = line_start, ""
            while True:
                stop = self._break(start, end, width - len(hang))
                yield Row(start, stop, number, hang)
                start = stop
                if start < end and self.text[start] == " ":
                    start += 1
                if start >= end:
                    break
                hang = hangs.get(number, "")[: width // 2]

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
