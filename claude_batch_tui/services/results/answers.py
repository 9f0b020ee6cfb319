"""What one line of a results file says, decoded as far as filters need it: about 2 µs for 2 KB."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from claude_batch_tui.domain.results.json_text import decode_json
from claude_batch_tui.domain.results.result import Outcome, Result
from claude_batch_tui.store.results.file import decode

NO_DOCUMENT = object()
"""Stands for an answer that is no JSON; `None` is JSON's null."""


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Message(msgspec.Struct):
    content: list[_Block]
    model: str = ""


class _Answered(msgspec.Struct):
    type: str
    message: _Message


class _Line(msgspec.Struct):
    result: _Answered


_decode_line = msgspec.json.Decoder(_Line).decode


def answer_text(line: bytes) -> str:
    """What a filter on `text` looks into: the answer's text blocks joined by newlines, or what stands in its place.

    That is `type: message` of an error, and the line itself where it cannot be read. Thinking and tool calls are
    no text.
    """
    try:
        answered = _decode_line(line).result
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _text_of(decode(line))
    if answered.type != Outcome.SUCCEEDED:
        return _text_of(decode(line))
    return "\n".join([block.text for block in answered.message.content if block.type == "text"])


def answer_document(line: bytes) -> Any:
    """The answer as JSON: its text, out of a code fence too, or the input of its first tool call."""
    result = decode(line)
    if result.outcome != Outcome.SUCCEEDED:
        return NO_DOCUMENT
    text = result.text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    if text:
        with contextlib.suppress(ValueError):
            return decode_json(text)
    content = result.message.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == "tool_use" and "input" in block:
            return block["input"]
    return NO_DOCUMENT


def _text_of(result: Result) -> str:
    match result.outcome:
        case Outcome.SUCCEEDED:
            return result.text
        case Outcome.ERRORED:
            kind, message = result.error
            return f"{kind}: {message}"
        case Outcome.UNPARSED:
            return str(result.body.get("raw", ""))
        case _:
            return ""
