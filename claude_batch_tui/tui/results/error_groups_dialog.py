"""The errors of the open results by message, with how often each came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, get_current_worker

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.services.results.statistics import ErrorGroup, error_groups
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.dialogs.questions import Box
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key


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
        shown_key("errors.choose", "enter", "choose", "filter", "show the entries of this message"),
        hidden_key("errors.down", "j", "move(1)", "down", "down"),
        hidden_key("errors.up", "k", "move(-1)", "up", "up"),
        shown_key("errors.leave", "escape,q", "leave", "leave", "leave without choosing"),
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


def ask_error_group(screen: DashboardScreen, results: ResultsFile, choose: Callable[[str], None]) -> None:
    """Group the errors in a thread, and have one of the groups chosen: `choose` takes the filter that shows it."""
    own = results.duplicate()

    def group() -> None:
        worker = get_current_worker()
        with own:
            groups = error_groups(own, lambda: worker.is_cancelled)
        screen.app.call_from_thread(show, worker, groups)

    def show(worker: Worker[None], groups: Sequence[ErrorGroup]) -> None:
        if worker.is_cancelled:
            return
        if groups:
            dialog = ErrorGroupsDialog(groups)
            screen.app.push_screen(dialog, lambda wanted: choose(wanted) if wanted else None)
        else:
            screen.say("There are no errors in these results.", seconds=3.0)

    screen.run_worker(group, thread=True, exclusive=True, group="errors")
