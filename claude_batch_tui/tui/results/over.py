"""Screens that lie over the results: the keys of the three tabs leave them and go there."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.binding import Binding
from textual.screen import Screen

if TYPE_CHECKING:
    from claude_batch_tui.tui.app import DashboardApp

OVER_BINDINGS = [
    Binding("1", "go('batches')", "batches", id="over.batches", show=False, tooltip="the batches"),
    Binding("2", "go('build')", "build", id="over.build", show=False, tooltip="build requests from a file"),
    Binding("3", "go('results')", "results", id="over.results", show=False, tooltip="the results"),
]


class OverScreen(Screen[None]):
    """What those keys do. Subclasses have `OVER_BINDINGS` among theirs."""

    def action_go(self, mode: str) -> None:
        """Close, and go to one of the three screens."""
        dashboard = cast("DashboardApp", self.app)
        self.dismiss(None)
        dashboard.call_after_refresh(dashboard.action_show, mode)
