"""What the fields of Build are typed into: a line, and an editor of several lines that marks the columns a template names."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import ClassVar

import aiofiles.os
from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, TextArea

from claude_batch_tui.sources.template import variables_in
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.roles import role_style

_MOST_ROWS = 8


class FieldInput(Input):
    """A line without a border, whose caret is seen and does not blink. Enter, down and up go from field to field."""

    DEFAULT_CSS = """
    FieldInput {
        height: 1;
        border: none;
        padding: 0;
        background: $background;
        color: $foreground;
        &:focus { border: none; background: $surface; background-tint: transparent; }
        &:ansi:focus { background: ansi_default; text-style: underline; }
        & > .input--placeholder, & > .input--suggestion { color: $text-muted; }
        &:ansi > .input--placeholder, &:ansi > .input--suggestion { color: ansi_default; text-style: dim; }
    }
    """
    # With priority, so that what is typed ahead lands in the field they lead to.
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "field.enter",
            "enter",
            "screen.field(1, True)",
            "next",
            "the next field; after the last, check",
            priority=True,
        ),
        hidden_key("field.down", "down", "screen.field(1)", "next", "the next field", priority=True),
        hidden_key("field.up", "up", "screen.field(-1)", "previous", "the field before", priority=True),
    ]

    def __init__(self, value: str = "", *, placeholder: str = "", suggester: Suggester | None = None) -> None:
        super().__init__(value=value, placeholder=placeholder, suggester=suggester, select_on_focus=False)
        self.cursor_blink = False
        _leave_pages(self)

    def watch__suggestion(self, before: str, after: str) -> None:
        """Tab does something else from now on: the line of keys says so."""
        if bool(before) != bool(after) and self.is_attached:
            self.screen.refresh_bindings()

    @property
    def can_complete(self) -> bool:
        """Whether what is typed goes on in grey as tab would have it."""
        return isinstance(self.suggester, PathSuggester) and self.cursor_at_end and bool(self._suggestion)

    async def complete(self) -> bool:
        """Complete a path as a shell does; False where it is no path, is whole, or nothing begins so."""
        if not isinstance(self.suggester, PathSuggester) or not self.cursor_at_end:
            return False
        whole = await self.suggester.get_suggestion(self.value)
        if whole is None:
            return False
        self.value = whole
        self.cursor_position = len(whole)
        return True


class PathSuggester(Suggester):
    """Completes a path by what is in its folder: the first name that begins so, folders with a slash."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The whole path suggested, or None."""
        if not value or value.endswith("~"):
            return None
        folder, beginning = _split(value)
        try:
            names = await aiofiles.os.listdir(folder or ".")
        except OSError:
            return None
        fitting = sorted(
            name for name in names if name.startswith(beginning) and (beginning or name[0] != ".")
        )
        if not fitting or fitting[0] == beginning:
            return None
        is_folder = await aiofiles.os.path.isdir(os.path.join(folder, fitting[0]))  # noqa: PTH118 — the same
        return value + fitting[0][len(beginning) :] + ("/" if is_folder else "")


def _split(value: str) -> tuple[str, str]:
    """The folder and the beginning of a name in what is typed; Path would drop a slash at the end."""
    return os.path.split(os.path.expanduser(value))  # noqa: PTH111


class FieldEditor(TextArea):
    """Several lines, as high as its text; enter begins a line, tab goes on, and so do down and up from the last and first line.

    Columns of `names` and what is none of them are marked.

    `names` is None where nothing is marked: the text is no template, or its columns are not known yet.
    """

    DEFAULT_CSS = f"""
    FieldEditor {{
        height: auto;
        max-height: {_MOST_ROWS};
        min-height: 1;
        border: none;
        padding: 0;
        background: $background;
        scrollbar-size-vertical: 1;
        &:focus {{ border: none; background: $surface; background-tint: transparent; }}
        &:ansi, &:ansi:focus {{ background: ansi_default; color: ansi_default; }}
        & .text-area--cursor-line {{ background: transparent; }}
        & .text-area--placeholder {{ color: $text-muted; }}
        &:ansi .text-area--placeholder {{ color: ansi_default; text-style: dim; }}
        & .text-area--cursor, &:light .text-area--cursor, &:dark .text-area--cursor {{
            color: $input-cursor-foreground; background: $input-cursor-background;
        }}
        &:ansi .text-area--cursor {{ color: ansi_default; background: ansi_default; text-style: reverse; }}
    }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "editor.enter", "enter", "new_line", "new line", "begin a line; tab goes to the next field"
        ),
    ]

    def __init__(self, value: str = "", *, placeholder: str = "") -> None:
        super().__init__(
            value,
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
            highlight_cursor_line=False,
            placeholder=placeholder,
            tab_behavior="focus",
        )
        self.cursor_blink = False
        self.match_cursor_bracket = False
        _leave_pages(self)
        self._names: Collection[str] | None = None

    @property
    def value(self) -> str:
        """What is typed."""
        return self.text

    @value.setter
    def value(self, text: str) -> None:
        if text != self.text:
            self.text = text

    def mark(self, names: Collection[str] | None) -> None:
        """Mark the variables of the text by what there is."""
        if names != self._names:
            self._names = names
            self._line_cache.clear()
            self.refresh()

    def action_new_line(self) -> None:
        """Begin a line."""
        self.insert("\n")

    async def action_cursor_down(self, select: bool = False) -> None:  # type: ignore[override]  # awaited either way
        """A line down; from the last one to the next field."""
        if select or not self.navigator.is_last_wrapped_line(self.cursor_location):
            super().action_cursor_down(select)
        else:
            await self.run_action("screen.field(1)")

    async def action_cursor_up(self, select: bool = False) -> None:  # type: ignore[override]
        """A line up; from the first one to the field before."""
        if select or not self.navigator.is_first_wrapped_line(self.cursor_location):
            super().action_cursor_up(select)
        else:
            await self.run_action("screen.field(-1)")

    def get_line(self, line_index: int) -> Text:
        """A line with its variables marked: by color those that there are, underlined too those that there are not."""
        line = super().get_line(line_index)
        if self._names is not None:
            for found in variables_in(line.plain, self._names):
                role = "accent" if found.is_known else "bad"
                style = role_style(self, role)
                line.stylize(style + Style(underline=not found.is_known), found.start, found.end)
        return line


def _leave_pages(field: Widget) -> None:
    """Leave the keys of pages to the screen, which walks through the rows with them: a field has no pages."""
    for key in ("pageup", "pagedown"):
        field._bindings.key_to_bindings.pop(key, None)  # noqa: SLF001  as in `LineInput`
