"""Rows into requests: the columns, templates and ids of a `BuildSpec` made ready, then one request per row."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.sources.custom_ids import GivenIds, PositionIds, build_tag
from claude_batch_tui.sources.documents import DocumentFolder, MediaKind, kind_of_media, media_source
from claude_batch_tui.sources.overrides import read_overrides
from claude_batch_tui.sources.params import (
    Hole,
    Piece,
    RequestTemplate,
    joined,
    media_hole,
    pieces_of,
    prompt_hole,
    texts_in,
)
from claude_batch_tui.sources.ready import as_messages
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.rows import (
    PROMPT_NAMES,
    BadRow,
    Row,
    RowRefusedError,
    RowSource,
    as_text,
    find_column,
    guess_prompt_column,
    list_columns,
)
from claude_batch_tui.sources.template import (
    Fill,
    compile_template,
    is_constant,
    names_column,
    plain_fill,
    read_template,
    refuse_other_tools,
)

PROMPT = "prompt"
"""The prompt column's name in a template, whatever the source calls it."""

_CHAT_NAMES = ("messages", "conversations")
"""Columns taken for whole conversations where no other is the prompt and values have types."""
_TYPED: frozenset[str] = frozenset({"json", "parquet"})
_ONLY_COLUMN = re.compile(r"\s*\{\{\s*([^{}]+?)\s*\}\}\s*\Z")

_encode = msgspec.json.Encoder().encode


class MadeRequest(msgspec.Struct, frozen=True, gc=False):
    """One request: its line for the requests file, and the row behind it. `warning` is a sentence, `code` its problem's."""

    custom_id: str
    id: str
    request: bytes
    row: Row
    warning: str | None = None
    code: str = "empty_column"


class RequestMaker:
    """Makes the requests of one source. Raises ConfigError or SourceError at once for what no row could satisfy."""

    def __init__(self, spec: BuildSpec, source: RowSource, tag: Callable[[bytes], str] | None = None) -> None:
        """`tag` makes the tag of ids by position from the recipe; left out, from the source's hash too."""
        self._columns, self._file = source.columns, source.file.label
        self._folder = str(Path(spec.path).parent) if spec.path != "-" else "."
        if isinstance(source.file, DocumentFolder):
            self._folder = str(source.file.folder)
        params = _with_required(spec)
        template = read_template(spec.template, "--template") if spec.template is not None else None
        if template is not None and spec.kind != "documents":
            refuse_other_tools(template, self._columns, "--template")
        system = read_template(spec.system, "--system") if spec.system else params.get("system", "")
        self.messages_column = _messages_column(spec, params, self._columns, self._file, template)
        """The column of whole conversations, if any."""
        needed = self.messages_column is None and _needs_prompt(spec, params, template)
        self.prompt_column = _prompt_column(spec, self._columns, self._file, needed=needed)
        self._leaves_answer_out = False
        self._aliases = {PROMPT: self.prompt_column} if self.prompt_column else {}
        self._request = RequestTemplate(self._pieces(spec, params, system, self._prompt(spec, template)))
        self._given_ids = self._ids_of_rows(spec)
        self._by_position: PositionIds
        if self._given_ids is None:
            recipe = _encode(
                (
                    params,
                    template,
                    system,
                    self.prompt_column,
                    self._columns,
                    spec.split_by,
                    spec.separator,
                    spec.at,
                    spec.query,
                    spec.cache_ttl,
                    spec.image_column,
                    spec.document_column,
                    *_reading_options(spec),
                    # What was not there from the start is in the tag only where it is said: earlier builds keep theirs.
                    *filter(None, (self.messages_column, spec.rows_per_request, spec.sheet)),
                )
            )
            tagged = tag(recipe) if tag else build_tag(source.file.sha256(), recipe)
            self._by_position = PositionIds(tagged, spec.run_prefix or "")

    @property
    def cleaned_ids(self) -> int:
        """How many given ids had to be cleaned."""
        return self._given_ids.cleaned if self._given_ids else 0

    def make(self, row: Row, position: int) -> MadeRequest | BadRow:
        """The request of `row`, the one at the 1-based `position` in the source."""
        custom_id: str | None = None
        self._leaves_answer_out = False
        try:
            if self._given_ids is not None:
                given = self._given_ids.assign(self._fill_id(row.values), row.line)
            else:
                given = self._by_position.assign(position)
            custom_id = given.custom_id
            request = self._request.fill(custom_id, row.values)
        except RowRefusedError as error:
            known = error.custom_id or custom_id
            return BadRow(row.line, error.code, str(error), row.values, known, count=row.count)
        except UnicodeEncodeError:
            message = "the text holds half of a surrogate pair, which is no character"
            return BadRow(row.line, "bad_text", message, row.values, count=row.count)
        if self._leaves_answer_out:
            words = "the conversation ends with an answer, which is left out, so that the model gives one"
            return MadeRequest(custom_id, given.id, request, row, words, "answer_left_out")
        return MadeRequest(custom_id, given.id, request, row, self._warning(row))

    def _ids_of_rows(self, spec: BuildSpec) -> GivenIds | None:
        """Ids from a column or a template, or None where the position makes them."""
        if spec.id_column and spec.id_template:
            raise ConfigError("--id-column and --id-template both say the ids. Use one of them.")
        if spec.id_column:
            column = find_column(spec.id_column, self._columns, "--id-column", self._file)
            self._fill_id: Fill = _column(column)
            return GivenIds(f"the id column {column!r}", spec.run_prefix or "")
        if spec.kind == "documents" and not spec.id_template:
            self._fill_id = _column("path")
            return GivenIds("the path", spec.run_prefix or "")
        if spec.id_template:
            self._fill_id = self._compiled(spec.id_template, "--id-template")
            return GivenIds("the id made by --id-template", spec.run_prefix or "")
        return None

    def _compiled(self, template: str, where: str) -> Fill:
        return compile_template(template, self._columns, where, self._aliases)

    def _prompt(self, spec: BuildSpec, template: str | None) -> list[Piece] | None:
        """The last user message as a JSON value with holes, or None where the params hold all messages."""
        fill: Fill | None = None
        if spec.kind == "documents":
            text = self._compiled(template, "--template") if template is not None else _column("text")
            said = [template if template is not None else "{{ text }}", *texts_in(spec.params)]
            said.append(read_template(spec.system, "--system") if spec.system else "")
            return [self._document(text, has_text=any(names_column(one, "text") for one in said))]
        if template is not None:
            fill = self._compiled(template, "--template")
        elif self.prompt_column is not None:
            fill = _column(self.prompt_column)
        media: dict[MediaKind, str | None] = {"image": spec.image_column, "document": spec.document_column}
        blocks = [self._media(column, kind) for kind, column in media.items() if column]
        if not blocks:
            return None if fill is None else [prompt_hole(fill)]
        if fill is not None:
            blocks.append([b'{"type":"text","text":', prompt_hole(fill), b"}"])
        return joined(b"[", blocks, b"]")

    def _document(self, fill: Fill, *, has_text: bool) -> Hole:
        """A file as the user message: its text in the template, or its block and the template beside it.

        Where no template takes the text (`has_text` is False), that is a block, too: no request goes without its file.
        """

        def hole(values: Mapping[str, Any]) -> bytes:
            text, path, own = fill(values), values["path"], values["text"]
            try:
                if own:
                    kind: MediaKind | None = None if has_text else "document"
                    source: Any = {"type": "text", "media_type": "text/plain", "data": own}
                else:
                    kind = kind_of_media(Path(self._folder, path))
                    source = None if kind is None else media_source(path, kind, self._folder)
            except (OSError, ValueError) as error:
                raise RowRefusedError("missing_file", str(error)) from error
            if kind is None:
                return prompt_hole(lambda _: text)(values)
            block = {"type": kind, "source": source}
            return _encode([block, {"type": "text", "text": text}] if text.strip() else [block])

        return hole

    def _media(self, column: str, kind: MediaKind) -> list[Piece]:
        name = find_column(column, self._columns, f"--{kind}-column", self._file)
        hole = media_hole(_column(name), kind, self._folder)
        return [b'{"type":"' + kind.encode() + b'","source":', hole, b"}"]

    def _pieces(
        self, spec: BuildSpec, params: Mapping[str, Any], system: Any, prompt: list[Piece] | None
    ) -> list[Piece]:
        """All params as JSON with holes: model, max_tokens, system, messages, and then the others."""
        start = {"model": params["model"], "max_tokens": params["max_tokens"]}
        pieces: list[Piece] = [*pieces_of(start, self._compiled, self._folder)[:-1]]
        last = [] if prompt is None else [[b'{"role":"user","content":', *prompt, b"}"]]
        if self.messages_column is not None:
            pieces += self._conversation(self.messages_column, spec, system, last)
        else:
            pieces += self._system(system, spec.cache_ttl)
            messages = [
                pieces_of(message, self._compiled, self._folder, f"params.messages[{at}]")
                for at, message in enumerate(params.get("messages", []))
            ]
            pieces += [b',"messages":', *joined(b"[", [*messages, *last], b"]")]
        for key, value in params.items():
            if key not in {"model", "max_tokens", "system", "messages"}:
                held = pieces_of(value, self._compiled, self._folder, f"params.{key}")
                pieces += [b"," + _encode(key) + b":", *held]
        return [*pieces, b"}"]

    def _conversation(
        self, column: str, spec: BuildSpec, system: Any, last: list[list[Piece]]
    ) -> list[Piece]:
        """System prompt and messages of a row's conversation, and after them the user message `last`, if there is one."""
        own_system = "system" if "system" in self._columns and column != "system" else None
        shared = self._system(system, None if not system else spec.cache_ttl)

        def said(values: Mapping[str, Any]) -> dict[str, Any]:
            params = as_messages(values[column])
            if own_system and "system" not in params and str(values[own_system]).strip():
                params["system"] = str(values[own_system])
            if shared and "system" in params:
                raise RowRefusedError(
                    "two_systems",
                    "the conversation has a system prompt of its own: leave out the one of all rows",
                )
            return params

        def system_of_row(values: Mapping[str, Any]) -> bytes:
            text = said(values).get("system")
            return _system_member(text, spec.cache_ttl) if text else b""

        def messages_of_row(values: Mapping[str, Any]) -> bytes:
            turns = said(values)["messages"]
            if not last and turns and turns[-1]["role"] == "assistant":
                self._leaves_answer_out = True
                turns = turns[:-1]
            if not turns and not last:
                raise RowRefusedError("empty_prompt", "the conversation has no message of the user")
            return _encode(turns)[1:-1] + (b"," if turns and last else b"")

        pieces: list[Piece] = [*shared, system_of_row, b',"messages":[', messages_of_row]
        return [*pieces, *joined(b"", last, b"]")]

    def _system(self, system: Any, cache_ttl: str | None) -> list[Piece]:
        """The system prompt with the comma before it; nothing where it is empty."""
        cached = _cached(cache_ttl)
        if isinstance(system, str) and is_constant(system):
            text = self._compiled(system, "--system")({})
            if not text.strip():
                if cache_ttl:
                    raise ConfigError(
                        "--cache-ttl keeps the system prompt in the cache, and there is none. Say --system."
                    )
                return []
            return [_system_member(text, cache_ttl)]
        if isinstance(system, str) and not cached:
            fill = self._compiled(system, "--system")
            return [lambda row: b',"system":' + _encode(text) if (text := fill(row)).strip() else b""]
        blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system
        if cached and isinstance(blocks, list) and blocks and isinstance(blocks[-1], dict):
            blocks = [*blocks[:-1], blocks[-1] | cached]
        return [b',"system":', *pieces_of(blocks, self._compiled, self._folder, "params.system")]

    def _warning(self, row: Row) -> str | None:
        if self.prompt_column is None:
            return None
        cell = row.values[self.prompt_column]
        if (cell and not (isinstance(cell, str) and cell.isspace())) or isinstance(cell, int | float):
            return None
        return f"column {self.prompt_column!r} is empty, so the template stands alone"


def prompt_column_of(spec: BuildSpec, source: RowSource) -> str | None:
    """The column that is the prompt of a row, said or guessed; None where a template or the params say all. Raises ConfigError."""
    template = read_template(spec.template, "--template") if spec.template is not None else None
    needed = _needs_prompt(spec, _with_required(spec), template)
    return _prompt_column(spec, source.columns, source.file.label, needed=needed)


def _cached(ttl: str | None) -> dict[str, Any]:
    return {"cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else {}


def _system_member(text: str, cache_ttl: str | None) -> bytes:
    """A system prompt as a member of the params, with the comma before it."""
    cached = _cached(cache_ttl)
    return b',"system":' + _encode([{"type": "text", "text": text} | cached] if cached else text)


def _with_required(spec: BuildSpec) -> dict[str, Any]:
    """The params with the model and the limit for answers, which the spec's own fields decide first."""
    params = dict(spec.params)
    if spec.model is not None:
        params["model"] = spec.model
    if spec.max_tokens is not None:
        params["max_tokens"] = spec.max_tokens
    if spec.set:
        params = copy.deepcopy(params)
        try:
            for override in read_overrides(spec.set):
                override.apply(params)
        except RowRefusedError as error:
            raise ConfigError(f"{error}. Look at --params.") from error
    model, max_tokens = params.get("model"), params.get("max_tokens")
    if not model or str(model).isspace():
        raise ConfigError("There is no model. Say --model M, or set `model` in config.toml.")
    if max_tokens is None:
        raise ConfigError(
            "There is no limit for answers. Say --max-tokens N, or set `max_tokens` in config.toml."
        )
    if isinstance(max_tokens, int) and max_tokens < 1:
        raise ConfigError(f"--max-tokens is at least 1 in a batch, not {max_tokens}.")
    if not isinstance(params.get("messages", []), list) and not _only_column(params["messages"]):
        raise ConfigError("params: `messages` is a list of messages, each with a role and content.")
    return params


def _reading_options(spec: BuildSpec) -> list[tuple[str, Any]]:
    """What was said of how the file is to be read, beyond what always counts; nothing where nothing was."""
    given = {
        "quote": spec.quote,
        "escape": spec.escape,
        "skip_lines": spec.skip_lines,
        "no_header": spec.no_header or None,
        "ragged": spec.ragged if spec.ragged != "error" else None,
        "nan": spec.nan,
        "surrogates": spec.surrogates,
    }
    return [(name, value) for name, value in given.items() if value is not None]


def _needs_prompt(spec: BuildSpec, params: Mapping[str, Any], template: str | None) -> bool:
    """True where only a prompt column can say what the user message is."""
    if spec.kind == "documents":
        return False
    has_media = spec.image_column is not None or spec.document_column is not None
    return template is None and not has_media and not params.get("messages")


def _messages_column(
    spec: BuildSpec, params: dict[str, Any], columns: tuple[str, ...], file: str, template: str | None
) -> str | None:
    """The column of whole conversations: said, named as all of `messages` in the params, or guessed from its name."""
    given = _only_column(params.get("messages"))
    if given is not None:
        del params["messages"]
        return find_column(given, columns, "--params: `messages`", file)
    if spec.messages_column is not None:
        if params.get("messages"):
            raise ConfigError(
                "--messages-column and `messages` of --params both say the messages. Use one of them."
            )
        return find_column(spec.messages_column, columns, "--messages-column", file)
    media = spec.image_column or spec.document_column
    if template is not None or spec.prompt_column is not None or media or params.get("messages"):
        return None
    lowered = {name.lower(): name for name in columns}
    if spec.kind not in _TYPED or any(name in lowered for name in PROMPT_NAMES):
        return None
    return next((lowered[name] for name in _CHAT_NAMES if name in lowered), None)


def _only_column(value: Any) -> str | None:
    """The column of a template that is nothing else: `{{ messages }}`."""
    found = _ONLY_COLUMN.match(value) if isinstance(value, str) else None
    return found[1] if found else None


def _prompt_column(spec: BuildSpec, columns: tuple[str, ...], file: str, *, needed: bool) -> str | None:
    if spec.prompt_column is not None:
        return find_column(spec.prompt_column, columns, "--prompt-column", file)
    guessed = guess_prompt_column(columns) if needed else None
    if needed and guessed is None:
        raise ConfigError(
            f"{file}: which column is the prompt? Say --prompt-column COL. Columns: {list_columns(columns)}."
        )
    return guessed


def _column(name: str) -> Fill:
    return plain_fill(("", ""), (name,), _of_column)


def _of_column(value: Any) -> str:
    """A column that is a prompt by itself: null is the empty text. Raises RowRefusedError for what is no text."""
    return "" if value is None else as_text(value)
