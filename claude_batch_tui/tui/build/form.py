"""The form of Build on the screen: a labelled line to type into for each field."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import ClassVar

import aiofiles.os
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Label

from claude_batch_tui.sources.recipe import SourceKind
from claude_batch_tui.tui.build.fields import FIELDS, READING_HINTS, ROWS_HINTS, label_of, visible_fields
from claude_batch_tui.tui.widgets.key_line import shown_key


class FieldInput(Input):
    """An input whose keys show in the key line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("field.submit", "enter", "submit", "check", "check the whole form"),
        shown_key("field.next", "tab", "app.focus_next", "next field", "the next field"),
        shown_key("field.complete", "right", "cursor_right", "complete", "take what is suggested"),
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


_HINTS = {
    "source": "a file or a folder; enter here lists what there is",
    "script_env": "environment variables the script may see; else no key",
    "encoding": "found out and said; or utf-8, cp1252, cp932 …",
    "prompt_column": "a column name or number; guessed where it is plain",
    "id_column": "a column with ids of yours; else by position",
    "template": "e.g. Summarise: {{ body }}   (left out: the prompt column)",
    "system": "the system prompt, may name columns too",
    "rows_per_request": "how many rows a request has, e.g. 10; left out: one",
    "set": "over what the file says, e.g. model=claude-haiku-4-5, temperature=null",
    "clean_ids": "yes makes ids legal that are not; left out: they are errors",
    "params": "a JSON or TOML file with all else: tools, schema …",
    "model": "e.g. claude-haiku-4-5",
    "max_tokens": "e.g. 1024",
    "name": "a name of yours for the batch; the API has none",
}
_PATHS = ("source", "params")


class BuildForm(Vertical):
    """The fields from top to bottom, with `values` typed into them at first."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(id="form")
        self._first = values

    def compose(self) -> ComposeResult:
        """All fields; `adapt` hides those without a meaning."""
        for name in FIELDS:
            yield Field(
                label_of(name),
                placeholder=_HINTS.get(name, ""),
                value=self._first.get(name, ""),
                suggester=PathSuggester() if name in _PATHS else None,
                id=name,
            )

    @property
    def values(self) -> dict[str, str]:
        """What is typed, by field, without what is empty."""
        return {name: value for name in FIELDS if (value := self._field(name).value) is not None}

    def set(self, name: str, text: str) -> None:
        """Type into a field, newlines as they are typed."""
        self._field(name).value = text.replace("\n", "\\n")

    def fill(self, values: Mapping[str, str]) -> None:
        """Set all fields; those that are not named are emptied."""
        for name in FIELDS:
            self.set(name, values.get(name, ""))

    def adapt(self, kind: SourceKind | None) -> None:
        """Show the fields that mean something for a kind of source, and what `rows` means for it."""
        kind = kind or "csv"
        visible = visible_fields(kind)
        for name in FIELDS:
            self._field(name).display = name in visible
        self.query_one("#rows Input", Input).placeholder = ROWS_HINTS.get(kind, "")
        self.query_one("#reading Input", Input).placeholder = READING_HINTS.get(kind, "")

    def focus_field(self, name: str) -> None:
        """Type into a field."""
        self._field(name).focus_input()

    def _field(self, name: str) -> Field:
        return self.query_one(f"#{name}", Field)
