"""What an answer says beside its text, and an error beside its message: found by filters, listed, exported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from claude_batch_tui.domain.results.line import read_result
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.exporting.rows import RowReader
from claude_batch_tui.services.results.answers import answer_text
from claude_batch_tui.services.results.browse import Reading, first_words
from claude_batch_tui.tui.results.entry_views import text_lines

ERROR = {
    "type": "invalid_request_error",
    "message": "An image is too large.",
    "details": {
        "error_code": "image_dimensions_too_large",
        "paths": ["messages.0.content.1", "messages.0.content.2"],
        "error_visibility": "user_facing",
    },
}


def _line(result: dict[str, Any]) -> bytes:
    return json.dumps({"custom_id": "a", "result": result}).encode()


def _answer(*blocks: dict[str, Any], stop: str = "end_turn") -> bytes:
    return _line({"type": "succeeded", "message": {"content": blocks, "stop_reason": stop, "model": "m"}})


def _export(line: bytes) -> list[Any]:
    return RowReader(built_in_prices()).values(line, "b")


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"type": "compaction", "content": "the summary"}, "the summary"),
        ({"type": "advisor_tool_result", "content": {"type": "advisor_result", "text": "the advice"}}, "the advice"),
        ({"type": "advisor_tool_result", "content": {"error_code": "overloaded"}}, "overloaded"),
        ({"type": "mcp_tool_listing", "mcp_server_name": "s", "tools": [{"name": "n", "description": "d"}]}, "s\nn\nd"),
        ({"type": "fallback", "from": {"model": "first"}, "to": {"model": "second"}}, "first\nsecond"),
    ],
)  # fmt: skip
def test_what_other_blocks_say_is_found_listed_and_exported(block: dict[str, Any], words: str) -> None:
    alone, beside = _answer(block, stop="compaction"), _answer({"type": "text", "text": "Yes."}, block)
    assert answer_text(alone) == words
    assert answer_text(beside) == f"Yes.\n{words}"
    assert first_words(read_result(alone)) == words
    assert _export(alone)[3] == words
    assert _export(alone)[5] == "compaction"
    assert _export(beside)[3] == "Yes."


def test_the_details_of_an_error_stand_beside_its_message() -> None:
    line = _line({"type": "errored", "error": {"type": "error", "error": ERROR, "request_id": None}})
    said = answer_text(line).split("\n")
    assert said == [
        "invalid_request_error: An image is too large.",
        "error_code: image_dimensions_too_large",
        "paths: messages.0.content.1",
        "paths: messages.0.content.2",
    ]
    assert _export(line)[4] == f"{said[0]} ({'; '.join(said[1:])})"
    assert first_words(read_result(line)) == "; ".join(said)
    shown = [str(part[0]) for part in text_lines(Reading(0, "a", line, read_result(line)), None)]
    assert [part.strip() for part in shown[2:5]] == said[1:]


def test_details_that_only_say_who_may_see_the_error_are_left_out() -> None:
    error = {"type": "api_error", "message": "x", "details": {"error_visibility": "user_facing"}}
    line = _line({"type": "errored", "error": {"type": "error", "error": error}})
    assert answer_text(line) == "api_error: x"
    assert _export(line)[4] == "api_error: x"
