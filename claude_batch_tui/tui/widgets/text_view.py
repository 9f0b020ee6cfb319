"""Text to read: an answer, a request, help. Scrolls, wraps, searches; draws visible rows only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from claude_batch_tui.tui.widgets.columns import ascii_only
from claude_batch_tui.tui.widgets.key_line import hidden_key
from claude_batch_tui.tui.widgets.roles import role_on, role_style
from claude_batch_tui.tui.widgets.text_rows import AnyLine, TextRow, TextRows, TextSearch

WHEEL_ROWS = 3
LONG = 500_000
"""Characters above which a text is searched, and laid out to its end, in a thread."""

SIDEWAYS = 16
"""Cells one step to the side moves a text that is not wrapped."""


class TextView(Widget, can_focus=True, inherit_bindings=False):
    """Read-only text, plain or as lines with styles: strong, dim, good, bad, warn, accent, emphasis, code, added, removed."""

    DEFAULT_CSS = """
    TextView {
        height: 1fr;
        color: $foreground;
        background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        hidden_key("text.down", "down,j", "scroll(1)", "down", "a row down"),
        hidden_key("text.up", "up,k", "scroll(-1)", "up", "a row up"),
        hidden_key("text.page-down", "pagedown,space", "page(1.0)", "page down", "a page down"),
        hidden_key("text.page-up", "pageup", "page(-1.0)", "page up", "a page up"),
        hidden_key("text.half-down", "ctrl+d", "page(0.5)", "half down", "half a page down"),
        hidden_key("text.half-up", "ctrl+u", "page(-0.5)", "half up", "half a page up"),
        hidden_key("text.first", "home,g", "first", "top", "to the top"),
        hidden_key("text.last", "end,G", "last", "end", "to the end"),
        hidden_key("text.next", "n", "find_next(1)", "next match", "next match"),
        hidden_key("text.previous", "N", "find_next(-1)", "previous match", "previous match"),
        hidden_key("text.wrap", "w", "wrap", "wrap", "wrap long lines, or not"),
        hidden_key("text.left", "less_than_sign", "sideways(-1)", "left", "unwrapped text left"),
        hidden_key("text.right", "greater_than_sign", "sideways(1)", "right", "and right"),
    ]

    class Found(Message):
        """The current match is another one: number `current` of `total`, from 1; 0 of 0 for none."""

        def __init__(self, sender: TextView, current: int, total: int) -> None:
            super().__init__()
            self.view = sender
            self.current = current
            self.total = total

        @property
        def control(self) -> TextView:
            """The view, for `@on` selectors."""
            return self.view

    def __init__(
        self,
        text: str | Sequence[AnyLine] = "",
        *,
        wrap: bool = True,
        id: str | None = None,  # noqa: A002  the name is Textual's
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.wraps = wrap
        """Whether long lines go on in the next row."""
        self._shown: str | Sequence[AnyLine] | TextRows = text
        self._rows = TextRows(text)
        self._wrapped_at = 0
        self._top = 0
        self._wanted = 0
        """The row the user went to: that of the next text too, where the place is kept and it is long enough."""
        self._left = 0
        self._search = TextSearch()

    @property
    def top(self) -> int:
        """The first visible row, from 0."""
        return self._top

    def show(self, text: str | Sequence[AnyLine] | TextRows, *, keep_place: bool = False) -> None:
        """Show another text, from its top unless the place is to be kept. The same text again paints nothing.

        A long text is better given as `TextRows`, which a thread can make.
        """
        if text == self._shown and (keep_place or self._top == 0):
            return
        self._shown = text
        self._rows = text if isinstance(text, TextRows) else TextRows(text)
        self._lay_out(self.size.width)
        if self._search.words:
            self._look_for(self._search.words, goes_there=False)
        self._wanted = self._wanted if keep_place else 0
        self._show_from(self._wanted)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  as Textual has it
        """The rows of the whole text at a width, for one whose height is `auto`."""
        whole = copy(self._rows)
        whole.lay_out(width, wrap=self.wraps)
        return whole.reach(None)

    def find(self, text: str) -> None:
        """Highlight what is searched, capitals or not, and go to the first match at or below the top."""
        self._look_for(text, goes_there=True)

    def render_line(self, y: int) -> Strip:
        """One row of the text."""
        width = self.size.width
        if self.wraps and width != self._wrapped_at:  # a text given while the view was hidden knew no width
            self._wrap_anew(width)
        number = self._top + y
        if self._rows.reach(number + 1) <= number:
            return Strip.blank(width, self.rich_style)
        row = self._rows.row(number)
        base = self._style(self._rows.style(row))
        strip = Strip([piece for piece in self._pieces(row, base, width) if piece.text])
        strip = strip.crop(self._left, self._left + width)
        mark = self._mark_of_more(y)
        if not mark or strip.cell_length >= width - 1:  # what is read is never covered
            return strip.adjust_cell_length(width, base)
        return Strip([*strip.adjust_cell_length(width - 1, base), Segment(mark, self._style("dim"))])

    def _mark_of_more(self, y: int) -> str:
        """What stands at the end of the last row where there is more below, and of the first where there is more above."""
        height = self.size.height
        if y == height - 1 and self._rows.reach(self._top + height + 1) > self._top + height:
            return "v" if ascii_only(self) else "▼"
        if y == 0 and self._top:
            return "^" if ascii_only(self) else "▲"
        return ""

    def on_resize(self) -> None:
        """Wrap anew and keep the first visible text in sight."""
        if self.wraps:
            self._wrap_anew(self.size.width)
        self._go_to(self._top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll."""
        event.stop()
        self.action_scroll(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll."""
        event.stop()
        self.action_scroll(-WHEEL_ROWS)

    def action_scroll(self, rows: int) -> None:
        """Scroll by rows."""
        self._go_to(self._top + rows)

    def action_page(self, pages: float) -> None:
        """Scroll by pages."""
        self._go_to(self._top + int(max(self.size.height - 1, 1) * pages))

    def action_first(self) -> None:
        """Go to the top."""
        self._go_to(0)

    def action_last(self) -> None:
        """Go to the end."""
        self._when_laid_out(lambda: self._go_to(self._rows.reach(None)))

    def action_find_next(self, step: int) -> None:
        """Go to the next or previous match, round the ends."""
        if self._search.matches:
            self._go_to_match((self._search.current + step) % len(self._search.matches))

    def action_wrap(self) -> None:
        """Wrap long lines, or stop doing so."""
        self.wraps = not self.wraps
        self._left = 0
        self._wrap_anew(self.size.width)
        self.refresh()

    def action_sideways(self, steps: int) -> None:
        """Move a text that is not wrapped to the side."""
        if not self.wraps:
            self._left = max(self._left + steps * SIDEWAYS, 0)
            self.refresh()

    def _pieces(self, row: TextRow, base: Style, width: int) -> Iterator[Segment]:
        """A row in pieces of one style each, as far as it could be visible."""
        shown = self._rows.shown(row, (width + self._left) * 4)
        marks = [(start, end, role_style(self, name)) for start, end, name in self._rows.spans(row)]
        matches = self._search.within(self._rows.text, row.start, min(row.end, row.start + len(shown)))
        marks += [
            (start, end, self._style("current-match" if now else "match")) for start, end, now in matches
        ]
        if row.hang:
            yield Segment(row.hang, base)
        if not marks:
            yield Segment(shown, base)
            return
        edges = sorted({0, len(shown), *(min(edge, len(shown)) for mark in marks for edge in mark[:2])})
        for start, end in pairwise(edges):
            style = base
            for mark_start, mark_end, mark in marks:
                if mark_start <= start < mark_end:
                    style += mark
            yield Segment(shown[start:end], style)

    def _wrap_anew(self, width: int) -> None:
        first = self._rows.row(self._top).start if self._rows.reach(self._top + 1) > self._top else 0
        self._lay_out(width)
        self._top = self._rows.row_at(first)

    def _lay_out(self, width: int) -> None:
        self._rows.lay_out(width, wrap=self.wraps)
        self._wrapped_at = width

    def _go_to(self, top: int) -> None:
        """Show from a row on, because the user wants it."""
        self._show_from(top)
        self._wanted = self._top

    def _show_from(self, top: int) -> None:
        height = max(self.size.height, 1)
        last = max(self._rows.reach(max(top, 0) + height) - height, 0)
        before, self._top = self._top, min(max(top, 0), last)
        if self._top != before:
            self.refresh()

    def _look_for(self, words: str, *, goes_there: bool) -> None:
        """Search, a long text in a thread; the newest words win."""
        rows = self._rows
        if len(rows.text) <= LONG or not words:
            search = TextSearch()
            search.look_for(words, rows.text)
            self._show_search(rows, search, goes_there=goes_there)
            return
        self._search.look_for(words, "")

        def look() -> None:
            search = TextSearch()
            search.look_for(words, rows.text)
            self.app.call_from_thread(self._show_search, rows, search, goes_there=goes_there)

        self.run_worker(look, thread=True, exclusive=True, group="search")

    def _show_search(self, rows: TextRows, search: TextSearch, *, goes_there: bool) -> None:
        if rows.text is not self._rows.text or (len(rows.text) > LONG and search.words != self._search.words):
            return
        self._search = search
        if search.matches and goes_there:
            start = self._rows.row(self._top).start if self._rows.reach(self._top + 1) > self._top else 0
            self._go_to_match(search.first_from(start))
        elif goes_there:
            self.post_message(self.Found(self, 0, 0))
        self.refresh()

    def _when_laid_out(self, then: Callable[[], None]) -> None:
        """Do something that needs all rows; those of a long text are made in a thread first."""
        rows = self._rows
        if rows.is_complete or len(rows.text) <= LONG:
            then()
            return

        def lay_out() -> None:
            whole = rows.laid_out()
            self.app.call_from_thread(take, whole)

        def take(whole: TextRows) -> None:
            if self._rows is rows and rows.layout == whole.layout:
                self._rows = whole
                then()

        self.run_worker(lay_out, thread=True, exclusive=True, group="layout")

    def _go_to_match(self, number: int) -> None:
        self._search.current = number
        place = self._search.matches[number]
        if self._rows.known and self._rows.row(self._rows.known - 1).end > place:
            self._show_match(number)
        else:
            self._when_laid_out(lambda: self._show_match(number))

    def _show_match(self, number: int) -> None:
        if number >= len(self._search.matches):
            return
        row = self._rows.row_at(self._search.matches[number])
        if not self._top <= row < self._top + self.size.height:
            self._go_to(row - self.size.height // 3)
        self.refresh()
        self.post_message(self.Found(self, number + 1, len(self._search.matches)))

    def _style(self, name: str | None) -> Style:
        if name is not None and name.endswith("match"):
            return role_style(self, name)
        return role_on(self.rich_style, self, name)
