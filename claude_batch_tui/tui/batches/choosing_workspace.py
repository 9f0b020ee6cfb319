"""Which of several workspaces: the key that turns to the next one, and the question before what is for one alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.submitting.retrying import RetryingFrame
from claude_batch_tui.tui.widgets.letter_menu import LetterMenu

_MOST = 9
"""As many as digits can choose; the others are in the palette."""


class ChoosingWorkspace(LetterMenu, RetryingFrame):
    """For a screen that shows one workspace, or all."""

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Where one is watched there is no other."""
        if action == "workspace" and len(self.dashboard.engines.watched) < 2:
            return "one workspace is watched; cbtui --profile A --profile B watches two"
        return super().reason_disabled(action, parameters)

    def action_workspace(self) -> None:
        """Show the next workspace, or all."""
        self.dashboard.action_next_workspace()

    def ask_workspace(self, what: str, then: Callable[[], None]) -> None:
        """Ask which workspace it is for, show that one alone, and go on there."""
        names = self.dashboard.engines.watched[:_MOST]

        def choose(name: str) -> None:
            self.dashboard.action_show_workspace(name)
            then()

        choices = "   ".join(f"{number} {clean_line(name)}" for number, name in enumerate(names, 1))
        self.ask_letter(
            f"{what} in which workspace?  {choices}",
            {str(number): partial(choose, name) for number, name in enumerate(names, 1)},
        )
