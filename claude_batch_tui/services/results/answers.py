"""What one line of a results file says, decoded as far as filters need it: about 2 µs for 2 KB."""

from __future__ import annotations

import contextlib
from typing import Any

from claude_batch_tui.domain.filters.json_path import Path, find_values
from claude_batch_tui.domain.results.json_tree import decode_json
from claude_batch_tui.domain.results.line import (
    answer_line,
    read_line,
    read_result,
)
from claude_batch_tui.domain.results.result import SPOKEN, Outcome, Result
from claude_batch_tui.domain.results.structured import structured_text

NO_DOCUMENT = object()
"""Stands for an answer that is no JSON; `None` is JSON's null."""


def answer_text(line: bytes) -> str:
    """What a filter on `text` looks into: the answer's text blocks joined by newlines, or what stands in its place.

    That is `type: message` of an error with its details, and the line itself where it cannot be read. Thinking and tool
    calls are no text; summaries of compactions, advice and listings are.
    """
    found = answer_line(line)
    if found is None or found.result.message is None or found.result.type != Outcome.SUCCEEDED:
        return _text_of(read_result(line))
    blocks = found.result.message.content or ()
    if any(block.type in SPOKEN for block in blocks):
        return read_result(line).spoken
    return "\n".join([block.text or "" for block in blocks if block.type == "text"])


def answer_document(line: bytes) -> Any:
    """The answer as JSON: its text, out of a code fence too, or the input of its first tool call."""
    result = read_result(line)
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


def value_at(document: Any, path: Path) -> Any:
    """The first value a path leads to in an answer, as `answer_document` gives it; None where it leads nowhere."""
    return None if document is NO_DOCUMENT else next(find_values(document, path), None)


def schema_text(line: bytes) -> str | None:
    """The text of an answer that is to follow a schema, or None: there is no answer, or it is of an unknown shape."""
    message = read_line(line).result.message
    return structured_text(message.content) if message is not None else None


def _text_of(result: Result) -> str:
    match result.outcome:
        case Outcome.SUCCEEDED:
            return result.spoken
        case Outcome.ERRORED:
            kind, message = result.error
            return "\n".join([f"{kind}: {message}", *result.error_details])
        case Outcome.UNPARSED:
            return str(result.body.get("raw", ""))
        case _:
            return ""
