"""The first rows of a source as a table: up and down walk through them, left and right through the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from claude_batch_tui.sources.rows import as_cell
from claude_batch_tui.tui.widgets.columns import ascii_only, cells, cut_mark, fit
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.roles import role_on

_WIDEST = 40
_NARROWEST = 3
_LOOKED_AT = 400
"""Characters of a value that are looked at; a cell shows fewer."""


class RowsTable(Widget, can_focus=True, inherit_bindings=False):
    """Header and rows, as far as there is room; the row of the preview is marked, and with the focus a column, too."""

    DEFAULT_CSS = """
    RowsTable {
        height: 1fr;
        color: $foreground;
        background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "rows.insert", "enter", "insert", "insert column", "put the marked column into the template"
        ),
        shown_key("rows.right", "right,l", "column(1)", "next column", "the next column"),
        hidden_key("rows.left", "left,h", "column(-1)", "left", "the column before"),
        hidden_key("rows.down", "down,j", "row(1)", "down", "the next row"),
        hidden_key("rows.up", "up,k", "row(-1)", "up", "the row before"),
    ]

    class Walked(Message):
        """Another row is wanted, so many from the one that is marked."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Inserted(Message):
        """A column is to be put into the template."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(self) -> None:
        super().__init__(id="rows")
        self.columns: Sequence[str] = ()
        """Their names."""
        self._rows: Sequence[Mapping[str, Any]] = ()
        self._wanted: list[int] = []
        self._widths: list[int] = []
        self._column = 0
        self._row = 0
        self._left = 0
        self._top = 0

    def show(self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        """Show the first rows of a source."""
        if columns is self.columns and rows is self._rows:
            return
        self.columns, self._rows = columns, rows
        self._wanted = [
            max(cells(name), *(cells(self._text(row, name)) for row in rows[:20]), 3) for name in columns
        ]
        self._share_room()
        self._column, self._left, self._top = min(self._column, max(len(columns) - 1, 0)), 0, 0
        self._keep_in_sight()
        self.refresh()

    def mark(self, row: int) -> None:
        """Mark the row of the preview, from 0."""
        if row != self._row:
            self._row = row
            self._keep_in_sight()
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The header, then a row a line."""
        width, number = self.size.width, self._top + y - 1
        if not self.columns:
            words = " No columns to show yet." if y == 0 else ""
            return Strip([Segment(words, role_on(self.rich_style, self, "dim"))]).adjust_cell_length(
                width, self.rich_style
            )
        if y and number >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        is_marked = y > 0 and number == self._row
        sign = (">" if ascii_only(self) else "▸") if is_marked else " "
        pieces = [Segment(f"{sign} ", role_on(self.rich_style, self, "strong"))]
        room = width - 3
        for at in range(self._left, len(self.columns)):
            if room < _NARROWEST:
                break
            name = self.columns[at]
            text = name if y == 0 else self._text(self._rows[number], name)
            role = "header" if y == 0 else "strong" if is_marked else None
            if self.has_focus and at == self._column and (y == 0 or is_marked):
                role = "chosen"
            cells_here = min(self._widths[at], room)
            shown = fit(text, cells_here, mark=cut_mark(self))
            pieces.append(Segment(shown, role_on(self.rich_style, self, role)))
            pieces.append(Segment("  ", self.rich_style))
            room -= cells_here + 2
        return Strip(pieces).adjust_cell_length(width, self.rich_style).crop(0, width)

    def on_resize(self) -> None:
        """Use the room there is, and keep the marked row in sight."""
        self._share_room()
        self._keep_in_sight()

    def on_click(self, event: Click) -> None:
        """A click on a column's name puts it into the template; one on a row shows its request."""
        end = 2
        for at in range(self._left, len(self.columns)):
            end += self._widths[at] + 2
            if event.x < end:
                self._column = at
                break
        if event.y == 0:
            self.action_insert()
        elif self._top + event.y <= len(self._rows):
            self.action_row(self._top + event.y - 1 - self._row)
        self.refresh()

    def action_column(self, step: int) -> None:
        """Mark another column."""
        self._column = min(max(self._column + step, 0), max(len(self.columns) - 1, 0))
        self._keep_in_sight()
        self.refresh()

    def action_row(self, step: int) -> None:
        """Another row."""
        self.post_message(self.Walked(step))

    def action_insert(self) -> None:
        """Put the marked column into the template."""
        if self.columns:
            self.post_message(self.Inserted(self.columns[self._column]))

    def _share_room(self) -> None:
        """No column is wide, but where there is room for all of them: then those that are cut have the rest of it."""
        self._widths = [min(each, _WIDEST) for each in self._wanted]
        spare = max(self.size.width - 1 - sum(each + 2 for each in self._widths), 0)
        for at, each in enumerate(self._wanted):
            more = min(each - self._widths[at], spare)
            self._widths[at] += more
            spare -= more

    def _keep_in_sight(self) -> None:
        height = max(self.size.height - 1, 1)
        self._top = min(max(self._top, self._row - height + 1), self._row)
        self._left = min(self._left, self._column)
        while self._left < self._column and sum(
            each + 2 for each in self._widths[self._left : self._column + 1]
        ) > max(self.size.width - 2, 1):
            self._left += 1

    @staticmethod
    def _text(row: Mapping[str, Any], name: str) -> str:
        value = row.get(name, "")
        text = value if isinstance(value, str) else as_cell(value)
        return " ".join(text[:_LOOKED_AT].split())
