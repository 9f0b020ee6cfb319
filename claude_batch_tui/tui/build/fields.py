"""The form of Build on the screen: what is typed, and the recipe it was filled from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from claude_batch_tui.config import Config
from claude_batch_tui.sources.kinds import guess_kind
from claude_batch_tui.sources.recipe import BuildSpec, Recipe, SourceKind
from claude_batch_tui.tui.build.form import (
    FIELDS,
    ROWS_HINTS,
    label_of,
    spec_of,
    values_of,
    visible_fields,
)
from claude_batch_tui.tui.widgets.field import Field, PathSuggester

_LONG_FIELDS = ("template", "system")
"""What may have newlines. A field is one line: a newline is typed as two characters."""


class BuildFields(Vertical):
    """The fields from top to bottom. `recipe` also says what has no field, and is None where nothing was filled in."""

    def __init__(self, config: Config) -> None:
        super().__init__(id="form")
        self._config = config
        self.recipe: Recipe | None = None

    def compose(self) -> ComposeResult:
        """All fields; `adapt` hides those without a meaning."""
        yield from _fields(self._config)

    @property
    def source(self) -> str | None:
        """The source as it was typed."""
        return self.typed("source")

    @property
    def source_path(self) -> Path:
        """Where the source is; the current folder where none is named."""
        return Path(self.source or "").expanduser()

    @property
    def source_kind(self) -> SourceKind | None:
        """What kind of source its name promises; None where none is named."""
        return guess_kind(str(self.source_path)) if self.source else None

    @property
    def names_a_source(self) -> bool:
        """True where the source can be read: a file, or documents of a folder or a pattern."""
        return self.source is not None and (self.source_path.is_file() or self.source_kind == "documents")

    @property
    def betas(self) -> tuple[str, ...]:
        """Beta headers of the recipe."""
        return self.recipe.betas if self.recipe else ()

    def typed(self, name: str) -> str | None:
        """The text of a field, or None for nothing."""
        return self._field(name).value

    def set(self, name: str, text: str) -> None:
        """Type into a field, newlines as they are typed."""
        self._field(name).value = text.replace("\n", "\\n")

    def kept(self) -> dict[str, str]:
        """What is typed, by field, without what is empty."""
        return {name: value for name in FIELDS if (value := self.typed(name)) is not None}

    def fill(self, values: Mapping[str, str]) -> None:
        """Set all fields; those that are not named are emptied."""
        for name in FIELDS:
            self.set(name, values.get(name, ""))

    def fill_from(self, recipe: Recipe) -> None:
        """Set all fields as a recipe says, and keep what it says beside them."""
        self.recipe = recipe
        self.fill(values_of(recipe))

    def clear(self) -> None:
        """Empty all but the settings' model and limit."""
        self.recipe = None
        self.fill({"model": self._config.model or "", "max_tokens": str(self._config.max_tokens or "")})

    def spec(self, *, complete: bool = False) -> BuildSpec:
        """The build that is meant. Raises ConfigError for what is wrong, or missing where it has to be `complete`."""
        values = {name: self.typed(name) for name in FIELDS}
        for name in _LONG_FIELDS:
            if (text := values[name]) is not None and not text.startswith("@"):
                values[name] = text.replace("\\n", "\n")
        return spec_of(values, base=self.recipe.spec if self.recipe else None, complete=complete)

    def adapt(self) -> None:
        """Show the fields that mean something for this source, and what `rows` means for it."""
        kind = self.source_kind or "csv"
        visible = visible_fields(kind)
        for name in FIELDS:
            self._field(name).display = name in visible
        self.query_one("#rows Input", Input).placeholder = ROWS_HINTS.get(kind, "")

    def focus_source(self) -> None:
        """Type the source."""
        self._field("source").focus_input()

    def _field(self, name: str) -> Field:
        return self.query_one(f"#{name}", Field)


def _fields(config: Config) -> Iterable[Widget]:
    yield Field(
        "source",
        placeholder="a file or a folder; enter here lists what there is",
        suggester=PathSuggester(),
        id="source",
    )
    yield Field("rows", id="rows")
    yield Field(
        label_of("prompt_column"),
        placeholder="a column name or number; guessed where it is plain",
        id="prompt_column",
    )
    yield Field(
        label_of("id_column"), placeholder="a column with ids of yours; else by position", id="id_column"
    )
    yield Field(
        "template", placeholder="e.g. Summarise: {{ body }}   (left out: the prompt column)", id="template"
    )
    yield Field("system", placeholder="the system prompt, may name columns too", id="system")
    yield Field(
        "params",
        placeholder="a JSON or TOML file with all else: tools, schema …",
        suggester=PathSuggester(),
        id="params",
    )
    yield Field("model", value=config.model or "", placeholder="e.g. claude-haiku-4-5", id="model")
    yield Field("max_tokens", value=str(config.max_tokens or ""), placeholder="e.g. 1024", id="max_tokens")
    yield Field("name", placeholder="a name of yours for the batch; the API has none", id="name")
