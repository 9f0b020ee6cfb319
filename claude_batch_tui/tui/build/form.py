"""The form of Build on the screen: a line to type into for each field."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from claude_batch_tui.sources.recipe import SourceKind
from claude_batch_tui.tui.build.fields import FIELDS, ROWS_HINTS, label_of, visible_fields
from claude_batch_tui.tui.widgets.field import Field, PathSuggester

_HINTS = {
    "source": "a file or a folder; enter here lists what there is",
    "prompt_column": "a column name or number; guessed where it is plain",
    "id_column": "a column with ids of yours; else by position",
    "template": "e.g. Summarise: {{ body }}   (left out: the prompt column)",
    "system": "the system prompt, may name columns too",
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

    def focus_source(self) -> None:
        """Type the source."""
        self._field("source").focus_input()

    def _field(self, name: str) -> Field:
        return self.query_one(f"#{name}", Field)
