"""Edits of requests that are sent again: values set and taken out, another system prompt, another prompt template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.errors import ConfigError, DraftError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.building.requests_files import custom_id_of, iter_request_lines
from claude_batch_tui.sources.overrides import Override, read_overrides, with_overrides
from claude_batch_tui.sources.rows import RowRefusedError
from claude_batch_tui.sources.template import compile_template, is_constant, read_template

_decode_row = msgspec.json.Decoder(SourceRow).decode


class Edits(msgspec.Struct, frozen=True):
    """What is changed in each request: single values, and templates of its system prompt and its last user message."""

    overrides: tuple[Override, ...] = ()
    system: str | None = None
    template: str | None = None

    @property
    def needs_rows(self) -> bool:
        """Whether the row of each request is needed."""
        return any(one is not None and not is_constant(one) for one in (self.system, self.template))

    @property
    def max_tokens(self) -> int | None:
        """The limit that is set, or None."""
        values = [one.value for one in self.overrides if one.path == ("max_tokens",)]
        return values[-1] if values and isinstance(values[-1], int) else None


NO_EDITS = Edits()


def read_edits(
    given: Sequence[str] = (),
    dropped: Sequence[str] = (),
    *,
    system: str | None = None,
    template: str | None = None,
) -> Edits:
    """The edits that `--set path=value`, `--drop path`, `--system` and `--template` ask for; of the last two `@file` is the
    text of a file. Raises ConfigError for what cannot be meant.
    """
    overrides = read_overrides([*given, *(f"{path}=null" for path in dropped)])
    if any(one.path == ("max_tokens",) and type(one.value) is not int for one in overrides):
        raise ConfigError("--set max_tokens= takes a whole number of tokens, for instance max_tokens=4096.")
    return Edits(
        overrides,
        None if system is None else read_template(system, "--system"),
        None if template is None else read_template(template, "--template"),
    )


def typed_edits(text: str) -> Edits:
    """The edits of one typed line: `max_tokens=4096 model=claude-haiku-4-5 -temperature system=@system.md`; a value with
    blanks stands in quotes, `system=` and `template=` are templates. Raises ConfigError.
    """
    import shlex  # late: nothing but a typed line needs it

    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} has a quote that does not end.") from error
    dropped = [word[1:] for word in words if word.startswith("-")]
    texts = {key: value for key, equals, value in (word.partition("=") for word in words) if equals}
    given = [word for word in words if not word.startswith(("-", "system=", "template="))]
    return read_edits(given, dropped, system=texts.get("system"), template=texts.get("template"))


def edit_words(edits: Edits) -> str:
    """Edits as they are typed."""
    words = [
        f"-{one.place}" if one.value is None else f"{one.place}={_shown(one.value)}"
        for one in edits.overrides
    ]
    texts = [
        name
        for name, text in (("another system prompt", edits.system), ("another template", edits.template))
        if text is not None
    ]
    return ", ".join([*words, *texts])


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


class Rows:
    """The rows of some requests, by custom_id, for templates. Raises DraftError where they are not on this machine."""

    def __init__(self, path: str | None, custom_ids: Collection[str]) -> None:
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._fills: dict[str, Callable[[Mapping[str, Any]], str]] = {}
        try:
            for line in iter_request_lines(Path(path)) if path else ():
                if custom_id_of(line) in custom_ids:
                    self._rows[custom_id_of(line)] = _decode_row(line).row
        except UNREADABLE as error:
            raise DraftError(
                f"{path} is no rows file, so that a template cannot be filled: {error}."
            ) from error
        if not self._rows:
            raise DraftError(
                "The rows that these requests were made from are not on this machine, so that a template with columns "
                "cannot be filled."
            )

    def fill(self, template: str, custom_id: str) -> str:
        """The template with the values of a request's row. Raises DraftError where the row has no such column."""
        row = self._rows.get(custom_id)
        if row is None:
            raise DraftError(
                f"{custom_id} has no row on this machine, so that the template cannot be filled."
            )
        try:
            if template not in self._fills:
                self._fills[template] = compile_template(template, list(row), "template")
            return self._fills[template](row)
        except (RowRefusedError, KeyError) as error:
            raise DraftError(f"{custom_id}: the template cannot be filled: {error}.") from error


def edited(request: bytes, edits: Edits, rows: Rows | None) -> bytes:
    """A request as it is sent after its edits. Raises DraftError where they cannot be made in it."""
    custom_id = custom_id_of(request)
    try:
        changed = with_overrides(request, edits.overrides) if edits.overrides else request
    except RowRefusedError as error:
        raise DraftError(f"{custom_id}: {error}. Nothing was sent.") from error
    if edits.system is None and edits.template is None:
        return changed
    try:
        decoded = msgspec.json.decode(changed)
        params = decoded["params"]
        if edits.system is not None:
            params["system"] = _filled(edits.system, custom_id, rows)
        if edits.template is not None:
            _set_prompt(params, _filled(edits.template, custom_id, rows))
    except (*UNREADABLE, KeyError, TypeError, StopIteration) as error:
        raise DraftError(f"{custom_id} has no user message, so that it takes no other prompt.") from error
    return msgspec.json.encode(decoded)


def _filled(template: str, custom_id: str, rows: Rows | None) -> str:
    return template if rows is None or is_constant(template) else rows.fill(template, custom_id)


def _set_prompt(params: dict[str, Any], text: str) -> None:
    """Replace the text of the last user message; its images and documents stay."""
    message = next(one for one in reversed(params["messages"]) if one["role"] == "user")
    content = message["content"]
    if isinstance(content, list):
        kept = [block for block in content if block["type"] != "text"]
        message["content"] = [*kept, {"type": "text", "text": text}]
    else:
        message["content"] = text
