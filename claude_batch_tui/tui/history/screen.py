"""The history: what the batches of the last days say together, drawn. A whole screen of its own."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from claude_batch_tui.domain.batches.history import History
from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.tui.history.drawing import history_lines
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.key_line import KeyLine, hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import StatusLine, TitleLine
from claude_batch_tui.tui.widgets.text_view import TextView

PERIODS = (7, 30, 90, 365)
"""Days to look back, turned by `[` and `]`."""


class HistoryScreen(
    DashboardScreen, inherit_bindings=False
):  # there is one pane: no keys to go on to another
    """Turnaround, batches and spend per day, outcomes; `[` and `]` change how far back."""

    help_title: ClassVar[str] = "History"
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("history.further", "right_square_bracket", "period(1)", "further back", "more days"),
        shown_key("history.nearer", "left_square_bracket", "period(-1)", "nearer", "fewer days"),
        hidden_key("history.read", "r", "read", "read again", "read the store again"),
        hidden_key("history.batches", "1", "app.show('batches')", "batches", "the batches"),
        hidden_key("history.build", "2", "app.show('build')", "build", "build requests from a file"),
        hidden_key("history.results", "3", "app.show('results')", "results", "the results"),
        shown_key("history.close", "q,escape,T", "close", "back", "back to the batches"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._period = 1
        self._history: History | None = None

    def compose(self) -> ComposeResult:
        """Title, text, messages, keys."""
        yield TitleLine("HISTORY")
        yield TextView(wrap=False)
        yield StatusLine()
        yield KeyLine()

    @property
    def days(self) -> int:
        """How far back."""
        return PERIODS[self._period]

    def on_mount(self) -> None:
        """Read what is known."""
        self.query_one(TextView).focus()
        self.action_read()

    def on_resize(self) -> None:
        """Drawings have another size."""
        self.call_after_refresh(self._draw)

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """What is drawn was read from the store, and stays until it is read again."""

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Nothing is nearer than the nearest."""
        if action == "period" and not 0 <= self._period + int(str(parameters[0])) < len(PERIODS):
            return f"{self.days} days is as {'near' if self._period == 0 else 'far'} as it goes"
        return super().reason_disabled(action, parameters)

    def action_period(self, step: int) -> None:
        """Look further back, or less far."""
        self._period += step
        self.action_read()
        self.refresh_bindings()

    def action_read(self) -> None:
        """Read the store."""
        self._read(self.days)

    def action_close(self) -> None:
        """Back to where we came from."""
        self.dismiss(None)

    @work(thread=True, exclusive=True, group="history", exit_on_error=False)
    def _read(self, days: int) -> None:
        try:
            history = self.dashboard.engines.history(days, self.dashboard.now())
        except CbtuiError as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        self.app.call_from_thread(self._take, history)

    def _take(self, history: History) -> None:
        self._history = history
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        title = self.query_one(TitleLine)
        engines = self.dashboard.engines
        where = ""
        if len(engines.watched) > 1:
            where = f", {clean_line(engines.shown) if engines.shown else 'all workspaces'}"
        title.show(left=f"last {self.days} days{where}", right="from the local copy")
        if self._history is None:
            return
        view = self.query_one(TextView)
        lines = history_lines(self._history, width=self.size.width, ascii_only=self.dashboard.ascii_only)
        view.show(lines, keep_place=True)
