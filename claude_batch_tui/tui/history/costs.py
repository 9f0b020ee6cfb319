"""The costs: what batches cost by day, model, tag or run, a line each, with what is in flight and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import ClassVar

from textual.binding import BindingType

from claude_batch_tui.domain.batches.costs import GROUPINGS, By, Costs
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.history.store_text import Drawing, StoreTextScreen, common_keys
from claude_batch_tui.tui.widgets.columns import fit
from claude_batch_tui.tui.widgets.key_line import shown_key
from claude_batch_tui.tui.widgets.text_rows import StyledLine
from claude_batch_tui.wording.costs import COST_HEADS, cost_cells, cost_notes

_MONTHS = 120
_KEY = 20
"""Cells that what a line is of has at least."""
_LEAVE = ("REQUESTS", "UNKNOWN", "STANDARD", "BATCHES", "NOT READ")
"""Columns that leave in this order where it is narrow."""


class CostsScreen(StoreTextScreen):
    """What batches cost; `b` groups otherwise, `[` and `]` change the month."""

    help_title: ClassVar[str] = "Costs"
    wraps: ClassVar[bool] = True
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
        *common_keys("costs", close="q,escape,dollar_sign"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._back = 1
        self._by: By = "day"

    @property
    def month(self) -> str | None:
        """The month that is shown, as `2026-11`; None for all that is known."""
        if not self._back:
            return None
        first = self.dashboard.now().astimezone().date().replace(day=1)
        for _ in range(self._back - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        return f"{first:%Y-%m}"

    @property
    def shown_words(self) -> str:
        """The grouping and the month."""
        return f"by {self._by}, {self.month or 'all that is known'}"

    def reading(self) -> Callable[[], Drawing]:
        """Reads the costs of the month."""
        engines, by, month = self.dashboard.engines, self._by, self.month

        def read() -> Drawing:
            found = engines.costs(by, month)
            return lambda width: cost_lines(found, month, width=width)

        return read

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
