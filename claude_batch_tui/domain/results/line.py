"""One line of a results file, decoded: the one place where its bytes become values.

`read_line` leaves an answer's content as it is (1.4 µs for 2.5 kB), `answer_line` decodes its blocks (4 µs), and
`read_result` everything. What msgspec refuses (lone surrogates, huge numbers, other types than we look at) is read by the
standard library.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final, Generic, TypeVar

import msgspec

from claude_batch_tui.domain.money.pricing import CacheCreation, Iteration, ServerToolUse, Usage
from claude_batch_tui.domain.results.json_tree import decode_json
from claude_batch_tui.domain.results.result import Outcome, Result, inner_error
from claude_batch_tui.nesting import UNREADABLE, require_shallow

Content = TypeVar("Content")
_BOM: Final = b"\xef\xbb\xbf"
_BEGIN, _END = b"{}"
_FIRST, _LAST = itemgetter(0), itemgetter(-1)


class StopDetails(msgspec.Struct, frozen=True, gc=False):
    """`message.stop_details`, which say why a model refused."""

    category: str | None = None


class LineMessage(msgspec.Struct, Generic[Content], frozen=True, gc=False):
    """`result.message`."""

    content: Content
    stop_reason: str | None = None
    model: str | None = None
    usage: Usage | None = None
    stop_details: StopDetails | None = None


class LineError(msgspec.Struct, frozen=True, gc=False):
    """`result.error.error`."""

    type: str = ""
    message: str = ""
    details: msgspec.Raw = msgspec.Raw()


class _OuterError(msgspec.Struct, frozen=True, gc=False):
    error: LineError | None = None
    type: str | None = None
    message: str | None = None

    @property
    def inner(self) -> LineError | None:
        """The error itself, which lines of an older shape hold without one around it."""
        if self.error is not None or self.message is None:
            return self.error
        return LineError(self.type or "", self.message)


class LineResult(msgspec.Struct, Generic[Content], frozen=True, gc=False):
    """`result` of a line."""

    type: str
    message: LineMessage[Content] | None = None
    error: _OuterError | None = None

    @property
    def inner_error(self) -> LineError | None:
        """The error of an errored result."""
        return self.error.inner if self.error is not None else None


class Line(msgspec.Struct, Generic[Content], frozen=True, gc=False):
    """A line: an object with `custom_id` and `result.type`; everything else may be missing."""

    custom_id: str
    result: LineResult[Content]


class ContentBlock(msgspec.Struct, frozen=True, gc=False):
    """A block of an answer: its text, or the input of a tool call as it is."""

    type: str = ""
    text: str | None = None
    input: msgspec.Raw = msgspec.Raw()


class _OnlyId(msgspec.Struct):
    custom_id: str = ""


# Most answers: a first block of text whose first character is no blank and no escape, whatever follows.
begins_with_text = re.compile(rb'\[\{"type": ?"text", ?"text": ?"[!#-\[\]-~\xc3-\xdf\xe4-\xf4]').match
RawLine = Line[msgspec.Raw]
"""A line whose content is left as it is."""
Blocks = list[ContentBlock] | None
_RAW: Final = msgspec.json.Decoder(RawLine)
_ANSWER: Final = msgspec.json.Decoder(Line[Blocks])
_decode_blocks = msgspec.json.Decoder(Blocks).decode


def answer_line(line: bytes) -> Line[Blocks] | None:
    """A line as the API writes it; None for any other."""
    try:
        return _ANSWER.decode(line)
    except UNREADABLE:
        return None


def answer_lines(lines: Sequence[bytes]) -> Sequence[Line[Blocks] | None]:
    """The same of several lines, which takes half as long where all of them are as the API writes them."""
    if _are_objects(lines):
        with contextlib.suppress(*UNREADABLE):
            found = _ANSWER.decode_lines(b"\n".join(lines))
            if len(found) == len(lines):
                return found
    return [*map(answer_line, lines)]


def _are_objects(lines: Sequence[bytes]) -> bool:
    """Whether lines begin and end with braces: then none can be a part of another, and all may be decoded at once."""
    return all(lines) and {*map(_FIRST, lines)} == {_BEGIN} and {*map(_LAST, lines)} == {_END}


def read_line(line: bytes) -> RawLine:
    """One line, whatever is in it; what cannot be read has the type `unparsed` and, where it can be found, its id."""
    stripped = line.strip().removeprefix(_BOM)
    try:
        return _RAW.decode(stripped)
    except UNREADABLE:
        pass
    try:
        require_shallow(stripped)
        return _from_value(json.loads(stripped.decode(), parse_constant=_refused))
    except (ValueError, RecursionError, TypeError, AttributeError, KeyError):
        return Line(_id_of(stripped), LineResult(Outcome.UNPARSED.value))


def read_block(block: bytes | memoryview, count: int) -> Sequence[RawLine] | None:
    """The lines of a block whose lines all begin and end with braces; None where one has to be read by itself."""
    try:
        lines = _RAW.decode_lines(block)
    except UNREADABLE:
        return None
    return lines if len(lines) == count else None


def read_lines(data: bytes) -> tuple[list[int], list[int], Sequence[RawLine]]:
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


def read_result(line: bytes) -> Result:
    """A line as a whole result; one that cannot be read has the outcome `unparsed` and its text under `raw`."""
    try:
        value = decode_json(line)
    except ValueError:
        return _unparsed(line)
    body = value.get("result") if isinstance(value, dict) else None
    if not isinstance(body, dict):
        return _unparsed(line)
    return Result(str(value.get("custom_id", "")), body)


def content_blocks(content: msgspec.Raw) -> Sequence[ContentBlock] | None:
    """The blocks of an answer's content; None where it is of a shape that is unknown here."""
    try:
        return _decode_blocks(content) or ()
    except UNREADABLE:
        return None if bytes(content) else ()


def is_empty(content: msgspec.Raw) -> bool:
    """True where an answer holds nothing but blank text and thinking; content of an unknown shape is not empty."""
    blocks = content_blocks(content)
    return blocks is not None and all(
        block.type in ("thinking", "redacted_thinking")
        or (block.type == "text" and not (block.text or "").strip())
        for block in blocks
    )


def _unparsed(line: bytes) -> Result:
    return Result("", {"type": Outcome.UNPARSED.value, "raw": line.decode("utf-8", "replace")})


def _from_value(value: dict[str, Any]) -> RawLine:
    """A line from its JSON value. Raises what a value of another shape raises."""
    result = value["result"]
    return Line(
        _word(value["custom_id"]),
        LineResult(_word(result["type"]), _message(result.get("message")), _error(result.get("error"))),
    )


def _message(message: Any) -> LineMessage[msgspec.Raw] | None:
    if not isinstance(message, dict):
        return None
    usage = message.get("usage")
    content, details = message.get("content"), message.get("stop_details")
    return LineMessage(
        msgspec.Raw(json.dumps(content).encode()) if content is not None else msgspec.Raw(),
        _word_or_none(message.get("stop_reason")),
        _word_or_none(message.get("model")),
        _usage(usage) if isinstance(usage, dict) else None,
        StopDetails(_word_or_none(details.get("category"))) if isinstance(details, dict) else None,
    )


def _usage(usage: dict[str, Any]) -> Usage:
    server, iterations = usage.get("server_tool_use"), usage.get("iterations")
    return Usage(
        **_tokens(usage),
        server_tool_use=ServerToolUse(_number(server.get("web_search_requests")))
        if isinstance(server, dict)
        else None,
        inference_geo=_word_or_none(usage.get("inference_geo")),
        iterations=[
            Iteration(
                **_tokens(one), type=_word_or_none(one.get("type")), model=_word_or_none(one.get("model"))
            )
            for one in iterations
            if isinstance(one, dict)
        ]
        if isinstance(iterations, list)
        else None,
    )


def _tokens(usage: dict[str, Any]) -> dict[str, Any]:
    creation = usage.get("cache_creation")
    names = "input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"
    tokens: dict[str, Any] = {name: _number(usage.get(name)) for name in names}
    if isinstance(creation, dict):
        kinds = CacheCreation.__struct_fields__
        tokens["cache_creation"] = CacheCreation(*(_number(creation.get(kind)) for kind in kinds))
    return tokens


def _error(error: Any) -> _OuterError | None:
    inner = inner_error(error)
    if inner is None:
        return None
    details = inner.get("details")
    return _OuterError(
        LineError(
            _word_or_none(inner.get("type")) or "",
            _word_or_none(inner.get("message")) or "",
            msgspec.Raw() if details is None else msgspec.Raw(json.dumps(details).encode()),
        )
    )


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
    except UNREADABLE:
        return ""
