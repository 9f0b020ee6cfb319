"""Where results are saved, and in which format: the ending chooses, the arrows go through the endings."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.exports.formats import FORMATS, Format, format_of, with_ending_of
from claude_batch_tui.services.exporting.target import Options, check_target
from claude_batch_tui.tui.dialogs.box import Box
from claude_batch_tui.tui.widgets.fitting import ascii_only
from claude_batch_tui.tui.widgets.line_input import LineInput


class SaveChoice(msgspec.Struct, frozen=True):
    """What was chosen."""

    target: Path
    form: Format
    spread: bool


class SaveDialog(Box[SaveChoice | None]):
    """Gives a choice that can be written, or None. Nothing is ever overwritten; a database of ours takes more."""

    DEFAULT_CSS = """
    SaveDialog LineInput { margin: 1 0; text-style: underline; }
    SaveDialog .problem { height: auto; color: $text-error; text-style: bold; }
    SaveDialog:ansi .problem { color: ansi_red; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "turn(1)", "format", id="save.next", tooltip="the next format"),
        Binding(
            "up", "turn(-1)", "format before", id="save.previous", show=False, tooltip="the format before"
        ),
        Binding(
            "ctrl+t",
            "spread",
            "spread",
            id="save.spread",
            tooltip="a column for each key of structured answers",
        ),
        Binding("escape", "leave", "leave", id="save.leave", tooltip="leave without saving"),
    ]

    def __init__(self, title: str, stem: str) -> None:
        super().__init__(title)
        self._stem = stem
        self._spread = False

    def content(self) -> list[Widget]:
        """The name, the formats, what becomes of structured answers, and what is wrong."""
        return [
            LineInput(f"{self._stem}.csv", enter="save"),
            Static("", markup=False, classes="formats"),
            Static("", markup=False, classes="spread"),
            Static("", markup=False, classes="problem"),
        ]

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(LineInput).focus()
        self._show()

    @on(Input.Changed)
    def _changed(self) -> None:
        self.query_one(".problem", Static).update("")
        self._show()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        value = event.value.strip()
        try:
            if not value:
                raise ConfigError("Type a name for the file.")
            form, target = format_of(value), Path(value).expanduser()
            check_target(target, Options(form))
        except CbtuiError as error:
            self.query_one(".problem", Static).update(Content(clean_line(str(error))))
            return
        self.dismiss(SaveChoice(target, form, self._spread))

    def action_turn(self, step: int) -> None:
        """Give the name the ending of another format."""
        field = self.query_one(LineInput)
        current = self._form()
        index = FORMATS.index(current) + step if current else 0
        field.value = with_ending_of(field.value, FORMATS[index % len(FORMATS)])
        field.cursor_position = len(field.value)

    def action_spread(self) -> None:
        """Columns from structured answers, or not."""
        self._spread = not self._spread
        self._show()

    def action_leave(self) -> None:
        """Close without saving."""
        self.dismiss(None)

    def _form(self) -> Format | None:
        try:
            return format_of(self.query_one(LineInput).value.strip())
        except ConfigError:
            return None

    def _show(self) -> None:
        chosen, mark = self._form(), ">" if ascii_only(self) else "▸"
        lines = [f"{mark if one is chosen else ' '} {one.endings[0]:<12} {one.words}" for one in FORMATS]
        self.query_one(".formats", Static).update(Content("\n".join(lines)))
        box = "[x]" if self._spread else "[ ]"
        words = f"\n{box} a column for each key of structured answers (^t)"
        self.query_one(".spread", Static).update(Content(words))
