"""The results shown, in numbers: a whole screen over the results, until it is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.worker import get_current_worker

from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.statistics import Statistics
from claude_batch_tui.services.results.statistics import statistics
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.tui.results.keys import TABS_KEYS
from claude_batch_tui.tui.results.statistics_words import statistics_screen
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.title_line import TitleLine
from claude_batch_tui.wording import statistics_lines


class StatisticsScreen(DashboardScreen, inherit_bindings=False):  # there is one pane: no keys to go on
    """Outcomes, stop reasons, errors, tokens, cost and cache of some entries of a file."""

    help_title: ClassVar[str] = "Statistics"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", id="statistics.copy", tooltip="copy the numbers as text"),
        *TABS_KEYS,
        Binding("q,escape,S", "close", "back", id="statistics.close", tooltip="back to the results"),
    ]

    def __init__(self, title: str, index: ResultsIndex, positions: Sequence[int], prices: PriceTable) -> None:
        super().__init__()
        self._title = title
        self._index = index
        self._positions = positions
        self._prices = prices
        self._statistics: Statistics | None = None

    def compose(self) -> ComposeResult:
        """Title, text, messages, keys."""
        yield TitleLine("STATISTICS")
        yield TextView("\n   Counting …", wrap=False)
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Count."""
        self.query_one(TextView).focus()
        self._count()

    def on_resize(self) -> None:
        """Drawings have another size."""
        self.call_after_refresh(self._draw)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """What is counted does not change with the batches."""

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """There is nothing to copy yet."""
        if action == "copy" and self._statistics is None:
            return "nothing is counted yet"
        return super().reason_disabled(action, parameters)

    def action_copy(self) -> None:
        """Copy the numbers."""
        if self._statistics is not None:
            self.dashboard.copy("\n".join(statistics_lines(self._statistics)))

    def action_close(self) -> None:
        """Back to the results."""
        self.dismiss(None)

    @work(thread=True, exclusive=True, group="statistics")
    def _count(self) -> None:
        """Count in a thread."""
        worker = get_current_worker()
        for found in statistics([(self._index, self._positions)], self._prices):
            if worker.is_cancelled:
                return
            self.app.call_from_thread(self._take, found)

    def _take(self, found: Statistics) -> None:
        if self.is_mounted:
            self._statistics = found
            self.refresh_bindings()
            self._draw()

    def _draw(self) -> None:
        found = self._statistics
        if found is None:
            return
        is_whole = found.entries == found.expected
        of = f"{found.entries:,} entries" if is_whole else f"{found.entries:,} of {found.expected:,} …"
        self.query_one(TitleLine).show(left=self._title, right=of)
        lines = statistics_screen(found, width=self.size.width, ascii_only=self.dashboard.ascii_only)
        self.query_one(TextView).show(lines, keep_place=True)
