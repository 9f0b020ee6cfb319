"""Rows into requests: the columns, templates and ids of a `BuildSpec` made ready, then one request per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.sources.columns import find_column, guess_prompt_column, list_columns
from claude_batch_tui.sources.custom_ids import (
    AssignedId,
    ColumnIds,
    IdRefusedError,
    PositionIds,
    build_tag,
)
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.rows import BadRow, Row, RowSource
from claude_batch_tui.sources.template import (
    Fill,
    TemplateFailedError,
    compile_template,
    is_constant,
    read_template,
)

PROMPT = "prompt"
"""The prompt column's name in a template, whatever the source calls it."""

_encode = msgspec.json.Encoder().encode


class MadeRequest(NamedTuple):
    """One request: its line for the requests file, and the row behind it. `warning` is a sentence."""

    custom_id: str
    id: str
    request: bytes
    row: Row
    warning: str | None = None


class RequestMaker:
    """Makes the requests of one source. Raises ConfigError or SourceError at once for what no row could satisfy."""

    def __init__(self, spec: BuildSpec, source: RowSource, tag: Callable[[bytes], str] | None = None) -> None:
        """`tag` makes the tag of ids by position from the recipe; left out, from the source's hash too."""
        columns, file = source.columns, source.file.label
        model, max_tokens = _required(spec)
        template = read_template(spec.template, "--template") if spec.template is not None else None
        system = read_template(spec.system, "--system") if spec.system else ""
        self.prompt_column = _prompt_column(spec, columns, file, needed=template is None)
        aliases = {PROMPT: self.prompt_column} if self.prompt_column else {}
        if template is None:
            self._fill_prompt = _fill_from(self.prompt_column or "")
        else:
            self._fill_prompt = compile_template(template, columns, "--template", aliases)
        self._fill_system: Fill | None = None
        start = {"model": model, "max_tokens": max_tokens}
        if system:
            fill = compile_template(system, columns, "--system", aliases)
            if is_constant(system):
                start |= {"system": fill({})} if fill({}).strip() else {}
            else:
                self._fill_system = fill
        self._start = b'","params":' + _encode(start)[:-1]
        self._by_column = (
            ColumnIds(find_column(spec.id_column, columns, "--id-column", file)) if spec.id_column else None
        )
        self._by_position: PositionIds | None = None
        if self._by_column is None:
            recipe = _encode(
                (model, max_tokens, template, system, self.prompt_column, spec.split_by, columns)
            )
            tagged = tag(recipe) if tag else build_tag(source.file.sha256(), recipe)
            self._by_position = PositionIds(tagged)

    @property
    def cleaned_ids(self) -> int:
        """How many ids of the column had to be cleaned."""
        return self._by_column.cleaned if self._by_column else 0

    def make(self, row: Row, position: int) -> MadeRequest | BadRow:
        """The request of `row`, the one at the 1-based `position` in the source."""
        try:
            values = row.values
            custom_id, own_id = self._assign(row, position)
            prompt = self._fill_prompt(values)
            if not prompt or prompt.isspace():
                return BadRow(row.line, "empty_prompt", "the user message is empty", row.values, custom_id)
            start = self._start
            if self._fill_system is not None and (system := self._fill_system(row.values)).strip():
                start += b',"system":' + _encode(system)
            request = b"".join(
                (
                    b'{"custom_id":"',
                    custom_id.encode(),
                    start,
                    b',"messages":[{"role":"user","content":',
                    _encode(prompt),
                    b"}]}}",
                )
            )
        except IdRefusedError as error:
            return BadRow(row.line, error.code, str(error), row.values, error.custom_id)
        except TemplateFailedError as error:
            return BadRow(row.line, "template_failed", str(error), row.values)
        except UnicodeEncodeError:
            message = "the text holds half of a surrogate pair, which is no character"
            return BadRow(row.line, "bad_text", message, row.values)
        return MadeRequest(custom_id, own_id, request, row, self._warning(row.values))

    def _assign(self, row: Row, position: int) -> AssignedId:
        if self._by_column is not None:
            return self._by_column.assign(str(row.values[self._by_column.column]), row.line)
        if self._by_position is None:
            raise AssertionError
        return self._by_position.assign(position)

    def _warning(self, values: Mapping[str, Any]) -> str | None:
        if self.prompt_column is None:
            return None
        cell = values[self.prompt_column]
        if cell and not (isinstance(cell, str) and cell.isspace()):
            return None
        return f"column {self.prompt_column!r} is empty, so the template stands alone"


def _required(spec: BuildSpec) -> tuple[str, int]:
    if not spec.model or spec.model.isspace():
        raise ConfigError("There is no model. Say --model M, or set `model` in config.toml.")
    if spec.max_tokens is None:
        raise ConfigError(
            "There is no limit for answers. Say --max-tokens N, or set `max_tokens` in config.toml."
        )
    if spec.max_tokens < 1:
        raise ConfigError(f"--max-tokens is at least 1 in a batch, not {spec.max_tokens}.")
    return spec.model, spec.max_tokens


def _prompt_column(spec: BuildSpec, columns: tuple[str, ...], file: str, *, needed: bool) -> str | None:
    if spec.prompt_column is not None:
        return find_column(spec.prompt_column, columns, "--prompt-column", file)
    guessed = guess_prompt_column(columns) if needed else None
    if needed and guessed is None:
        raise ConfigError(
            f"{file}: which column is the prompt? Say --prompt-column COL. Columns: {list_columns(columns)}."
        )
    return guessed


def _fill_from(column: str) -> Fill:
    return lambda row: str(row[column])
