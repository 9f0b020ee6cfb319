"""A question answered with one line: a batch id to watch, a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from claude_batch_tui.domain.plain_text import clean, clean_line
from claude_batch_tui.tui.dialogs.box import Box
from claude_batch_tui.tui.widgets.line_input import LineInput


class InputDialog(Box[str | None]):
    """Gives the typed line without blanks around it, or None. `problem` says what is wrong with it, or None."""

    DEFAULT_CSS = """
    InputDialog LineInput { margin: 1 0; text-style: underline; }
    InputDialog .problem { height: auto; color: $text-error; text-style: bold; }
    InputDialog:ansi .problem { color: ansi_red; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="input.leave", tooltip="leave without an answer"),
    ]

    def __init__(
        self,
        title: str,
        body: Sequence[str] = (),
        *,
        value: str = "",
        placeholder: str = "",
        problem: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        super().__init__(title)
        self._body = body
        self._value = value
        self._placeholder = placeholder
        self._problem = problem

    def content(self) -> list[Widget]:
        """What is asked, the field, and what is wrong with it."""
        return [
            Static(Content(clean("\n".join(self._body))), markup=False),
            LineInput(self._value, self._placeholder),
            Static("", markup=False, classes="problem"),
        ]

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(LineInput).focus()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        value = event.value.strip()
        problem = self._problem(value)
        if problem is None:
            self.dismiss(value)
        else:
            self.query_one(".problem", Static).update(Content(clean_line(problem)))

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
