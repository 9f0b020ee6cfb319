"""The detail of a batch, beside the list or under it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from textual.app import ComposeResult
from textual.containers import Vertical

from claude_batch_tui.domain.forecast import Forecast
from claude_batch_tui.domain.tracked import Download, TrackedBatch
from claude_batch_tui.tui.screens.batch_overview import overview_lines
from claude_batch_tui.tui.widgets.fitting import ascii_only
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.text_view import TextView


class Shown(msgspec.Struct, frozen=True):
    """The batch whose detail is shown, and what the screen knows about it."""

    tracked: TrackedBatch
    forecast: Forecast | None
    download: Download | None


class BatchDetail(Vertical):
    """One batch in full. The screen hands it what it knows with `show`."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the name is Textual's
        super().__init__(id=id)
        self._shown: Shown | None = None
        self._now: datetime | None = None

    def compose(self) -> ComposeResult:
        """The text."""
        yield TextView(id="detail-text")

    @property
    def view(self) -> TextView:
        """The text."""
        return self.query_one("#detail-text", TextView)

    def show(self, shown: Shown | None, now: datetime) -> None:
        """Show a batch as it is at `now`; None where there is none."""
        is_same = self._shown is not None and shown is not None and self._shown.tracked.id == shown.tracked.id
        self._shown, self._now = shown, now
        self.view.show(self._lines(), keep_place=is_same)

    def _lines(self) -> Sequence[Line]:
        shown, now = self._shown, self._now
        if shown is None or now is None:
            return [("", None)]
        title: list[Line] = [(f" {shown.tracked.title}", "strong")]
        return title + overview_lines(
            shown.tracked,
            now=now,
            forecast=shown.forecast,
            download=shown.download,
            width=self.view.size.width,
            ascii_only=ascii_only(self),
        )
