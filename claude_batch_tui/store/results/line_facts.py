"""What one line of a results file says, read exactly: the columns of an index, without the answer itself.

A line is an object with `custom_id` and `result.type`; everything else may be missing. Whole blocks are decoded at
once, about 2 µs a line; lines of an odd shape are decoded one by one, and what msgspec refuses by the standard library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from claude_batch_tui.domain.money.pricing import CacheCreation, ServerToolUse, Usage
from claude_batch_tui.domain.results.entry import OUTCOMES
from claude_batch_tui.domain.results.result import Outcome

UNPARSED: Final = OUTCOMES.index(Outcome.UNPARSED)
OUTCOME_NUMBERS: Final = {str(outcome): number for number, outcome in enumerate(OUTCOMES[:UNPARSED])}
_BOM: Final = b"\xef\xbb\xbf"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Message(msgspec.Struct, frozen=True, gc=False):
    """`result.message`; its content stays as it is."""

    stop_reason: str | None = None
    model: str | None = None
    content: msgspec.Raw = msgspec.Raw()
    usage: Usage | None = Usage()


class _Problem(msgspec.Struct, frozen=True, gc=False):
    type: str = ""


class _Error(msgspec.Struct, frozen=True, gc=False):
    error: _Problem | None = _Problem()


NO_ERROR: Final = _Error()


class Result(msgspec.Struct, frozen=True, gc=False):
    """`result` of a line."""

    type: str
    message: Message | None = Message()
    error: _Error | None = NO_ERROR


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line as far as an index keeps it."""

    custom_id: str
    result: Result

    @property
    def id_bytes(self) -> bytes:
        """Its custom_id as an index holds it: UTF-8 without a newline."""
        return self.custom_id.encode("utf-8", "replace").replace(b"\n", b" ")


class _OnlyId(msgspec.Struct):
    custom_id: str = ""


class _Block(msgspec.Struct):
    type: str = ""
    text: str | None = None


# Most answers: a first block of text whose first character is no blank and no escape, whatever follows.
begins_with_text = re.compile(rb'\[\{"type": ?"text", ?"text": ?"[!#-\[\]-~\xc3-\xdf\xe4-\xf4]').match
NO_MESSAGE = Message()
_DECODER = msgspec.json.Decoder(Line)
_decode_blocks = msgspec.json.Decoder(list[_Block] | None).decode


def read_block(block: bytes | memoryview, count: int) -> Sequence[Line] | None:
    """The lines of a block whose lines all begin and end with braces; None where one has to be read by itself."""
    try:
        lines = _DECODER.decode_lines(block)
    except _UNREADABLE:
        return None
    return lines if len(lines) == count else None


def read_lines(data: bytes) -> tuple[list[int], list[int], Sequence[Line]]:
    """Where the lines of some data begin, how long they are, and what they say; blank ones are left out."""
    starts: list[int] = []
    lengths: list[int] = []
    add_start, add_length = starts.append, lengths.append
    start, size, find = 0, len(data), data.find
    while start < size:
        end = find(b"\n", start)
        if end < 0:
            end = size
        add_start(start)
        add_length(end - start)
        start = end + 1
    # Lines that begin and end with braces cannot be parts of one another, so that all may be decoded at once.
    begins = bytes([data[start] for start in starts])
    ends = bytes([data[start + length - 1] for start, length in zip(starts, lengths, strict=True)])
    if begins.count(b"{") == ends.count(b"}") == len(starts):
        lines = read_block(data, len(starts))
        if lines is not None:
            return starts, lengths, lines
    raws = [data[start : start + length] for start, length in zip(starts, lengths, strict=True)]
    kept = [at for at, raw in enumerate(raws) if raw.strip()]
    return [starts[at] for at in kept], [lengths[at] for at in kept], [read_line(raws[at]) for at in kept]


def read_line(line: bytes) -> Line:
    """One line, whatever is in it; what cannot be read has the type `unparsed` and, where it can be found, its id."""
    stripped = line.strip().removeprefix(_BOM)
    try:
        return _DECODER.decode(stripped)
    except _UNREADABLE:
        pass
    try:
        # The standard library takes lone surrogates, huge numbers and odd types beside what we look at.
        value = json.loads(stripped.decode(), parse_constant=_refused)
        return _from_value(value)
    except (ValueError, RecursionError, TypeError, AttributeError, KeyError):
        return Line(_id_of(stripped), Result(Outcome.UNPARSED.value))


def outcome_numbers(lines: Sequence[Line]) -> bytes:
    """The number of each line's outcome; a type we do not know counts as unparsed."""
    number = OUTCOME_NUMBERS.get
    return bytes([number(line.result.type, UNPARSED) for line in lines])


def joined_ids(lines: Sequence[Line]) -> tuple[bytes, Iterable[int]]:
    """All ids as an index holds them, each ended by a newline, and how long each is with it."""
    ids = "\n".join([line.custom_id for line in lines])
    if ids.isascii() and ids.count("\n") == len(lines) - 1:
        return ids.encode() + b"\n", [len(line.custom_id) + 1 for line in lines]
    parts = [line.id_bytes + b"\n" for line in lines]
    return b"".join(parts), map(len, parts)


def error_type(result: Result) -> str:
    """The type of an errored result's error, or nothing."""
    error = result.error
    return error.error.type if error is not None and error.error is not None else ""


def is_empty(content: msgspec.Raw) -> bool:
    """True where an answer holds nothing but blank text and thinking; content of an unknown shape is not empty."""
    if begins_with_text(content):
        return False
    raw = bytes(content)
    if not raw:
        return True
    try:
        blocks = _decode_blocks(raw) or ()
    except _UNREADABLE:
        return False
    return all(
        block.type in ("thinking", "redacted_thinking")
        or (block.type == "text" and not (block.text or "").strip())
        for block in blocks
    )


def _from_value(value: dict[str, Any]) -> Line:
    """A line from its JSON value. Raises what a value of another shape raises."""
    result = value["result"]
    return Line(
        _word(value["custom_id"]),
        Result(_word(result["type"]), _message(result.get("message")), _error(result.get("error"))),
    )


def _message(message: Any) -> Message | None:
    if not isinstance(message, dict):
        return None
    usage = message.get("usage")
    content = message.get("content")
    return Message(
        _word_or_none(message.get("stop_reason")),
        _word_or_none(message.get("model")),
        msgspec.Raw(json.dumps(content).encode()) if content is not None else msgspec.Raw(),
        _usage(usage) if isinstance(usage, dict) else None,
    )


def _usage(usage: dict[str, Any]) -> Usage:
    creation, server = usage.get("cache_creation"), usage.get("server_tool_use")
    return Usage(
        _number(usage.get("input_tokens")),
        _number(usage.get("output_tokens")),
        _number(usage.get("cache_creation_input_tokens")),
        _number(usage.get("cache_read_input_tokens")),
        CacheCreation(
            _number(creation.get("ephemeral_5m_input_tokens")),
            _number(creation.get("ephemeral_1h_input_tokens")),
        )
        if isinstance(creation, dict)
        else None,
        ServerToolUse(_number(server.get("web_search_requests"))) if isinstance(server, dict) else None,
        _word_or_none(usage.get("inference_geo")),
    )


def _error(error: Any) -> _Error | None:
    inner = error.get("error") if isinstance(error, dict) else None
    return _Error(_Problem(_word_or_none(inner.get("type")) or "")) if isinstance(inner, dict) else None


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.encode("utf-8", "replace").decode()


def _word_or_none(value: Any) -> str | None:
    return _word(value) if isinstance(value, str) else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _id_of(line: bytes) -> str:
    """The custom_id of a line whose rest cannot be read, or nothing."""
    try:
        return msgspec.json.decode(line, type=_OnlyId).custom_id
    except _UNREADABLE:
        return ""
