from __future__ import annotations

import json

import pytest

from claude_batch_tui.domain.results.answer import Kind, pieces


def one(block):
    (piece,) = pieces([block])
    return piece


def test_text_is_followed_by_what_it_cites():
    block = {
        "type": "text",
        "text": "Ten days.",
        "citations": [
            {
                "type": "page_location",
                "cited_text": "ten days ",
                "document_title": "Law",
                "start_page_number": 3,
                "end_page_number": 5,
            },
            {"type": "web_search_result_location", "cited_text": "x", "title": "T", "url": "https://a.b"},
        ],
    }
    text, first, second = pieces([block])
    assert (text.kind, text.text) == (Kind.TEXT, "Ten days.")
    assert (first.title, first.text) == ("Law, pages 3 to 4", "“ten days”")
    assert second.title == "T, https://a.b"


def test_thinking_that_is_hidden_or_encrypted_is_said_to_be():
    assert one({"type": "thinking", "thinking": ""}).text == "(not shown by the API)"
    assert "4 characters" in one({"type": "redacted_thinking", "data": "abcd"}).text


def test_calls_of_tools_name_the_tool_and_its_input():
    call = one({"type": "server_tool_use", "name": "web_search", "input": {"query": "x"}})
    assert call.title == "server tool call: web_search"
    assert json.loads(call.text) == {"query": "x"}
    assert one({"type": "mcp_tool_use", "name": "n", "server_name": "s", "input": {}}).title.endswith(
        "n of s"
    )


def test_results_of_server_tools_are_readable():
    hit = {"type": "web_search_result", "title": "T", "url": "https://a.b", "page_age": "2 days"}
    search = one({"type": "web_search_tool_result", "content": [hit]})
    assert search.text == "T, 2 days\n  https://a.b"
    failed = {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}
    assert "max_uses_exceeded" in one({"type": "web_search_tool_result", "content": failed}).text
    ran = {"stdout": "hi\n", "stderr": "oh", "return_code": 1, "content": [{"file_id": "file_1"}]}
    bash = one({"type": "bash_code_execution_tool_result", "content": ran})
    assert bash.title == "bash code execution result, exit code 1"
    assert bash.text == "hi\nstderr:\noh\nfile file_1"


def test_media_of_a_request_are_counted_not_shown():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 5000}}
    assert "5,000 characters" in one(image).text


@pytest.mark.parametrize(
    "block",
    [
        {"type": "hologram", "beam": 1},
        {"type": "text"},
        {"type": "text", "text": 7},
        {"type": "text", "text": "x", "citations": [{"no": "cited text"}]},
        {"type": "tool_use"},
        {"type": "web_fetch_tool_result", "content": {"type": "web_fetch_result"}},
        {"no": "type"},
        "a string",
        7,
        None,
    ],
)
def test_what_is_not_known_is_shown_as_json_and_nothing_is_lost(block):
    piece = one(block)
    assert piece.kind is Kind.UNKNOWN
    assert json.loads(piece.text) == block


def test_results_nested_without_end_do_not_crash():
    block = {"type": "text", "text": "deep"}
    for _ in range(900):
        block = {"type": "tool_result", "content": [block]}
    assert pieces([block])


@pytest.mark.parametrize(
    ("block", "title", "text"),
    [
        ({"type": "compaction", "content": "So far: a.", "encrypted_content": "x"}, "compaction: summary", "So far: a."),
        ({"type": "compaction", "content": None}, "compaction: summary", "(it failed: no summary)"),
        (
            {"type": "advisor_tool_result", "tool_use_id": "t", "content": {"type": "advisor_result", "text": "Do b."}},
            "advisor result",
            "Do b.",
        ),
        (
            {"type": "advisor_tool_result", "content": {"type": "advisor_redacted_result", "encrypted_content": "x"}},
            "advisor result",
            "(advice encrypted)",
        ),
        (
            {"type": "advisor_tool_result", "content": {"type": "advisor_tool_result_error", "error_code": "overloaded"}},
            "advisor result, an error",
            "overloaded",
        ),
        (
            {"type": "mcp_tool_listing", "mcp_server_name": "s", "tools": [{"name": "n", "description": "finds"}]},
            "tools of the MCP server s",
            "n: finds",
        ),
        (
            {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}, "trigger": {"type": "refusal"}},
            "fallback",
            "a declined, b goes on",
        ),
    ],
)  # fmt: skip
def test_blocks_that_are_not_the_answer_itself_are_text(block, title, text):
    piece = one(block)
    assert (piece.title, piece.text) == (title, text)


@pytest.mark.parametrize("kind", ["compaction", "advisor_tool_result", "mcp_tool_listing", "fallback"])
def test_such_a_block_of_another_shape_is_its_json(kind):
    assert json.loads(one({"type": kind, "content": 1}).text)["type"] == kind
