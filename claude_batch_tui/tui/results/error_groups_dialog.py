"""The errors of the open results by message, with how often each came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.services.results.error_groups import ErrorGroup
from claude_batch_tui.tui.dialogs.box import Box


class ErrorGroupsDialog(Box[str | None]):
    """Gives the filter of the group chosen, or None."""

    DEFAULT_CSS = """
    ErrorGroupsDialog {
        & > #box { width: 110; }
        & OptionList { height: auto; max-height: 14; border: none; background: $background; padding: 0; }
        & OptionList:focus { border: none; background-tint: transparent; }
        & OptionList { text-wrap: nowrap; text-overflow: ellipsis; }
        & .said { height: auto; max-height: 4; margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "filter", id="errors.choose", tooltip="show the entries of this message"),
        Binding("j", "move(1)", "down", id="errors.down", show=False, tooltip="down"),
        Binding("k", "move(-1)", "up", id="errors.up", show=False, tooltip="up"),
        Binding("escape,q", "leave", "leave", id="errors.leave", tooltip="leave without choosing"),
    ]

    def __init__(self, groups: Sequence[ErrorGroup]) -> None:
        total = sum(group.count for group in groups)
        super().__init__(f"{total:,} errors, {len(groups):,} messages")
        self._groups = groups

    def content(self) -> list[Widget]:
        """A line a group, and the whole message of the one under the cursor."""
        options = OptionList(*(Option(self._words(group)) for group in self._groups), markup=False)
        return [options, Static("", classes="said", markup=False)]

    def on_mount(self) -> None:
        """Begin at the most frequent."""
        options = self.query_one(OptionList)
        options.focus()
        options.highlighted = 0

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        group = self._groups[event.option_index]
        self.query_one(".said", Static).update(
            Content(clean_line(f"enter shows these {group.count:,}: {group.kind}: {group.shape}"))
        )

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._groups[event.option_index].wanted)

    def action_choose(self) -> None:
        """What enter does."""
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self.dismiss(self._groups[highlighted].wanted)

    def action_move(self, step: int) -> None:
        """Down or up by the letters."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def _words(self, group: ErrorGroup) -> Content:
        return Content(clean_line(f"{group.count:>9,}  {group.kind:<22} {group.shape}"))
