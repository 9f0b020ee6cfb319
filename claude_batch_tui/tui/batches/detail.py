"""The detail of a batch, beside the list or under it: its name, tabs, and the text of the tab that is open.

nightly-eval-1120        [overview] timeline  requests  cost  polls
 status   in_progress
 …
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Vertical

from claude_batch_tui.domain.batches.batch_list import BatchRow
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.tui.batches.overview import overview_lines
from claude_batch_tui.tui.batches.rows import Drawing
from claude_batch_tui.tui.dashboard import dashboard_of
from claude_batch_tui.tui.widgets.columns import Run, cells, cut, cut_mark
from claude_batch_tui.tui.widgets.lines import OneLine, TabsLine
from claude_batch_tui.tui.widgets.text_rows import AnyLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.wording.values import counted_batches

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.story import SentRequests, Story

TABS = ("overview", "timeline", "requests", "cost", "polls")
REQUESTS_SHOWN = 3
"""How many requests are read."""
_LEAST_TITLE = 24
"""Cells a name gets beside the tabs; where there are fewer it has a line of its own."""


class BatchDetail(Vertical):
    """One batch or run in full. The screen hands it what it knows with `show`; what a tab needs more is read from the store
    when it opens.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the name is Textual's
        super().__init__(id=id)
        self._tab = 0
        self._row: BatchRow | None = None
        self._drawing: Drawing | None = None
        self._story: Story | None = None
        self._requests: SentRequests | None = None
        self._read: tuple[object, ...] = ()
        """What the text of this tab was read for; it is read again when that changes."""

    def compose(self) -> ComposeResult:
        """Name, tabs, text."""
        yield _TitleLine(id="detail-title")
        yield _TabsLine(id="detail-tabs")
        yield TextView(id="detail-text")

    @property
    def view(self) -> TextView:
        """The text."""
        return self.query_one("#detail-text", TextView)

    @property
    def tab(self) -> str:
        """The tab that is open, by name."""
        return TABS[self._tab]

    def show(self, row: BatchRow | None, drawing: Drawing) -> None:
        """Show a batch or run as it is now; None where there is none."""
        before = self._row.key if self._row else None
        self._row, self._drawing = row, drawing
        is_same = row is not None and row.key == before
        if not is_same:
            self._forget()
        self._draw(keep_place=is_same)

    def turn(self, step: int) -> None:
        """Open the next tab, or the one before."""
        self._tab = (self._tab + step) % len(TABS)
        self._draw(keep_place=False)

    def on_tabs_line_chosen(self, event: TabsLine.Chosen) -> None:
        """A click on a tab opens it."""
        event.stop()
        self.turn(event.number - 1 - self._tab)

    def on_resize(self) -> None:
        """The name moves between its own line and that of the tabs; drawings have another width."""
        self.call_after_refresh(self._draw, keep_place=True)

    def _forget(self) -> None:
        self._story = self._requests = None
        self._read = ()

    def _draw(self, *, keep_place: bool) -> None:
        self._ask()
        title = "" if self._row is None else _title(self._row)
        tabs = self.query_one(_TabsLine)
        beside = self.size.width - tabs.tabs_width >= _LEAST_TITLE
        heading = self.query_one(_TitleLine)
        heading.display = not beside
        heading.show(title)
        tabs.show(self._tab, title if beside else "")
        self.view.show(self._lines(), keep_place=keep_place)

    def _ask(self) -> None:
        """Have what the open tab needs read, where it is not known for the batch as it is now."""
        row, drawing, tab = self._row, self._drawing, TABS[self._tab]
        if row is None or drawing is None or tab in ("overview", "timeline"):
            return
        link = drawing.link
        wanted = (
            (tab, row.key) if tab == "requests" else ("story", row.tracked, link.polled_at, link.failures)
        )
        if wanted != self._read:
            self._read = wanted
            ids = [tracked.id for tracked in row.members] or [row.tracked.id]
            self._read_more(row.key, ids, tab)

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def _read_more(self, key: str, ids: Sequence[str], tab: str) -> None:
        # Late, as all that tabs but the first need.
        from claude_batch_tui.services.watching.story import first_requests

        engines, requests, story = dashboard_of(self).engines, None, None
        try:
            if tab == "requests":
                requests = first_requests(ids, REQUESTS_SHOWN, store=engines.home.store)
            else:
                story = engines.of(ids[0]).story(ids).result()
        except CbtuiError as error:
            self.app.call_from_thread(self.app.notify, str(error), severity="error")
        if tab == "requests":
            self.app.call_from_thread(self._take_requests, key, requests)
        else:
            self.app.call_from_thread(self._take_story, key, story)

    def _take_requests(self, key: str, requests: SentRequests | None) -> None:
        from claude_batch_tui.domain.batches.story import SentRequests

        if self._row is not None and self._row.key == key:
            self._requests = requests or SentRequests((), 0)
            self._draw(keep_place=True)

    def _take_story(self, key: str, story: Story | None) -> None:
        from claude_batch_tui.domain.batches.story import Story

        if self._row is not None and self._row.key == key:
            self._story = story or Story()
            self._draw(keep_place=True)

    def _lines(self) -> Sequence[AnyLine]:
        row, drawing = self._row, self._drawing
        if row is None or drawing is None:
            return [("", None)]
        width, story, requests = self.view.size.width, self._story, self._requests
        match TABS[self._tab]:
            case "overview":
                return overview_lines(row, drawing, width)
            case "timeline":
                from claude_batch_tui.tui.batches.tabs import timeline_lines  # late, as all but the first

                return timeline_lines(row, drawing, width)
            case "requests":
                from claude_batch_tui.tui.batches.tabs import request_lines  # the same

                return _READING if requests is None else request_lines(requests)
            case "cost":
                from claude_batch_tui.tui.batches.tabs import cost_lines  # the same

                return _READING if story is None else cost_lines(row.tracked, story)
            case _:
                from claude_batch_tui.tui.batches.tabs import poll_lines  # the same

                return _READING if story is None else poll_lines(row, story, drawing)


def _title(row: BatchRow) -> str:
    if not row.members:
        return row.tracked.title
    if row.variants:
        return f"{row.tracked.title}: a sweep of {len(row.variants):,} runs"
    return f"{row.tracked.title}: a run of {counted_batches(len(row.members))}"


_READING: Sequence[AnyLine] = [(" reading …", "dim")]


class _TitleLine(OneLine):
    """The name of the batch, where the tabs need a line of their own."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  the name is Textual's
        super().__init__(id=id)
        self._title = ""

    def show(self, title: str) -> None:
        """Change the name."""
        self._title = title
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """The name."""
        return [Run(f" {cut(self._title, width - 2, cut_mark(self))}", "strong")]


class _TabsLine(OneLine):
    """The tabs, the open one in brackets; the name of the batch before them where it is given."""

    tabs_width = sum(len(tab) + 2 for tab in TABS)

    def __init__(self, *, id: str) -> None:  # noqa: A002  the name is Textual's
        super().__init__(id=id)
        self._active = 0
        self._title = ""

    def show(self, active: int, title: str) -> None:
        """Change the open tab, from 0, or the name."""
        self._active, self._title = active, title
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """Name and tabs."""
        tabs = [
            Run(f"[{tab}]", "strong") if number == self._active else Run(f" {tab} ", None)
            for number, tab in enumerate(TABS)
        ]
        if not self._title:
            return tabs
        room = width - self.tabs_width - 2
        title = cut(self._title, room, cut_mark(self))
        return [Run(f" {title}", "strong"), Run(" " * (room - cells(title) + 1), None), *tabs]

    def on_click(self, event: events.Click) -> None:
        """Say which tab was clicked."""
        end = self.size.width - self.tabs_width if self._title else 0
        for number, tab in enumerate(TABS, 1):
            start, end = end, end + len(tab) + 2
            if start <= event.x < end:
                self.post_message(TabsLine.Chosen(number))
