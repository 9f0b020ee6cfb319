"""The list of batches and of results: draws visible rows only, so a million rows cost what a thousand do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from claude_batch_tui.tui.widgets.columns import Column
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.list_canvas import GUTTER, ListCanvas, RowSource, find_row

WHEEL_ROWS = 3


class VirtualList(ListCanvas, can_focus=True, inherit_bindings=False):
    """Rows of a `RowSource` with a cursor and marks. The cursor belongs to a key, not to a row number."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("list.open", "enter,right,l", "open", "open", "open the row"),
        hidden_key("list.down", "down,j", "move(1)", "down", "one row down"),
        hidden_key("list.up", "up,k", "move(-1)", "up", "one row up"),
        hidden_key("list.page-down", "pagedown", "page(1.0)", "page down", "a page down"),
        hidden_key("list.page-up", "pageup", "page(-1.0)", "page up", "a page up"),
        hidden_key("list.half-down", "ctrl+d", "page(0.5)", "half down", "half a page down"),
        hidden_key("list.half-up", "ctrl+u", "page(-0.5)", "half up", "half a page up"),
        hidden_key("list.first", "home,g", "first", "first", "first row"),
        hidden_key("list.last", "end,G", "last", "last", "last row"),
        shown_key("list.mark", "space", "mark", "mark", "mark the row and move down"),
        hidden_key("list.mark-down", "shift+down", "extend(1)", "mark down", "mark downwards"),
        hidden_key("list.mark-up", "shift+up", "extend(-1)", "mark up", "mark upwards"),
        hidden_key("list.mark-all", "asterisk", "mark_all", "mark all", "mark all that match"),
        hidden_key("list.unmark", "u", "unmark", "unmark", "unmark all"),
    ]

    class _OfList(Message):
        """Something a list tells."""

        def __init__(self, sender: VirtualList) -> None:
            super().__init__()
            self.list = sender

        @property
        def control(self) -> VirtualList:
            """The list, for `@on` selectors."""
            return self.list

    class Highlighted(_OfList):
        """The cursor is on another key. Of several waiting in the queue only the last arrives."""

        def __init__(self, sender: VirtualList, key: str, index: int) -> None:
            super().__init__(sender)
            self.key = key
            self.index = index

        def can_replace(self, message: Message) -> bool:
            """A newer position replaces an older one."""
            return isinstance(message, VirtualList.Highlighted)

    class Opened(_OfList):
        """The row was opened with enter, right, l or a double click."""

        def __init__(self, sender: VirtualList, key: str) -> None:
            super().__init__(sender)
            self.key = key

    class TitleClicked(_OfList):
        """The title of a column, by its number, was clicked."""

        def __init__(self, sender: VirtualList, column: int) -> None:
            super().__init__(sender)
            self.column = column

    class MarksChanged(_OfList):
        """Other rows are marked than before."""

        def __init__(self, sender: VirtualList, marks: frozenset[str]) -> None:
            super().__init__(sender)
            self.marks = marks

    _cursor_key: str | None = None

    @property
    def cursor_key(self) -> str | None:
        """The key under the cursor, None while there are no rows."""
        return self._cursor_key

    @property
    def cursor_index(self) -> int:
        """The row number of the cursor, from 0."""
        return self._window.cursor

    @property
    def row_count(self) -> int:
        """How many rows there were when they were last read."""
        return self._window.count

    @property
    def marks(self) -> frozenset[str]:
        """The keys of marked rows, those that are filtered out too."""
        return self._marks

    @property
    def targets(self) -> list[str]:
        """What an action is meant for: the marked keys, or else the one under the cursor."""
        if self._marks:
            return sorted(self._marks)
        return [] if self._cursor_key is None else [self._cursor_key]

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns or titles."""
        self._columns = columns
        self._lay_out()
        self._repaint_changed()

    def set_source(self, source: RowSource) -> None:
        """Show another source; the cursor stays on its key if the key is there."""
        self._source = source
        self.rows_changed()

    def set_marks(self, keys: Iterable[str]) -> None:
        """Mark exactly these keys."""
        marks = frozenset(keys)
        if marks != self._marks:
            self._marks = marks
            self._repaint_changed()
            self.post_message(self.MarksChanged(self, marks))

    def rows_changed(self) -> None:
        """Read the rows anew. The cursor stays on its key or near its place; only changed cells are repainted."""
        count = self._source.row_count()
        key = self._cursor_key
        found = None if key is None else find_row(self._source, key, self._window.cursor)
        self._window.change_rows(count, self._window.cursor if found is None else found)
        self._repaint_changed()
        self._follow_cursor()

    def go_to(self, index: int) -> None:
        """Put the cursor on a row number."""
        before = self._window.cursor, self._window.top
        self._window.move_cursor(index)
        self._after_move(*before)

    def go_to_key(self, key: str) -> bool:
        """Put the cursor on a key; False where it is not in the list."""
        index = find_row(self._source, key, self._window.cursor)
        if index is not None:
            self.go_to(index)
        return index is not None

    def on_mount(self) -> None:
        """Read the rows that are there already."""
        self.rows_changed()

    def on_focus(self) -> None:
        """The cursor's colour changes."""
        self._repaint_row(self._window.cursor)

    def on_blur(self) -> None:
        """The cursor's colour changes."""
        self._repaint_row(self._window.cursor)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll and leave the cursor where it is."""
        event.stop()
        self._scroll(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll and leave the cursor where it is."""
        event.stop()
        self._scroll(-WHEEL_ROWS)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a double click opens; on a title it is for the screen to say what it does."""
        spot = event.get_content_offset(self)
        if spot is None:
            return
        if spot.y < self._header_height:
            column = next(
                (each.column for each in self._places if spot.x - GUTTER < each.x + each.width), None
            )
            if column is not None:
                self.post_message(self.TitleClicked(self, column))
            return
        index = self._window.top + spot.y - self._header_height
        if index < self._window.count:
            self.go_to(index)
            if event.chain > 1:
                self.action_open()

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.go_to(self._window.cursor + rows)

    def action_page(self, pages: float) -> None:
        """Move cursor and rows by pages."""
        before = self._window.cursor, self._window.top
        self._window.move_page(pages)
        self._after_move(*before)

    def action_first(self) -> None:
        """Go to the first row."""
        self.go_to(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.go_to(self._window.count - 1)

    def action_open(self) -> None:
        """Say that the row under the cursor was opened."""
        if self._cursor_key is not None:
            self.post_message(self.Opened(self, self._cursor_key))

    def action_mark(self) -> None:
        """Mark or unmark the row and move down."""
        if self._cursor_key is not None:
            self.set_marks(self._marks ^ {self._cursor_key})
            self.action_move(1)

    def action_extend(self, rows: int) -> None:
        """Mark this row, move, and mark that one."""
        if self._cursor_key is not None:
            marks = self._marks | {self._cursor_key}
            self.action_move(rows)
            self.set_marks(marks | {self._cursor_key})

    def action_mark_all(self) -> None:
        """Mark all rows."""
        self.set_marks(self._source.key(index) for index in range(self._window.count))

    def action_unmark(self) -> None:
        """Unmark everything."""
        self.set_marks(())

    def _scroll(self, rows: int) -> None:
        before = self._window.top
        self._window.scroll(rows)
        if self._window.top != before:
            self.refresh()

    def _after_move(self, cursor: int, top: int) -> None:
        """Repaint what a move changed: two rows, or everything when the rows moved."""
        window = self._window
        if window.cursor != cursor:
            self._strips.pop(cursor, None)
            self._strips.pop(window.cursor, None)
        if window.top != top:
            self.refresh()
        elif window.cursor != cursor:
            self._repaint_row(cursor)
            self._repaint_row(window.cursor)
        self._follow_cursor()

    def _follow_cursor(self) -> None:
        """Note the key under the cursor and say so where it is another one."""
        window = self._window
        key = self._source.key(window.cursor) if window.count else None
        if key != self._cursor_key:
            self._cursor_key = key
            if key is not None:
                self.post_message(self.Highlighted(self, key, window.cursor))
