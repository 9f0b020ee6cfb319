"""The drawing half of the virtual list: lines made when they are visible, and repainted when they changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from claude_batch_tui.tui.widgets.columns import Cell, Column, Place, Run, compose_row, place
from claude_batch_tui.tui.widgets.fitting import ascii_only, cells, cut_mark, fit
from claude_batch_tui.tui.widgets.list_window import ListWindow
from claude_batch_tui.tui.widgets.row_source import EmptySource, RowSource
from claude_batch_tui.tui.widgets.strips import changed_span

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
        & > .list--header { text-style: bold; }
        & > .list--cursor { background: $block-cursor-blurred-background; }
        & > .list--dim { color: $text-muted; }
        & > .list--good { color: $text-success; }
        & > .list--bad { color: $text-error; }
        & > .list--warn { color: $text-warning; }
        & > .list--accent { color: $text-accent; }
        & > .list--strong { text-style: bold; }
        &:focus > .list--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
        &:ansi > .list--cursor { background: ansi_default; color: ansi_default; text-style: bold; }
        &:ansi > .list--dim { color: ansi_bright_black; }
        &:ansi > .list--good { color: ansi_green; }
        &:ansi > .list--bad { color: ansi_red; }
        &:ansi > .list--warn { color: ansi_yellow; }
        &:ansi > .list--accent { color: ansi_cyan; }
        &:ansi:focus > .list--cursor { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"list--{name}" for name in ("header", "cursor", "dim", "good", "bad", "warn", "accent", "strong")
    }

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
        """A line below the rows: the sentence for an empty list, or nothing."""
        lines = self.empty.splitlines() if self._window.count == 0 else []
        text = (
            fit(lines[line], self.size.width - GUTTER - 1, mark=cut_mark(self)) if line < len(lines) else ""
        )
        return self._strip([Run(" " * GUTTER + text, None)], " ")

    def _thumb(self, index: int) -> Segment:
        glyph = "#" if ascii_only(self) else "▐"
        return Segment(glyph, self._style("cursor" if index == self._window.cursor else None))

    def _strip(self, runs: Sequence[Run], end: str) -> Strip:
        """Runs as one line of the widget's width, ended by the position mark's cell."""
        width = self.size.width
        segments = [Segment(text, self._style(style)) for text, style in runs if text]
        missing = width - sum(cells(run.text) for run in runs)
        if missing > 0:
            last = runs[-1].style if runs else None
            segments.append(
                Segment(" " * (missing - 1) + end, self._style("cursor" if last == "cursor" else None))
            )
        return Strip(Segment.simplify(segments), max(width, width - missing)).crop(0, width)

    def _style(self, name: str | None) -> Style:
        if name is None:
            return self.rich_style
        return self.rich_style + self.get_component_rich_style(f"list--{name}", partial=True)
