"""One labelled line to type into."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Label


class FieldInput(Input):
    """An input whose keys show in the key line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "check", id="field.submit", tooltip="check the whole form"),
        Binding("tab", "app.focus_next", "next field", id="field.next", tooltip="the next field"),
        Binding("right", "cursor_right", "complete", id="field.complete", tooltip="take what is suggested"),
    ]


class Field(Horizontal):
    """A label and an input without a border, one line high. Its value is the stripped text, or None."""

    DEFAULT_CSS = """
    Field { height: 1; }
    Field > Label { width: 12; }
    Field > Input { width: 1fr; height: 1; border: none; padding: 0; background: $background; color: $foreground; }
    Field > Input:focus { border: none; background: $boost; text-style: underline; }
    Field:ansi > Input:focus { background: ansi_default; text-style: underline; }
    """

    def __init__(
        self,
        label: str,
        *,
        placeholder: str = "",
        value: str = "",
        suggester: Suggester | None = None,
        id: str | None = None,  # noqa: A002  the name is Textual's
    ) -> None:
        super().__init__(id=id)
        self._label = label
        self._input = FieldInput(
            value=value, placeholder=placeholder, suggester=suggester, select_on_focus=False
        )
        self._input.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Label and input."""
        yield Label(Content(f" {self._label}"), markup=False)
        yield self._input

    @property
    def value(self) -> str | None:
        """What is typed, or None for nothing."""
        return self._input.value.strip() or None

    @value.setter
    def value(self, text: str) -> None:
        self._input.value = text

    def focus_input(self) -> None:
        """Type here."""
        self._input.focus()


class PathSuggester(Suggester):
    """Completes a path by what is in its folder: the first name that begins so, folders with a slash."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The whole path suggested, or None."""
        return await asyncio.to_thread(_completed, value)


def _completed(value: str) -> str | None:
    """The first path that begins with what is typed; reads the folder."""
    if not value or value.endswith("~"):
        return None
    typed = Path(value).expanduser()
    folder, beginning = (typed, "") if value.endswith("/") else (typed.parent, typed.name)
    try:
        names = sorted(
            entry.name + ("/" if entry.is_dir() else "")
            for entry in folder.iterdir()
            if entry.name.startswith(beginning) and (beginning or not entry.name.startswith("."))
        )
    except OSError:
        return None
    return value + names[0][len(beginning) :] if names and names[0] != beginning else None
