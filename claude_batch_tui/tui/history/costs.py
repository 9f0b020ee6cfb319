"""The costs: what batches cost by day, model, tag or run, a line each, with what is in flight and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from claude_batch_tui.domain.batches.costs import GROUPINGS, By, Costs
from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.columns import fit
from claude_batch_tui.tui.widgets.key_line import KeyLine, hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import StatusLine, TitleLine
from claude_batch_tui.tui.widgets.text_rows import StyledLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.wording import COST_HEADS, cost_cells, cost_notes

_MONTHS = 120
_KEY = 20
"""Cells that what a line is of has at least."""
_LEAVE = ("REQUESTS", "UNKNOWN", "STANDARD", "BATCHES", "NOT READ")
"""Columns that leave in this order where it is narrow."""


class CostsScreen(DashboardScreen, inherit_bindings=False):  # there is one pane: no keys to go on to another
    """What batches cost; `b` groups otherwise, `[` and `]` change the month."""

    help_title: ClassVar[str] = "Costs"
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("costs.by", "b", "group", "group by", "by day, model, tag or run"),
        shown_key("costs.earlier", "right_square_bracket", "month(1)", "earlier", "the month before"),
        shown_key(
            "costs.later",
            "left_square_bracket",
            "month(-1)",
            "later",
            "the month after; then all that is known",
        ),
        hidden_key("costs.read", "r", "read", "read again", "read the store again"),
        hidden_key("costs.batches", "1", "app.show('batches')", "batches", "the batches"),
        hidden_key("costs.build", "2", "app.show('build')", "build", "build requests from a file"),
        hidden_key("costs.results", "3", "app.show('results')", "results", "the results"),
        shown_key("costs.close", "q,escape,dollar_sign", "close", "back", "back to the batches"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._back = 1
        self._by: By = "day"
        self._costs: Costs | None = None

    def compose(self) -> ComposeResult:
        """Title, text, messages, keys."""
        yield TitleLine("COSTS")
        yield TextView()
        yield StatusLine()
        yield KeyLine()

    @property
    def month(self) -> str | None:
        """The month that is shown, as `2026-11`; None for all that is known."""
        if not self._back:
            return None
        first = self.dashboard.now().astimezone().date().replace(day=1)
        for _ in range(self._back - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        return f"{first:%Y-%m}"

    def on_mount(self) -> None:
        """Read what is known."""
        self.query_one(TextView).focus()
        self.action_read()

    def on_resize(self) -> None:
        """Columns have another width."""
        self.call_after_refresh(self._draw)

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """What is drawn was read from the store, and stays until it is read again."""

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Nothing is later than all that is known."""
        if action == "month" and not 0 <= self._back + int(str(parameters[0])) <= _MONTHS:
            return "all that is known is shown" if not self._back else "this is as far as it goes"
        return super().reason_disabled(action, parameters)

    def action_month(self, step: int) -> None:
        """Another month."""
        self._back += step
        self.action_read()
        self.refresh_bindings()

    def action_group(self) -> None:
        """The next of day, model, tag and run."""
        self._by = GROUPINGS[(GROUPINGS.index(self._by) + 1) % len(GROUPINGS)]
        self.action_read()

    def action_read(self) -> None:
        """Read the store."""
        self._read(self._by, self.month)

    def action_close(self) -> None:
        """Back to where we came from."""
        self.dismiss(None)

    @work(thread=True, exclusive=True, group="costs", exit_on_error=False)
    def _read(self, by: By, month: str | None) -> None:
        try:
            found = self.dashboard.engines.costs(by, month)
        except CbtuiError as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        self.app.call_from_thread(self._take, found)

    def _take(self, found: Costs) -> None:
        self._costs = found
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        engines = self.dashboard.engines
        where = ""
        if len(engines.watched) > 1:
            where = f", {clean_line(engines.shown) if engines.shown else 'all workspaces'}"
        self.query_one(TitleLine).show(
            left=f"by {self._by}, {self.month or 'all that is known'}{where}", right="from the local copy"
        )
        if self._costs is not None:
            lines = list(cost_lines(self._costs, self.month, width=self.size.width))
            self.query_one(TextView).show(lines, keep_place=True)


def cost_lines(found: Costs, month: str | None, *, width: int) -> Iterator[StyledLine]:
    """The table for a width in cells, its total and what it leaves out."""
    yield StyledLine("")
    if not found.total.batches:
        yield StyledLine(f"   No batch{f' of {month}' if month else ''} is known here.")
        yield StyledLine("   ]  the month before        b  group by another        esc  back", "dim")
        return
    rows = [cost_cells(line) for line in (*found.lines, found.total)]
    widths = [max(len(head), *(len(row[at]) for row in rows)) for at, head in enumerate(COST_HEADS)]
    shown = list(range(len(COST_HEADS)))
    for name in _LEAVE:
        if sum(widths[at] + 2 for at in shown) + _KEY + 2 > width:
            shown.remove(COST_HEADS.index(name))
    names = [clean_line(line.key) for line in (*found.lines, found.total)]
    room = max(width - 2 - sum(widths[at] + 2 for at in shown), 8)
    key = min(max(len(found.by), *map(len, names)), room)

    def line(name: str, cells: tuple[str, ...], style: str | None) -> StyledLine:
        return StyledLine(
            f" {fit(name, key)}" + "".join(f"  {cells[at]:>{widths[at]}}" for at in shown), style
        )

    yield line(found.by.upper(), COST_HEADS, "dim")
    for name, cells in zip(names, rows, strict=True):
        yield line(name, cells, "strong" if cells is rows[-1] else None)
    yield StyledLine("")
    for note in cost_notes(found):
        yield StyledLine(f" {note}", "dim")
