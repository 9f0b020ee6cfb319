"""The detail of a batch, beside the list or under it: its name, tabs, and the text of the tab that is open.

nightly-eval-1120        [overview] timeline  requests  cost  polls
 status   in_progress
 …
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical

from claude_batch_tui.domain.forecast import Forecast
from claude_batch_tui.domain.story import SentRequests, Story
from claude_batch_tui.domain.tracked import Download, Link, TrackedBatch
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.tui.screens.batch_cost import cost_lines
from claude_batch_tui.tui.screens.batch_overview import overview_lines
from claude_batch_tui.tui.screens.batch_polls import poll_lines
from claude_batch_tui.tui.screens.batch_requests import SHOWN, request_lines
from claude_batch_tui.tui.screens.batch_timeline import timeline_lines
from claude_batch_tui.tui.widgets.columns import Run
from claude_batch_tui.tui.widgets.fitting import ascii_only, cells, cut, cut_mark
from claude_batch_tui.tui.widgets.one_line import OneLine
from claude_batch_tui.tui.widgets.text_rows import AnyLine
from claude_batch_tui.tui.widgets.text_view import TextView

TABS = ("overview", "timeline", "requests", "cost", "polls")
_LEAST_TITLE = 24
"""Cells a name gets beside the tabs; where there are fewer it has a line of its own."""


class Shown(msgspec.Struct, frozen=True):
    """The batch whose detail is shown, and what the screen knows about it."""

    tracked: TrackedBatch
    forecast: Forecast | None
    download: Download | None
    link: Link


class Memory(msgspec.Struct, frozen=True):
    """Where the rest comes from: functions of a batch id that block, for a thread."""

    story: Callable[[str], Story | None]
    requests: Callable[[str, int], SentRequests | None]


class BatchDetail(Vertical):
    """One batch in full. The screen hands it what it knows with `show`; what a tab needs more is read when it opens."""

    def __init__(self, memory: Memory, *, id: str | None = None) -> None:  # noqa: A002  the name is Textual's
        super().__init__(id=id)
        self._memory = memory
        self._tab = 0
        self._shown: Shown | None = None
        self._now: datetime | None = None
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

    def show(self, shown: Shown | None, now: datetime) -> None:
        """Show a batch as it is at `now`; None where there is none."""
        before = self._shown.tracked.id if self._shown else None
        self._shown, self._now = shown, now
        is_same = shown is not None and shown.tracked.id == before
        if not is_same:
            self._forget()
        self._draw(keep_place=is_same)

    def turn(self, step: int) -> None:
        """Open the next tab, or the one before."""
        self._tab = (self._tab + step) % len(TABS)
        self._draw(keep_place=False)

    def on_resize(self) -> None:
        """The name moves between its own line and that of the tabs; drawings have another width."""
        self.call_after_refresh(self._draw, keep_place=True)

    def _forget(self) -> None:
        self._story = self._requests = None
        self._read = ()

    def _draw(self, *, keep_place: bool) -> None:
        self._ask()
        title = self._shown.tracked.title if self._shown else ""
        tabs = self.query_one(_TabsLine)
        beside = self.size.width - tabs.tabs_width >= _LEAST_TITLE
        heading = self.query_one(_TitleLine)
        heading.display = not beside
        heading.show(title)
        tabs.show(self._tab, title if beside else "")
        self.view.show(self._lines(), keep_place=keep_place)

    def _ask(self) -> None:
        """Have what the open tab needs read, where it is not known for the batch as it is now."""
        shown, tab = self._shown, TABS[self._tab]
        if shown is None or tab in ("overview", "timeline"):
            return
        wanted = (
            (tab, shown.tracked.id)
            if tab == "requests"
            else ("story", shown.tracked, shown.link.polled_at, shown.link.failures)
        )
        if wanted != self._read:
            self._read = wanted
            self._read_memory(shown.tracked.id, tab)

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def _read_memory(self, batch_id: str, tab: str) -> None:
        if tab == "requests":
            requests = self._memory.requests(batch_id, SHOWN)
            self.app.call_from_thread(self._take_requests, batch_id, requests)
        else:
            try:
                story = self._memory.story(batch_id)
            except CbtuiError as error:
                story = None
                self.app.call_from_thread(self.app.notify, str(error), severity="error")
            self.app.call_from_thread(self._take_story, batch_id, story)

    def _take_requests(self, batch_id: str, requests: SentRequests | None) -> None:
        if self._shown is not None and self._shown.tracked.id == batch_id:
            self._requests = requests or SentRequests((), 0)
            self._draw(keep_place=True)

    def _take_story(self, batch_id: str, story: Story | None) -> None:
        if self._shown is not None and self._shown.tracked.id == batch_id:
            self._story = story or Story()
            self._draw(keep_place=True)

    def _lines(self) -> Sequence[AnyLine]:
        shown, now = self._shown, self._now
        if shown is None or now is None:
            return [("", None)]
        batch, width, plain = shown.tracked.batch, self.view.size.width, ascii_only(self)
        match TABS[self._tab]:
            case "overview":
                return overview_lines(
                    shown.tracked,
                    now=now,
                    forecast=shown.forecast,
                    download=shown.download,
                    width=width,
                    ascii_only=plain,
                )
            case "timeline":
                return timeline_lines(batch, now=now, forecast=shown.forecast, width=width, ascii_only=plain)
            case "requests":
                known = self._requests
                return _READING if known is None else request_lines(known if known.first else None)
            case "cost":
                return _READING if self._story is None else cost_lines(shown.tracked, self._story)
            case _:
                if self._story is None:
                    return _READING
                return poll_lines(shown.tracked, self._story, link=shown.link, now=now)


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
