"""Which of several workspaces: the key that turns to the next one, and the question before what is for one alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import events

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.letter_menu import LetterMenu

_MOST = 9
"""As many as digits can choose; the others are in the palette."""


class ChoosingWorkspace(DashboardScreen):
    """For a screen that shows one workspace, or all."""

    def __init__(self) -> None:
        super().__init__()
        self._letters = LetterMenu(self)

    def on_key(self, event: events.Key) -> None:
        """A letter that is waited for."""
        self._letters.take(event)

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Where one is watched there is no other."""
        if action == "workspace" and len(self.dashboard.workspaces.watched) < 2:
            return "one workspace is watched; cbtui --profile A --profile B watches two"
        return super().reason_disabled(action, parameters)

    def action_workspace(self) -> None:
        """Show the next workspace, or all."""
        self.dashboard.action_next_workspace()

    def ask_workspace(self, what: str, then: Callable[[], None]) -> None:
        """Ask which workspace it is for, show that one alone, and go on there."""
        names = self.dashboard.workspaces.watched[:_MOST]

        def choose(name: str) -> None:
            self.dashboard.action_show_workspace(name)
            then()

        choices = "   ".join(f"{number} {clean_line(name)}" for number, name in enumerate(names, 1))
        self._letters.ask(
            f"{what} in which workspace?  {choices}",
            {str(number): partial(choose, name) for number, name in enumerate(names, 1)},
        )
