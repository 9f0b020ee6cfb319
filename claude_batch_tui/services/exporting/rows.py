"""One line of a results file as a row of values for an export, and the columns of structured answers with their kinds."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from claude_batch_tui.domain.money.pricing import PriceTable, Usage, entry_cost
from claude_batch_tui.domain.results.json_tree import encode_json
from claude_batch_tui.domain.results.line import (
    Blocks,
    ContentBlock,
    Line,
    answer_line,
    answer_lines,
    read_result,
)
from claude_batch_tui.domain.results.result import SPOKEN, Outcome, Result, details_lines
from claude_batch_tui.errors import ExportError
from claude_batch_tui.exports.table import Kind, Values
from claude_batch_tui.nesting import UNREADABLE, require_shallow

_FREE = frozenset({Outcome.ERRORED.value, Outcome.CANCELED.value, Outcome.EXPIRED.value})
"""Outcomes that cost nothing."""
_MOST = 2**63 - 1
_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*)\n\s*```\s*", re.DOTALL)
_decode_value = msgspec.json.Decoder().decode
_INPUTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
MOST_COLUMNS = 500
"""Answers with more different keys than that share no structure."""
_MOST_INTEGER = 2**63
_MOST_USED = 50_000


class RowReader:
    """Reads the entries of one export."""

    def __init__(self, prices: PriceTable) -> None:
        self._prices = prices
        self._used: dict[tuple[Usage, str], tuple[int, int, float | None]] = {}

    def rows(self, lines: Sequence[bytes], batch_ids: Iterable[str]) -> list[Values]:
        """Our columns of several entries, each with the batch it is of."""
        return [*map(self._values, answer_lines(lines), lines, batch_ids)]

    def values(self, line: bytes, batch_id: str) -> Values:
        """Our columns of an entry; its `id` is the custom_id until the row of the source says otherwise."""
        return self._values(answer_line(line), line, batch_id)

    def _values(self, parsed: Line[Blocks] | None, line: bytes, batch_id: str) -> Values:
        if parsed is None:
            return self._odd_values(line, batch_id)
        custom_id, result = parsed.custom_id, parsed.result
        message, outcome = result.message, result.type
        if message is None:
            error = result.inner_error
            if error is None and outcome not in _FREE:
                return self._odd_values(line, batch_id)
            words = None
            if error is not None:
                details = _decode_value(error.details) if bytes(error.details) else None
                words = _error_words(error.type, error.message, details_lines(details))
            cost = 0.0 if outcome in _FREE else None
            return [custom_id, custom_id, outcome, None, words, None, None, None, None, cost, batch_id]
        content: Sequence[ContentBlock] = message.content or ()
        is_text = len(content) == 1 and content[0].type == "text"
        text = content[0].text or "" if is_text else _text(content)
        if text is None:
            text = read_result(line).spoken
        usage, model = message.usage, message.model or ""
        tokens_in = tokens_out = cost = None
        if usage is not None:
            used = self._used.get((usage, model)) if usage.iterations is None else None
            if used is None:
                used = self._use(usage, model)
            tokens_in, tokens_out, cost = used
            if not (0 <= tokens_in <= _MOST and 0 <= tokens_out <= _MOST):
                return self._odd_values(line, batch_id)
            if message.stop_reason == "refusal" and not read_result(line).is_billed:
                cost = 0.0
        return [
            custom_id,
            custom_id,
            outcome,
            text,
            None,
            message.stop_reason,
            model or None,
            tokens_in,
            tokens_out,
            cost,
            batch_id,
        ]

    def _use(self, usage: Usage, model: str) -> tuple[int, int, float | None]:
        """Tokens that one answer read and wrote, and what it cost; short ones use the same few over and over."""
        cost = entry_cost(usage, model, self._prices)
        used = usage.all_input, usage.output_tokens or 0, None if cost is None else round(cost, 12)
        if usage.iterations is None:  # a list cannot be looked up
            if len(self._used) >= _MOST_USED:
                self._used.clear()
            self._used[usage, model] = used
        return used

    def _odd_values(self, line: bytes, batch_id: str) -> Values:
        """The same of a line of another shape than the API's: as much of it as can be read, and nothing is lost."""
        result = read_result(line)
        custom_id, message = plain(result.custom_id), result.message
        cost = 0.0 if result.outcome in _FREE else None
        with contextlib.suppress(*UNREADABLE):
            if message:
                usage = msgspec.convert(message.get("usage"), Usage)
                cost = self._use(usage, str(message.get("model")))[2] if result.is_billed else 0.0
        return [
            custom_id,
            custom_id,
            plain(result.outcome),
            plain(result.text or result.spoken) if message else None,
            plain(_odd_error(result)) or None,
            _word(message.get("stop_reason")),
            _word(message.get("model")),
            _tokens(message, _INPUTS),
            _tokens(message, ("output_tokens",)),
            cost,
            batch_id,
        ]


def answer_columns(response: str | None) -> dict[str, Any]:
    """The top-level keys of an answer that is a JSON object, in a code fence or not; else nothing."""
    if not response:
        return {}
    text = response.lstrip()
    if text.startswith("```") and (fenced := _FENCE.fullmatch(response)):
        text = fenced[1].lstrip()
    if not text.startswith("{"):
        return {}
    try:
        require_shallow(text)
        found = _decode_value(text)
    except UNREADABLE:
        return {}
    return found if isinstance(found, dict) else {}


def plain(text: str) -> str:
    r"""Text without lone surrogates, which no file can hold: each as `\udXXX`."""
    return text.encode("utf-8", "backslashreplace").decode()


def plain_value(value: Any) -> Any:
    """A value of JSON whose texts are `plain`."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(name): plain_value(held) for name, held in value.items()}
    return [plain_value(held) for held in value] if isinstance(value, list) else value


def _text(blocks: Sequence[ContentBlock]) -> str | None:
    """All text blocks joined by a newline; where there are none, the input of the tool calls as JSON.

    None where there is neither, but blocks of other types that say something.
    """
    text = "\n".join(block.text or "" for block in blocks if block.type == "text")
    if text:
        return text
    if any(block.type in SPOKEN for block in blocks):
        return None
    calls = [
        bytes(block.input).decode("utf-8", "replace")
        for block in blocks
        if block.type == "tool_use" and bytes(block.input)
    ]
    return calls[0] if len(calls) == 1 else f"[{','.join(calls)}]" if calls else ""


def _error_words(kind: str, message: str, details: Sequence[str]) -> str:
    words = f"{kind}: {message}" if kind or message else ""
    return f"{words} ({'; '.join(details)})" if details else words


def _odd_error(result: Result) -> str:
    kind, message = result.error
    if kind or message:
        return _error_words(kind, message, result.error_details)
    if result.outcome == Outcome.UNPARSED:
        return f"not readable: {result.body.get('raw', '')}"
    if result.message or result.outcome in _FREE:
        return ""
    return encode_json(result.body).decode()


def _word(value: object) -> str | None:
    return plain(value) if isinstance(value, str) and value else None


def _tokens(message: dict[str, Any], names: tuple[str, ...]) -> int | None:
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return None
    numbers = [
        value
        for name in names
        if isinstance(value := usage.get(name), int)
        and not isinstance(value, bool)
        and 0 <= value <= _MOST // 3
    ]
    return sum(numbers) if numbers else None


class Columns(msgspec.Struct, frozen=True):
    """The kind of each column of the source, each column of the answers with its kind, and the kinds of paths asked for."""

    source: dict[str, Kind] = {}
    answer: dict[str, Kind] = {}
    paths: dict[str, Kind] = {}


class Survey:
    """What the columns of a group hold."""

    def __init__(self) -> None:
        self._types: dict[str, set[type]] = {}

    def add(self, values: Iterable[tuple[str, Any]]) -> None:
        """Look at the values of one entry. Raises ExportError above 500 columns."""
        for name, value in values:
            types = self._types.get(name)
            if types is None:
                if len(self._types) >= MOST_COLUMNS:
                    raise ExportError(
                        f"The answers have more than {MOST_COLUMNS} different keys: they cannot be spread into columns."
                    )
                types = self._types[name] = set()
            if value is None or value == "":
                continue
            kind = type(value)
            types.add(dict if kind is int and not -_MOST_INTEGER <= value < _MOST_INTEGER else kind)

    def kinds(self) -> dict[str, Kind]:
        """The kind of each column; numbers of both kinds are floats."""
        return {name: _kind(types) for name, types in self._types.items()}


def _kind(types: set[type]) -> Kind:
    if types == {bool}:
        return "bool"
    if types == {int}:
        return "int"
    if types and types <= {int, float}:
        return "float"
    return "text" if types <= {str} else "any"
