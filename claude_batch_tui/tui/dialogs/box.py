"""What all dialogs share: an opaque box in the middle, a line of keys under it."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.disabled import check_action
from claude_batch_tui.tui.widgets.fitting import ascii_only
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.status_line import StatusLine

Result = TypeVar("Result")


class Box(ModalScreen[Result], Generic[Result]):
    """A dialog: subclasses give its content. Opaque, because a tinted one is painted twice over SSH."""

    DEFAULT_CSS = """
    Box {
        align: center middle;
        background: $background;
        & > #box {
            width: 76;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 1 2;
            border: solid $foreground;
            background: $background;
            &.-ascii { border: ascii $foreground; }
        }
        & > .foot { dock: bottom; height: 2; }
    }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._box_title = clean_line(title)

    def compose(self) -> ComposeResult:
        """The box with its content, a line for messages, the keys."""
        box = Vertical(*self.content(), id="box", classes="-ascii" if ascii_only(self) else "")
        box.border_title = Content(self._box_title)
        yield box
        with Vertical(classes="foot"):
            yield StatusLine()
            yield KeyLine()

    def content(self) -> list[Widget]:
        """What is in the box."""
        raise NotImplementedError

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:  # noqa: ARG002
        """Why an action cannot be done now, as the end of a sentence, or None where it can."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What cannot be done now is greyed."""
        return check_action(self, super().check_action(action, parameters), action, parameters)
