"""A long text cut into rows of the screen, only as far as somebody has looked, and where a searched text occurs in it."""

from __future__ import annotations

import bisect
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import NamedTuple

from rich.cells import get_character_cell_size

from claude_batch_tui.domain.plain_text import clean

MOST_MATCHES = 10_000
"""Matches counted and visited; the rest of a large text is still highlighted."""


class TextSearch:
    """Matches of plain words in a text, capitals or not."""

    def __init__(self) -> None:
        self.current = -1
        """The number of the current match in `matches`, or -1."""
        self.matches: list[int] = []
        """Where matches begin."""
        self.words = ""
        """What is searched."""
        self._pattern: re.Pattern[str] | None = None

    def look_for(self, words: str, text: str) -> None:
        """Search other words; nothing for an empty text."""
        self.words = words
        self._pattern = re.compile(re.escape(words), re.IGNORECASE) if words else None
        self.look_again(text)

    def look_again(self, text: str) -> None:
        """Search the same words in another text."""
        self.current = -1
        self.matches = []
        if self._pattern is None:
            return
        for match in self._pattern.finditer(text):
            self.matches.append(match.start())
            if len(self.matches) == MOST_MATCHES:
                return

    def first_from(self, offset: int) -> int:
        """The number of the first match at or after a place, else of the first of all."""
        return bisect.bisect_left(self.matches, offset) % len(self.matches)

    def within(self, text: str, start: int, end: int) -> list[tuple[int, int, bool]]:
        """Matches inside a part of the text: begin and end counted from its start, and whether it is the current."""
        if self._pattern is None:
            return []
        current = self.matches[self.current] if 0 <= self.current < len(self.matches) else -1
        found = self._pattern.finditer(text, start, end)
        return [(match.start() - start, match.end() - start, match.start() == current) for match in found]


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

_LABEL = re.compile(r" *(?:[a-z][a-z ]{8} (?=\S))?")
"""The indentation of a line, and the label in its first ten cells that it may have."""


def labeled(line: str, style: str | None = None) -> StyledLine:
    """A line like `cost      at most $1.20`, which goes on under its text; one without a label under its beginning."""
    found = _LABEL.match(line)
    return StyledLine(line, style, hang=" " * (found.end() if found else 0))


class StyledText:
    """Lines put together, with their styles as numbers: a long answer makes no objects for the garbage collector, which
    would stop all threads to look at them. It may grow while what was made of it before is shown.
    """

    def __init__(self, lines: Iterable[AnyLine] = ()) -> None:
        self.style_lines = array("I")
        self.styles: list[str | None] = []
        self.span_starts, self.span_ends = array("I"), array("I")
        self.span_styles: list[str] = []
        self.hangs: dict[int, str] = {}
        self._pieces: list[str] = []
        self._number = self._offset = 0
        self.add(lines)

    @property
    def text(self) -> str:
        """The text of all lines."""
        return "\n".join(self._pieces)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._number

    def add(self, lines: Iterable[AnyLine]) -> None:
        """Take in more lines, with styles noted by line number and spans by offset."""
        for line in lines:
            if isinstance(line, StyledLine):
                text, style = line.text.replace("\t", " ").replace("\n", " "), line.style
                for start, end, span_style in line.spans:
                    self.span_starts.append(self._offset + start)
                    self.span_ends.append(self._offset + end)
                    self.span_styles.append(span_style)
                if line.hang:
                    self.hangs[self._number] = line.hang
            else:
                text, style = line[0].replace("\r\n", "\n").replace("\t", "    "), line[1]
                if text.startswith(" ") and "\n" not in text:
                    self.hangs[self._number] = " " * (len(text) - len(text.lstrip()))
            self.style_lines.append(self._number)
            self.styles.append(style)
            self._pieces.append(text)
            self._number += text.count("\n") + 1
            self._offset += len(text) + 1


class TextRow(NamedTuple):
    """A row of the screen: the part of the text it shows, the line it is from, and what stands before it."""

    start: int
    end: int
    line: int
    hang: str = ""


class TextRows:
    """Rows of a text for a width, made lazily from the top: 5 MB open as fast as 5 KB."""

    def __init__(self, text: str | Sequence[AnyLine] | StyledText) -> None:
        if isinstance(text, str):
            self._styled = StyledText()
            self.text = text.replace("\r\n", "\n").replace("\t", "    ")
        else:
            self._styled = text if isinstance(text, StyledText) else StyledText(text)
            self.text = self._styled.text
        self._line_count = self.text.count("\n") + 1
        self._is_ascii = self.text.isascii()
        self._starts, self._ends, self._lines_of = array("I"), array("I"), array("I")
        self._source: Iterator[tuple[int, int, int]] = iter(())
        self._is_complete = False
        self._layout = 80, True
        self.lay_out(80, wrap=True)

    @property
    def line_count(self) -> int:
        """How many lines the text has."""
        return self._line_count

    @property
    def known(self) -> int:
        """How many rows have been made so far."""
        return len(self._starts)

    @property
    def layout(self) -> tuple[int, bool]:
        """The width rows are made for, and whether long lines are wrapped."""
        return self._layout

    @property
    def is_complete(self) -> bool:
        """Whether all rows have been made."""
        return self._is_complete

    def lay_out(self, width: int, *, wrap: bool) -> None:
        """Begin anew for a width."""
        self._starts, self._ends, self._lines_of = array("I"), array("I"), array("I")
        self._is_complete = False
        self._layout = max(width, 1), wrap
        self._source = self._wrapped(max(width, 1)) if wrap else self._lines()

    def laid_out(self) -> TextRows:
        """The same text with all its rows made: for a thread, while this one goes on being shown."""
        whole = copy(self)
        whole.lay_out(self._layout[0], wrap=self._layout[1])
        whole.reach(None)
        return whole

    def reach(self, count: int | None) -> int:
        """Make at least `count` rows, or all; how many there are."""
        starts, ends, lines_of = self._starts, self._ends, self._lines_of
        if not self._is_complete and (count is None or len(starts) < count):
            for start, end, line in self._source:
                starts.append(start)
                ends.append(end)
                lines_of.append(line)
                if count is not None and len(starts) >= count:
                    break
            else:
                self._is_complete = True
        return len(starts)

    def row_at(self, offset: int) -> int:
        """The row that shows a place of the text."""
        while not self._is_complete and (not self._ends or self._ends[-1] <= offset):
            self.reach(len(self._ends) + 256)
        return max(bisect.bisect_right(self._starts, offset) - 1, 0)

    def row(self, number: int) -> TextRow:
        """One row that has been made."""
        line = self._lines_of[number]
        goes_on = number > 0 and self._lines_of[number - 1] == line
        hang = self._hang(line) if goes_on and self._styled.hangs else ""
        return TextRow(self._starts[number], self._ends[number], line, hang)

    def shown(self, row: TextRow, limit: int | None = None) -> str:
        """What a row shows, cleaned; as many characters as its part of the text, or as `limit`."""
        end = row.end if limit is None else min(row.end, row.start + limit)
        return clean(self.text[row.start : end]).replace("\r", "␍")

    def style(self, row: TextRow) -> str | None:
        """The name of a row's style."""
        number = bisect.bisect_right(self._styled.style_lines, row.line) - 1
        return self._styled.styles[number] if number >= 0 else None

    def spans(self, row: TextRow) -> list[Span]:
        """The parts of a row that have a style of their own, counted from its start."""
        styled = self._styled
        first = max(bisect.bisect_right(styled.span_starts, row.start) - 1, 0)
        last = bisect.bisect_left(styled.span_starts, row.end)
        return [
            Span(max(start - row.start, 0), min(end, row.end) - row.start, style)
            for start, end, style in zip(
                styled.span_starts[first:last],
                styled.span_ends[first:last],
                styled.span_styles[first:last],
                strict=True,
            )
            if end > row.start
        ]

    def _lines(self) -> Iterator[tuple[int, int, int]]:
        start = number = 0
        while True:
            end = self.text.find("\n", start)
            if end < 0:
                yield start, len(self.text), number
                return
            yield start, end, number
            start, number = end + 1, number + 1

    def _wrapped(self, width: int) -> Iterator[tuple[int, int, int]]:
        for line_start, end, number in self._lines():
            if self._is_ascii and end - line_start <= width:
                yield line_start, end, number
                continue
            start, room = line_start, width
            while True:
                stop = self._break(start, end, room)
                yield start, stop, number
                start = stop
                if start < end and self.text[start] == " ":
                    start += 1
                if start >= end:
                    break
                room = width - len(self._hang(number))

    def _hang(self, line: int) -> str:
        """What stands before the further rows of a line; never more than half a row."""
        return self._styled.hangs.get(line, "")[: self._layout[0] // 2]

    def _break(self, start: int, end: int, width: int) -> int:
        """Where a row that begins at `start` ends: after a word if there is one, else inside it."""
        piece = self.text[start : min(end, start + width + 1)]
        fitting = min(len(piece), width) if piece.isascii() else _characters(piece, width)
        if start + fitting >= end:
            return end
        space = piece.rfind(" ", 1, fitting + 1)
        return start + (space if space > 0 else max(fitting, 1))


def _characters(text: str, width: int) -> int:
    """How many characters fit a width."""
    used = 0
    for number, character in enumerate(clean(text)):
        used += get_character_cell_size(character)
        if used > width:
            return number
    return len(text)
