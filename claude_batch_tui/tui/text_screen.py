"""A text over the whole screen, drawn for the width there is, until it is left."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.lines import StatusLine, TitleLine
from claude_batch_tui.tui.widgets.text_view import TextView


class TextScreen(DashboardScreen, inherit_bindings=False):  # there is one pane: no keys to go on to another
    """One text, which does not change with the batches."""

    at_first: ClassVar[str] = ""
    """What stands there until something is drawn."""
    wraps: ClassVar[bool] = False
    """Whether lines that are too long are wrapped."""
    scrolls: ClassVar[bool] = True
    """Whether arrows and pages move the text; otherwise they are keys of the screen."""

    def compose(self) -> ComposeResult:
        """Title, text, messages, keys."""
        yield TitleLine(self.help_title.upper())
        view = TextView(self.at_first, wrap=self.wraps)
        view.can_focus = self.scrolls
        yield view
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Give the keys to the text, if they are its own."""
        if self.scrolls:
            self.query_one(TextView).focus()

    def on_resize(self) -> None:
        """The text has another width."""
        self.call_after_refresh(self.redraw)

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """What is drawn stays as it was when it was read."""

    def redraw(self) -> None:
        """Draw what is known by now, if the screen is still there."""
        if self.is_mounted:
            self.draw(self.query_one(TitleLine), self.query_one(TextView))

    def draw(self, title: TitleLine, view: TextView) -> None:
        """Show what is known by now."""
        raise NotImplementedError

    def action_close(self) -> None:
        """Back to where we came from."""
        self.dismiss(None)
