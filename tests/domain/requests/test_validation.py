"""Every problem of a requests file, with the exact sentence."""

import json

import pytest

from claude_batch_tui.domain.requests import validation
from claude_batch_tui.domain.requests.draft import ModelTotals, Severity
from claude_batch_tui.domain.requests.limits import body_bytes
from claude_batch_tui.domain.requests.validation import KEPT_PER_CODE, RequestsCheck

GOOD = {"model": "claude-opus-5", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}


def line(custom_id="a", **changes):
    params = {key: value for key, value in (GOOD | changes).items() if value is not ...}
    return json.dumps({"custom_id": custom_id, "params": params}).encode()


def draft_of(*lines, **facts):
    check = RequestsCheck("r.jsonl", **facts)
    for number, data in enumerate(lines, 1):
        check.add(number, data)
    return check.draft()


def found(*lines, **facts):
    return [(problem.code, problem.message) for problem in draft_of(*lines, **facts).problems]


def user(content):
    return [{"role": "user", "content": content}]


def test_a_sound_request_has_no_problems_and_is_counted():
    data = line()
    draft = draft_of(data)
    assert (draft.requests, draft.body_bytes, draft.has_errors) == (1, body_bytes(1, len(data)), False)
    assert draft.problems == ()
    assert draft.model == "claude-opus-5"


@pytest.mark.parametrize(
    "changes",
    [
        {"stream": False},
        {"stream": None},
        {"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]},
        {"tools": [{"name": "t", "input_schema": {}}], "tool_choice": {"type": "auto"}},
        {"messages": [*user("x"), {"role": "assistant", "content": ""}, {"role": "system", "content": "s"}]},
        {
            "messages": user(
                [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aa"}}]
            )
        },
        {"thinking": {"type": "adaptive"}, "metadata": {"user_id": "u"}, "stop_sequences": ["x"]},
        {"inference_geo": None, "service_tier": "auto", "output_config": {"effort": "low"}},
    ],
)
def test_what_a_batch_allows_is_not_complained_of(changes):
    assert found(line(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"model": ...}, "missing_model", "params have no `model`"),
        ({"model": ""}, "missing_model", "`model` is empty"),
        ({"model": " "}, "missing_model", "`model` is empty"),
        ({"model": 5}, "model_type", "`model` is a text, not the number 5"),
        ({"max_tokens": ...}, "missing_max_tokens", "params have no `max_tokens`"),
        ({"max_tokens": "9"}, "max_tokens_type", "`max_tokens` is a whole number, not the text '9'"),
        ({"max_tokens": 1.5}, "max_tokens_type", "`max_tokens` is a whole number, not the number 1.5"),
        ({"max_tokens": True}, "max_tokens_type", "`max_tokens` is a whole number, not true"),
        ({"max_tokens": 0}, "max_tokens_too_small", "`max_tokens` is at least 1 in a batch, not 0"),
        ({"messages": ...}, "missing_messages", "params have no `messages`"),
        ({"messages": []}, "missing_messages", "`messages` is empty: at least one message is required"),
        ({"messages": "hi"}, "messages_type", "`messages` is a list, not the text 'hi'"),
        (
            {"messages": ["hi"]},
            "message_type",
            "messages[0] is an object with role and content, not the text 'hi'",
        ),
        (
            {"messages": [{"role": "tool", "content": "x"}]},
            "message_type",
            (
                "messages[0] has the role 'tool'; it is user, assistant or system: write a user message with a block "
                '{"type": "tool_result", "tool_use_id": …, "content": …}'
            ),
        ),
        (
            {"messages": user(None)},
            "message_type",
            "the content of messages[0] is a text or a list of blocks, not null",
        ),
        (
            {"messages": user(["x"])},
            "message_type",
            "messages[0].content[0] is a content block, an object with a `type`",
        ),
        (
            {"messages": user([{"type": "text"}])},
            "message_type",
            "messages[0].content[0] is a text block without `text`",
        ),
        ({"messages": user(" \n")}, "empty_prompt", "the user message messages[0] is empty"),
        ({"messages": user([])}, "empty_prompt", "the user message messages[0] is empty"),
        (
            {"messages": user([{"type": "text", "text": ""}])},
            "empty_prompt",
            "the text block messages[0].content[0] is empty",
        ),
        ({"stream": True}, "stream", "streaming does not exist in a batch; leave `stream` out"),
        ({"stream": "no"}, "stream", "`stream` is false or left out in a batch, not 'no'"),
        ({"speed": "fast"}, "forbidden_param", "fast mode does not exist in a batch; leave `speed` out"),
        (
            {"betas": ["x"]},
            "forbidden_param",
            "`betas` belong to the whole batch, not into params; leave them out here",
        ),
        (
            {"fallbacks": []},
            "forbidden_param",
            "fallbacks do not work in a batch; leave `fallbacks` out",
        ),
    ],
)
def test_wrong_params_are_errors(changes, code, message):
    draft = draft_of(line(**changes))
    assert [(problem.code, problem.message) for problem in draft.problems] == [(code, message)]
    problem = draft.problems[0]
    assert (problem.file, problem.line, problem.custom_id) == ("r.jsonl", 1, "a")
    assert draft.has_errors


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (
            {"max_token": 5},
            "unknown_param",
            "'max_token' is no known key of params; did you mean `max_tokens`?",
        ),
        ({"zzz": 5}, "unknown_param", "'zzz' is no known key of params"),
        ({"mcp_servers": []}, "beta_param", "`mcp_servers` is a beta: it needs an anthropic-beta header"),
    ],
)
def test_doubtful_params_are_warnings_and_the_request_is_reckoned_with(changes, code, message):
    draft = draft_of(line(**changes))
    assert [(problem.code, problem.message) for problem in draft.problems] == [(code, message)]
    assert draft.problems[0].severity is Severity.WARNING
    assert not draft.has_errors
    assert draft.models[0].requests == 1


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b'{"params":{}}', "missing_custom_id", "the request has no custom_id"),
        (b'{"custom_id":7,"params":{}}', "custom_id_type", "custom_id is a text, not the number 7"),
        (line(""), "custom_id_pattern", "custom_id is empty"),
        (line("a b"), "custom_id_pattern", "custom_id 'a b' may hold a-z A-Z 0-9 _ - only"),
        (line("a\n"), "custom_id_pattern", "custom_id 'a\\n' may hold a-z A-Z 0-9 _ - only"),
        (line("x" * 65), "custom_id_length", "custom_id has 65 characters; at most 64 are allowed"),
        (b'{"custom_id":"a"}', "missing_params", "the request has no params"),
        (b'{"custom_id":"a","params":[]}', "params_type", "params are an object, not a list"),
        (b"[1]", "not_an_object", "a request is an object with custom_id and params, not a list"),
        (b'{"custom_id":"\xff"}', "not_utf8", "byte 0xFF at position 14 is not UTF-8"),
        (
            b'{"custom_id":',
            "not_json",
            (
                "the line is not valid JSON: Expecting value at column 14; a requests file is JSON Lines, "
                "one request on each line"
            ),
        ),
        (
            b'{"custom_id":"a","params":NaN}',
            "not_json",
            "the line is not valid JSON: it holds NaN or Infinity",
        ),
        (b"[" * 100_000, "not_json", "the line cannot be read: it is nested more than 128 levels deep"),
        (
            b'{"custom_id":' + b"9" * 5_000 + b"}",
            "not_json",
            "the line holds a number of more than 4,300 digits",
        ),
    ],
)
def test_a_broken_envelope_is_an_error(data, code, message):
    assert (code, message) in found(data)


def test_bytes_that_are_no_utf8_are_found_in_parts_that_are_not_decoded():
    data = line(metadata={"user_id": "XX"}).replace(b"XX", b"\xff\xff")
    assert [code for code, _ in found(data)] == ["not_utf8"]


def test_a_repeated_custom_id_names_both_lines():
    draft = draft_of(line("a"), line("b", max_tokens=7), line("a"))
    assert draft.problems[0].line == 3
    assert draft.problems[0].message == "custom_id 'a' repeats that of line 1; it is unique in a batch"


def test_a_repetition_is_found_where_the_first_has_other_problems():
    assert [code for code, _ in found(line("a", speed=1), line("a"))] == [
        "forbidden_param",
        "duplicate_custom_id",
    ]


def test_all_problems_of_a_request_are_told_at_once():
    codes = [code for code, _ in found(line("a b", model=..., max_tokens=0, messages=[], stream=True))]
    assert codes == [
        "custom_id_pattern",
        "missing_model",
        "max_tokens_too_small",
        "missing_messages",
        "stream",
    ]


def test_a_key_beside_custom_id_and_params_is_a_warning():
    data = json.dumps({"custom_id": "a", "params": GOOD, "id": 1}).encode()
    draft = draft_of(data)
    assert [problem.message for problem in draft.problems] == [
        "'id' is no key of a request; only custom_id and params are"
    ]
    assert not draft.has_errors


def test_problems_are_kept_up_to_a_bound_and_counted_exactly():
    draft = draft_of(*(line(f"id-{number}", zzz=number) for number in range(KEPT_PER_CODE + 5)))
    assert draft.counts == {"unknown_param": KEPT_PER_CODE + 5}
    assert (len(draft.problems), draft.warnings) == (KEPT_PER_CODE, KEPT_PER_CODE + 5)


def test_the_limits_of_a_batch_are_checked(monkeypatch):
    monkeypatch.setattr(validation, "MAX_REQUESTS", 2)
    monkeypatch.setattr(validation, "MAX_BODY_BYTES", 100)
    messages = dict(found(line("a"), line("b"), line("c")))
    assert messages["too_many_requests"] == (
        "there are 3 requests; a batch takes at most 2; they become several batches of one run"
    )
    assert messages["body_too_large"].endswith(
        "bytes; a batch takes at most 100; they become several batches of one run"
    )


def test_a_file_without_requests_is_an_error():
    assert found() == [("no_requests", "there are no requests in the file")]


def test_totals_are_kept_apart_where_the_price_differs():
    plain, us = line("a"), line("b", inference_geo="us", max_tokens=7)
    cached = line("c", system=[{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}])
    long = line("d", messages=user("x" * 200_100))
    totals = draft_of(plain, us, cached, long, line("e", model="claude-haiku-4-5")).models
    assert {(t.model, t.requests, t.max_tokens, t.uses_cache, t.in_us, t.long_prompts) for t in totals} == {
        ("claude-opus-5", 1, 10, False, False, False),
        ("claude-opus-5", 1, 7, False, True, False),
        ("claude-opus-5", 1, 10, True, False, False),
        ("claude-opus-5", 1, 10, False, False, True),
        ("claude-haiku-4-5", 1, 10, False, False, False),
    }


def test_bytes_of_params_are_exact_for_a_compact_line():
    params = json.dumps(GOOD, separators=(",", ":")).encode()
    totals = draft_of(b'{"custom_id":"abc","params":' + params + b"}").models
    assert totals == (ModelTotals("claude-opus-5", 1, len(params), 10),)


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": user([{"type": "document", "source": {"type": "url", "url": "https://x"}}])},
        {"messages": user([{"type": "document", "source": {"type": "file", "file_id": "file_1"}}])},
        {"messages": user([{"type": "container_upload", "file_id": "file_1"}])},
        {"tools": [{"type": "web_search_20260209", "name": "web_search"}]},
    ],
)
def test_input_that_will_be_fetched_is_counted_as_open_ended(changes):
    assert draft_of(line(**changes)).models[0].open_ended == 1
