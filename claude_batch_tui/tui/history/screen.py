"""The history: what the batches of the last days say together, drawn. A whole screen of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType

from claude_batch_tui.tui.history.drawing import history_lines
from claude_batch_tui.tui.history.store_text import Drawing, StoreTextScreen, common_keys
from claude_batch_tui.tui.widgets.key_line import shown_key

PERIODS = (7, 30, 90, 365)
"""Days to look back, turned by `[` and `]`."""


class HistoryScreen(StoreTextScreen):
    """Turnaround, batches and spend per day, outcomes; `[` and `]` change how far back."""

    help_title: ClassVar[str] = "History"
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("history.further", "right_square_bracket", "period(1)", "further back", "more days"),
        shown_key("history.nearer", "left_square_bracket", "period(-1)", "nearer", "fewer days"),
        *common_keys("history", close="q,escape,T"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._period = 1

    @property
    def days(self) -> int:
        """How far back."""
        return PERIODS[self._period]

    @property
    def shown_words(self) -> str:
        """How far back, in words."""
        return f"last {self.days} days"

    def reading(self) -> Callable[[], Drawing]:
        """Reads the batches of these days."""
        engines, days, now = self.dashboard.engines, self.days, self.dashboard.now()
        ascii_only = self.dashboard.ascii_only

        def read() -> Drawing:
            history = engines.history(days, now)
            return lambda width: history_lines(history, width=width, ascii_only=ascii_only)

        return read

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
