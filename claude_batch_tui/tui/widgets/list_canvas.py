"""The rows of a virtual list, which of them are visible, and their drawing: lines are made when they are visible, and repainted when they changed."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from claude_batch_tui.tui.widgets.columns import (
    Cell,
    Column,
    Place,
    Run,
    ascii_only,
    cells,
    compose_row,
    cut_mark,
    fit,
    place,
)
from claude_batch_tui.tui.widgets.lines import changed_span
from claude_batch_tui.tui.widgets.roles import role_on

Item = TypeVar("Item")

SEARCHED_ROWS = 10_000
"""How far around its old place a key is looked for when the source cannot find it."""


class RowSource(Protocol):
    """Rows by number, each with a key that stays its own when rows come, go and move.

    `cells` is called for visible rows only and gives one cell for each column of the list, hidden ones too.
    """

    def row_count(self) -> int:
        """How many rows there are now."""

    def key(self, index: int) -> str:
        """The key of a row."""

    def cells(self, index: int) -> Sequence[Cell | str]:
        """What the row shows."""


@runtime_checkable
class FindingRowSource(Protocol):
    """A source that knows where a key is; without it the list looks around the cursor's old place."""

    def find(self, key: str) -> int | None:
        """The row with that key, or None."""


class SequenceSource(Generic[Item]):
    """Rows of a sequence that changes as a whole, with functions for keys and cells."""

    def __init__(self, key: Callable[[Item], str], cells: Callable[[Item], Sequence[Cell | str]]) -> None:
        self._items: Sequence[Item] = ()
        self._index: dict[str, int] = {}
        self._key = key
        self._cells = cells

    def replace(self, items: Sequence[Item]) -> None:
        """Show these items from now on; tell the list with `rows_changed()`."""
        self._items = items
        self._index = {self._key(item): number for number, item in enumerate(items)}

    def item(self, key: str) -> Item | None:
        """The item with that key, or None."""
        index = self._index.get(key)
        return None if index is None else self._items[index]

    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self._items)

    def key(self, index: int) -> str:
        """The key of a row."""
        return self._key(self._items[index])

    def cells(self, index: int) -> Sequence[Cell | str]:
        """What the row shows."""
        return self._cells(self._items[index])

    def find(self, key: str) -> int | None:
        """The row with that key, or None."""
        return self._index.get(key)


class EmptySource:
    """No rows."""

    def row_count(self) -> int:
        """None."""
        return 0

    def key(self, index: int) -> str:
        """Never asked for."""
        raise IndexError(index)

    def cells(self, index: int) -> Sequence[Cell | str]:
        """Never asked for."""
        raise IndexError(index)


def find_row(source: RowSource, key: str, around: int) -> int | None:
    """The row of a key: as the source says, or searched outwards from a row."""
    if isinstance(source, FindingRowSource):
        return source.find(key)
    count = source.row_count()
    for distance in range(min(SEARCHED_ROWS, count + around)):
        for index in {around + distance, around - distance}:
            if 0 <= index < count and source.key(index) == key:
                return index
    return None


class ListWindow:
    """A cursor and a first visible row over `count` rows, `height` of which fit."""

    def __init__(self) -> None:
        self.count = 0
        self.height = 1
        self.top = 0
        self.cursor = 0

    @property
    def last_top(self) -> int:
        """The first visible row when scrolled to the end."""
        return max(self.count - self.height, 0)

    @property
    def overflows(self) -> bool:
        """True where not all rows fit."""
        return self.count > self.height

    def shows(self, index: int) -> bool:
        """True where the row is visible."""
        return self.top <= index < self.top + self.height

    def move_cursor(self, index: int) -> None:
        """Put the cursor on the row nearest to `index`, and scroll just enough to see it."""
        self.cursor = min(max(index, 0), max(self.count - 1, 0))
        self.reveal()

    def move_page(self, pages: float) -> None:
        """Move cursor and rows together; the cursor keeps its line on the screen."""
        rows = int(max(self.height - 1, 1) * pages) or (1 if pages > 0 else -1)
        self.scroll(rows)
        self.move_cursor(self.cursor + rows)

    def scroll(self, rows: int) -> None:
        """Move the visible rows and leave the cursor where it is."""
        self.top = min(max(self.top + rows, 0), self.last_top)

    def reveal(self) -> None:
        """Scroll just enough to see the cursor."""
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + self.height:
            self.top = self.cursor - self.height + 1
        self.top = min(max(self.top, 0), self.last_top)

    def resize(self, height: int) -> None:
        """Take a new height and keep the cursor in sight if it was."""
        was_visible = self.shows(self.cursor)
        self.height = max(height, 1)
        if was_visible:
            self.reveal()
        else:
            self.scroll(0)

    def change_rows(self, count: int, cursor: int) -> None:
        """Take a new number of rows. The row under the cursor stays on its line, unless the list is at its top."""
        was_visible = self.shows(self.cursor)
        if self.top:
            self.top += cursor - self.cursor
        self.count = count
        self.cursor = min(max(cursor, 0), max(count - 1, 0))
        self.scroll(0)
        if was_visible:
            self.reveal()

    def thumb(self) -> range:
        """The lines on which a position mark is drawn."""
        if not self.overflows:
            return range(0)
        size = max(self.height * self.height // self.count, 1)
        first = round(self.top * (self.height - size) / self.last_top)
        return range(first, first + size)


GUTTER = 2
"""Cells before the first column: `>` on the cursor's row, `*` on marked rows."""

KEPT_STRIPS = 512
"""Drawn lines kept for scrolling back and forth."""


class ListCanvas(Widget, inherit_bindings=False):
    """Draws the rows of a source under a line of titles. The last cell of each line is the position mark."""

    DEFAULT_CSS = """
    ListCanvas {
        height: 1fr;
        color: $foreground;
        background: $background;
        & > .list--cursor { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; }
        &:focus > .list--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
        &:ansi > .list--cursor { background: ansi_default; color: ansi_default; text-style: bold; }
        &:ansi:focus > .list--cursor { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor"}

    def __init__(
        self,
        columns: Sequence[Column] = (),
        source: RowSource | None = None,
        *,
        show_header: bool = True,
        empty: str = "",
        id: str | None = None,  # noqa: A002  the name is Textual's
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        """Lines shown while there are no rows."""
        self._columns = columns
        self._source: RowSource = source or EmptySource()
        self._header_height = int(show_header)
        self._places: list[Place] = []
        self._window = ListWindow()
        self._marks: frozenset[str] = frozenset()
        self._strips: dict[int, Strip] = {}
        self._painted: dict[int, Strip] = {}

    @property
    def shown_columns(self) -> frozenset[int]:
        """The numbers of the columns that fit."""
        return frozenset(place.column for place in self._places)

    def render_line(self, y: int) -> Strip:
        """One line of the list; Textual asks only for lines that were refreshed."""
        strip = self._line(y)
        self._painted[y] = strip
        return strip

    def notify_style_update(self) -> None:
        """Forget everything drawn in other colours."""
        self._strips.clear()
        super().notify_style_update()

    def on_resize(self, event: events.Resize) -> None:
        """Fit columns and rows to the new size."""
        self._window.resize(event.size.height - self._header_height)
        self._lay_out()
        self.refresh()

    def _lay_out(self) -> None:
        self._places = place(self._columns, self.size.width - GUTTER - 1)
        self._strips.clear()

    def _repaint_changed(self) -> None:
        """Draw every visible line anew and refresh the cells that differ from what is on the screen."""
        self._strips.clear()
        for y in range(self.size.height):
            self._repaint_line(y)

    def _repaint_row(self, index: int) -> None:
        """Draw one row anew, if it is visible."""
        self._strips.pop(index, None)
        if self._window.shows(index):
            self._repaint_line(index - self._window.top + self._header_height)

    def _repaint_line(self, y: int) -> None:
        painted = self._painted.get(y)
        span = (0, self.size.width) if painted is None else changed_span(painted, self._line(y))
        if span is not None:
            self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def _line(self, y: int) -> Strip:
        if y < self._header_height:
            titles = [
                Run(run.text, "header") for run in self._runs([column.title for column in self._columns])
            ]
            return self._strip([Run(" " * GUTTER, "header"), *titles], " ")
        line = y - self._header_height
        index = self._window.top + line
        if index >= self._window.count:
            return self._blank(line)
        strip = self._strips.get(index)
        if strip is None:
            if len(self._strips) >= KEPT_STRIPS:
                self._strips.clear()
            strip = self._strips[index] = self._row(index)
        if line in self._window.thumb():
            return Strip([*strip.crop(0, self.size.width - 1), self._thumb(index)], self.size.width)
        return strip

    def _row(self, index: int) -> Strip:
        is_cursor = index == self._window.cursor
        is_marked = bool(self._marks) and self._source.key(index) in self._marks
        gutter = (">" if is_cursor else " ") + ("*" if is_marked else " ")
        runs = self._runs(self._source.cells(index))
        if is_cursor:
            return self._strip([Run(gutter + "".join(run.text for run in runs), "cursor")], " ")
        return self._strip([Run(gutter, "strong" if is_marked else None), *runs], " ")

    def _runs(self, row: Sequence[Cell | str]) -> list[Run]:
        return compose_row(row, self._columns, self._places, cut_mark(self))

    def _blank(self, line: int) -> Strip:
        """A line below the rows: the sentence for an empty list, wrapped under its own beginning, or nothing."""
        room = self.size.width - GUTTER - 1
        lines = _wrapped(self.empty, room) if self._window.count == 0 else []
        text = fit(lines[line], room, mark=cut_mark(self)) if line < len(lines) else ""
        return self._strip([Run(" " * GUTTER + text, None)], " ")

    def _thumb(self, index: int) -> Segment:
        glyph = "#" if ascii_only(self) else "▐"
        return Segment(
            glyph, self._style("cursor" if index == self._window.cursor else None, self.rich_style)
        )

    def _strip(self, runs: Sequence[Run], end: str) -> Strip:
        """Runs as one line of the widget's width, ended by the position mark's cell."""
        width, base = self.size.width, self.rich_style  # once: the widgets around it are asked each time
        segments = [Segment(text, self._style(style, base)) for text, style in runs if text]
        missing = width - sum(cells(run.text) for run in runs)
        if missing > 0:
            last = runs[-1].style if runs else None
            segments.append(
                Segment(" " * (missing - 1) + end, self._style("cursor" if last == "cursor" else None, base))
            )
        return Strip(Segment.simplify(segments), max(width, width - missing)).crop(0, width)

    def _style(self, name: str | None, base: Style) -> Style:
        if name == "cursor":
            return base + self.get_component_rich_style("list--cursor", partial=True)
        return role_on(base, self, name)


def _wrapped(text: str, width: int) -> list[str]:
    """Lines as they are, those that are too long going on under their own beginning."""
    lines = []
    for line in text.splitlines():
        hang = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(line, max(width, len(hang) + 1), subsequent_indent=hang) or [""]
    return lines
