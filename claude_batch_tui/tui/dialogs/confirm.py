"""The question before anything destructive or paid. Enter alone never says yes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from claude_batch_tui.domain.plain_text import clean, clean_line
from claude_batch_tui.tui.dialogs.box import Box
from claude_batch_tui.tui.widgets.line_input import LineInput


class ConfirmDialog(Box[bool]):
    """`y` does it; esc, n, enter and q keep things as they are.

    `body` is plain lines. `yes` and `no` name the two outcomes: "Cancel 2 batches", "Keep running".
    """

    DEFAULT_CSS = """
    ConfirmDialog .choices { height: 1; margin-top: 1; }
    ConfirmDialog .choices > Static { width: 1fr; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "do it", id="confirm.yes", tooltip="do it"),
        Binding(
            "escape,n,enter,q", "answer(False)", "keep", id="confirm.no", tooltip="keep things as they are"
        ),
    ]

    def __init__(self, title: str, body: Sequence[str], *, yes: str, no: str = "Keep") -> None:
        super().__init__(title)
        self._body = body
        self._yes = clean_line(yes)
        self._no = clean_line(no)

    def content(self) -> list[Widget]:
        """What would happen, and the two choices."""
        return [
            Static(Content(clean("\n".join(self._body))), markup=False),
            Horizontal(
                Static(Content(f"> {self._no} (esc)"), markup=False, classes="no"),
                Static(Content(f"{self._yes} ({self.yes_key})"), markup=False, classes="yes"),
                classes="choices",
            ),
        ]

    @property
    def yes_key(self) -> str:
        """What says yes, in words."""
        return "y"

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)


class TypedConfirmDialog(ConfirmDialog, inherit_bindings=False):
    """A confirmation above the money limit: `expected` has to be typed, then enter; everything else keeps."""

    DEFAULT_CSS = """
    TypedConfirmDialog .typed { height: 1; margin-top: 1; }
    TypedConfirmDialog .typed > Static { width: auto; }
    TypedConfirmDialog .typed > LineInput { width: 24; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer(False)", "not yet", id="confirm.no", tooltip="keep things as they are"),
    ]

    def __init__(
        self,
        title: str,
        body: Sequence[str],
        *,
        yes: str,
        expected: str,
        label: str = "type",
        no: str = "Not yet",
    ) -> None:
        super().__init__(title, body, yes=yes, no=no)
        self._expected = expected
        self._label = clean_line(label)

    @property
    def yes_key(self) -> str:
        """What says yes, in words."""
        return f"{self._expected}, then enter"

    def content(self) -> list[Widget]:
        """What would happen, the field, and the two choices."""
        text, choices = super().content()
        field = LineInput(enter="when it is typed")
        return [
            text,
            Horizontal(Static(Content(f"{self._label}  "), markup=False), field, classes="typed"),
            choices,
        ]

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(LineInput).focus()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        if self.is_typed(event.value, self._expected):
            self.dismiss(True)

    @staticmethod
    def is_typed(typed: str, expected: str) -> bool:
        """Whether the field reads what was asked for; separators of thousands do not matter."""
        return typed.replace(",", "").replace(" ", "") == expected.replace(",", "").replace(" ", "")


def paid_question(title: str, body: Sequence[str], *, count: int, why: str | None, yes: str) -> ConfirmDialog:
    """The question before requests are sent; `why`, a phrase, has their count typed and not only `y` pressed."""
    title = f"{title}  This is paid."
    if why is None:
        return ConfirmDialog(title, body, yes=yes, no="Not yet")
    return TypedConfirmDialog(
        title,
        [*body, "", f"Note: {why}. Type the number of requests to confirm."],
        yes=yes,
        expected=str(count),
        label="requests",
    )


def if_agreed(work: Callable[[], object]) -> Callable[[bool | None], None]:
    """What to do with the answer to a confirmation: the work after a yes, else nothing."""

    def answered(yes: bool | None) -> None:
        if yes:
            work()

    return answered
