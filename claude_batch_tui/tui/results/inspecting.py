"""The keys of an inspector on a screen that has a list beside it."""

from __future__ import annotations

from textual.binding import Binding

from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.tui.results.inspector import Inspector
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.terminal.lending import paged
from claude_batch_tui.tui.widgets.virtual_list import VirtualList

INSPECTOR_BINDINGS = [
    Binding(
        "right_square_bracket",
        "tab(1)",
        "next tab",
        id="results.next-tab",
        show=False,
        tooltip="text, markdown, json, request, row",
    ),
    Binding(
        "left_square_bracket",
        "tab(-1)",
        "previous tab",
        id="results.previous-tab",
        show=False,
        tooltip="the tab before",
    ),
    Binding(
        "J",
        "entry(1)",
        "next entry",
        id="results.next",
        show=False,
        tooltip="next entry, from the inspector too",
    ),
    Binding("K", "entry(-1)", "previous entry", id="results.previous", show=False, tooltip="previous entry"),
    Binding("z", "zoom", "zoom", id="results.zoom", show=False, tooltip="inspector on the whole screen"),
    Binding("w", "wrap", "wrap", id="results.wrap", show=False, tooltip="wrap long lines, or not"),
    Binding("v", "pager", "pager", id="results.pager", show=False, tooltip="what is shown in $PAGER"),
    Binding("y", "copy", "copy", id="results.copy", show=False, tooltip="copy the text shown"),
    Binding("Y", "copy_id", "copy id", id="results.copy-id", show=False, tooltip="copy the custom_id"),
]
INSPECTOR_NEEDS_ENTRY = ("tab", "entry", "zoom", "wrap", "pager", "copy", "copy_id")


class InspectingFrame(DashboardScreen):
    """A screen with a list (`#list`) and an inspector (`#detail`)."""

    @property
    def table(self) -> VirtualList:
        """The list."""
        return self.query_one("#list", VirtualList)

    @property
    def inspector(self) -> Inspector:
        """The entry in full."""
        return self.query_one("#detail", Inspector)

    def action_tab(self, step: int) -> None:
        """Another view of the entry."""
        self.inspector.step_tab(step)

    def action_entry(self, step: int) -> None:
        """The next or previous entry."""
        self.table.go_to(self.table.cursor_index + step)

    def action_zoom(self) -> None:
        """Inspector on the whole screen, and back."""
        self.toggle_class("-zoomed")
        (self.inspector.body if self.has_class("-zoomed") else self.table).focus()

    def action_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.inspector.toggle_wrap()

    def action_copy(self) -> None:
        """Copy what the inspector shows."""
        text = self.inspector.copied()
        if text is not None:
            self.dashboard.copy(text)

    def action_copy_id(self) -> None:
        """Copy the custom_id."""
        custom_id = self.inspector.custom_id
        if custom_id:
            self.dashboard.copy(custom_id)

    def action_pager(self) -> None:
        """What the inspector shows in $PAGER, with the dashboard out of the way."""
        try:
            paged(self.app, clean(self.inspector.text()))
        except ConfigError as error:
            self.say(str(error), kind="error")
