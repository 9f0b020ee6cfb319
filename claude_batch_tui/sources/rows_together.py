"""Several rows in one request: each is made into its text, and the texts stand in one message, numbered, to be answered together.

The answer has a part for each, `<answer n="1">…</answer>`, in the order in which the rows file names the rows of a request.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.sources.custom_ids import GivenIds
from claude_batch_tui.sources.params import texts_in
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.rows import (
    BadRow,
    Row,
    RowRefusedError,
    RowSource,
    find_column,
)
from claude_batch_tui.sources.template import (
    Fill,
    compile_template,
    is_constant,
    names_column,
    plain_fill,
    read_template,
)

ROWS = "rows"
"""The rows of a request: a column, and a template's name for all of them."""
_TEXT, _ID = "text", "id"
_KEPT = "kept"
_APART = ("messages_column", "image_column", "document_column")
_TO_BE_ANSWERED = (
    "Answer each of these items by itself and in their order. Put the answer of the first inside "
    '<answer n="1"> and </answer>, and so on, with nothing outside of them.'
)


class RowsTogether:
    """The rows of a source, `count` at a time as one. Bad rows stay apart."""

    def __init__(self, source: RowSource, spec: BuildSpec, prompt_column: str | None) -> None:
        """`prompt_column` is the text of a row where there is no template. Raises ConfigError for what rows cannot share."""
        self.file = source.file
        self._source = source
        self._spec = spec
        self._count = spec.rows_per_request or 1
        _refuse_apart(spec)
        aliases = {"prompt": prompt_column} if prompt_column else {}
        template = None if spec.template is None else read_template(spec.template, "--template")
        self._template = template if template is not None and names_column(template, ROWS) else None
        self._text: Fill | None = None
        if self._template is None:
            if template is None and prompt_column is not None:
                self._text = plain_fill(("", ""), (prompt_column,))
            elif template is not None:
                self._text = compile_template(template, source.columns, "--template", aliases)
            else:
                raise ConfigError("What is the text of a row? Say --template T or --prompt-column COL.")
        self._id: Fill | None = None
        if spec.id_column:
            column = find_column(spec.id_column, source.columns, "--id-column", source.file.label)
            self._id = plain_fill(("", ""), (column,))
        elif spec.id_template:
            self._id = compile_template(spec.id_template, source.columns, "--id-template", aliases)
        self.columns: tuple[str, ...] = (ROWS,) if self._template is not None else (_TEXT, ROWS)
        if self._id is not None:
            self.columns = (*self.columns, _ID)

    @property
    def spec(self) -> BuildSpec:
        """The build of what stands together, whose prompt and ids are columns here."""
        return msgspec.structs.replace(
            self._spec,
            template=None if self._template is None else _plain(self._template),
            prompt_column=_TEXT if self._template is None else None,
            id_column=None if self._id is None else _ID,
            id_template=None,
        )

    @property
    def sentence(self) -> str:
        """How rows and answers belong together."""
        asked = (
            ""
            if self._template
            else ', as <item n="1"> and so on, and are answered in <answer n="1"> and so on'
        )
        return (
            f"up to {self._count:,} rows stand in one request{asked}; the rows file names them in the same order, "
            "which is how the answer is split; max_tokens holds for all of them together"
        )

    def rows(self) -> Iterator[Row | BadRow]:
        """All rows, so many at a time; what is wrong with one of them is told before the others."""
        ids = GivenIds("the id")
        held: list[Row] = []
        for row in self._source.rows():
            single = row if isinstance(row, BadRow) else self._single(row, ids)
            if isinstance(single, BadRow):
                yield single
                continue
            held.append(single)
            if len(held) == self._count:
                yield self._as_one(held)
                held = []
        if held:
            yield self._as_one(held)

    def _single(self, row: Row, ids: GivenIds) -> Row | BadRow:
        """A row with its text and its id."""
        values: dict[str, Any] = {"line": row.line, "row": row.values}
        try:
            if self._text is not None:
                values[_TEXT] = text = self._text(row.values)
                if not text or text.isspace():
                    return BadRow(row.line, "empty_prompt", "the text of this row is empty", row.values)
            if self._id is not None:
                values[_ID] = ids.assign(self._id(row.values), row.line).id
        except RowRefusedError as error:
            return BadRow(row.line, error.code, str(error), row.values, error.custom_id)
        return Row(row.line, values)

    def _as_one(self, rows: list[Row]) -> Row:
        first = rows[0]
        kept = [{key: held for key, held in row.values.items() if key != _TEXT} for row in rows]
        values: dict[str, Any] = {ROWS: [row.values["row"] for row in rows], _KEPT: kept}
        if self._template is None:
            items = [f'<item n="{n}">\n{row.values[_TEXT]}\n</item>' for n, row in enumerate(rows, 1)]
            values[_TEXT] = "\n\n".join([*items, _TO_BE_ANSWERED])
        if self._id is not None:
            values[_ID] = first.values[_ID]
        return Row(first.line, values, count=len(rows))


def kept_row(row: Row) -> Row:
    """Rows that stand together as the rows file keeps them: each with its line, and its own id where it has one."""
    return Row(row.line, {ROWS: row.values[_KEPT]}, count=row.count)


def _plain(template: str) -> str:
    return f"@{template}" if template.startswith("@") else template


def _refuse_apart(spec: BuildSpec) -> None:
    """Raise ConfigError for what a request has only once."""
    count = spec.rows_per_request or 0
    if count < 1:
        raise ConfigError(f"--rows-per-request is at least 1, not {count}.")
    for name in _APART:
        if getattr(spec, name):
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(f"{option} and --rows-per-request do not go together: build a request a row.")
    if spec.kind == "documents":
        raise ConfigError("Documents are a request each: leave out --rows-per-request.")
    system = read_template(spec.system, "--system") if spec.system else ""
    if not all(map(is_constant, (system, *texts_in(spec.params)))):
        raise ConfigError(
            "With --rows-per-request all rows of a request share the system prompt and the params, and those name "
            "columns here. Name columns in --template."
        )
