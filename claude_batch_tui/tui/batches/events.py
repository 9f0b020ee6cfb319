"""What happened, newest first: under list and detail where there is room, else on the whole screen.

── Events ──────────────────────────────────────────
  17:01:02      classify-tickets ended: 9,702 ok · 213 errored
  20 Nov 16:20  nightly-eval-1120 created, 10,000 requests
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from claude_batch_tui.domain.batches.tracked import Event
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.widgets.columns import Cell, Column, Run, cut, cut_mark
from claude_batch_tui.tui.widgets.lines import OneLine
from claude_batch_tui.tui.widgets.list_canvas import SequenceSource
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording.values import moment

_COLUMNS = (Column("WHEN", width=12), Column("WHAT", min_width=20))
_EMPTY = "Nothing yet: ends, downloads, warnings and errors will stand here."
_MARKING = ("list.mark", "list.mark-down", "list.mark-up", "list.mark-all", "list.unmark")


class BatchEvents(Vertical):
    """The events of a snapshot. The screen hands them over with `show`."""

    class Chosen(Message):
        """Enter on an event that is about a batch, or about none."""

        def __init__(self, batch_id: str | None) -> None:
            super().__init__()
            self.batch_id = batch_id

    def __init__(self, now: Callable[[], datetime], *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._now = now
        self._events: tuple[Event, ...] = ()
        self._source: SequenceSource[Event] = SequenceSource(_key, self._cells)

    def compose(self) -> Iterable[Widget]:
        """A line of title, and the list."""
        yield _Heading(id="events-title")
        yield _EventList(_COLUMNS, self._source, show_header=False, empty=_EMPTY, id="events-list")

    @property
    def table(self) -> VirtualList:
        """The list."""
        return self.query_one("#events-list", VirtualList)

    def show(self, events: tuple[Event, ...]) -> None:
        """Show what happened, given oldest first. The cursor stays on the newest if it was there."""
        if events == self._events:
            return
        at_top = self.table.cursor_index == 0
        self._events = events
        self._source.replace(events[::-1])
        self.table.rows_changed()
        if at_top:
            self.table.go_to(0)

    def _cells(self, event: Event) -> Sequence[Cell | str]:
        text = clean_line(event.text)
        return moment(event.at, self._now()), Cell(text, "warn") if event.is_error else text

    @on(VirtualList.Highlighted)
    def _highlighted(self, event: VirtualList.Highlighted) -> None:
        event.stop()

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        message.stop()
        event = self._source.item(message.key)
        self.post_message(self.Chosen(event.batch_id if event is not None else None))


class _EventList(VirtualList, inherit_bindings=False):
    """The keys of a list without those that mark."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding
        for binding in VirtualList.BINDINGS
        if isinstance(binding, Binding) and binding.id not in _MARKING
    ]


class _Heading(OneLine):
    """The title, where no border has it, and what the keys do."""

    def runs(self, width: int) -> Sequence[Run]:
        """The words of both."""
        title = "" if self.query_ancestor(BatchEvents).border_title else " Events  "
        keys = " E: to them and back, enter: to the batch"
        return [Run(title, "strong"), Run(cut(keys, width - len(title), cut_mark(self)), "dim")]


def _key(event: Event) -> str:
    return f"{event.at.isoformat()} {event.batch_id} {event.text}"
