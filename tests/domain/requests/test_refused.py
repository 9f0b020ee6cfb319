"""What the API documents as refused is found before it is sent, each with its sentence; what it takes is not."""

from __future__ import annotations

import json
from datetime import date
from importlib import resources
from typing import Any

import pytest

from claude_batch_tui.domain.requests.draft import Problem, Severity
from claude_batch_tui.domain.requests.models import ModelFacts, load_models
from claude_batch_tui.domain.requests.schema_rules import unsupported_keywords
from claude_batch_tui.domain.requests.validation import RequestsCheck

TABLE = (resources.files("claude_batch_tui.domain") / "models.toml").read_bytes()
TEXT = {"type": "text", "text": "x"}
PLAIN_DOCUMENT = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}


def problems(
    live: tuple[ModelFacts, ...] = (), api_version: str | None = None, **changes: Any
) -> tuple[Problem, ...]:
    params = {
        "model": "claude-opus-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
        **changes,
    }
    models = load_models(TABLE, live, date(2026, 11, 29) if live else None)
    check = RequestsCheck("r.jsonl", models=models, api_version=api_version, deadline=date(2026, 11, 30))
    check.add(1, json.dumps({"custom_id": "a", "params": params}).encode())
    return check.draft().problems


def said(**changes: Any) -> list[tuple[str, str]]:
    return [(problem.code, problem.message) for problem in problems(**changes)]


def turn(role: str, *blocks: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    turns = [{"role": role, "content": list(blocks), **more}]
    return turns if role == "user" else [*turns, {"role": "user", "content": "go on"}]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"messages": turn("assistant", PLAIN_DOCUMENT)}, "misplaced",
         "the document messages[0].content[0] stands in a message of the assistant, which API version 2026-10-21 refuses"),
        ({"messages": turn("user", {**TEXT, "citations": [{"type": "char_location"}]})}, "misplaced",
         "the text messages[0].content[0] of the user has `citations`, which API version 2026-10-21 refuses"),
        ({"messages": turn("assistant", {"type": "image", "source": {"type": "url", "url": "https://x"}})}, "misplaced",
         "the image messages[0].content[0] stands in a message of the assistant"),
        ({"system": [PLAIN_DOCUMENT]}, "misplaced", "system[0] is of the type 'document'; a system prompt is text alone"),
        ({"messages": [{"role": "system", "content": [PLAIN_DOCUMENT]}, *turn("user", TEXT)]}, "misplaced",
         "messages[0].content[0] is of the type 'document'; a system prompt is text alone"),
        ({"billing_policy": {"bill_to": "user_profile"}}, "forbidden_param", "`billing_policy.bill_to` of user_profile"),
        ({"output_config": {"effort": "huge"}}, "effort",
         "`output_config.effort` is one of low, medium, high, xhigh, max, not 'huge'"),
        ({"model": "claude-sonnet-4-6", "output_config": {"effort": "xhigh"}}, "effort",
         "this model has no effort xhigh: it has low, medium, high, max"),
        ({"model": "claude-haiku-4-5", "output_config": {"effort": "low"}}, "effort",
         "this model has no effort low: it has none; leave it out"),
        ({"service_tier": "priority"}, "service_tier", "`service_tier` is auto or standard_only, not 'priority'"),
        ({"inference_geo": "eu"}, "inference_geo", "`inference_geo` is us or global, not 'eu'"),
        ({"model": "claude-haiku-4-5", "inference_geo": "us"}, "inference_geo",
         "claude-haiku-4-5 has no `inference_geo` of us"),
        ({"messages": turn("user", {"type": "image_url", "image_url": {"url": "https://x"}})}, "other_api",
         "messages[0].content[0] is of the type `image_url` of another API: an image is"),
        ({"stop": ["x"]}, "other_api", "`stop` is another API's; write `stop_sequences`, a list"),
        ({"max_completion_tokens": 9}, "other_api", "`max_completion_tokens` is another API's; write `max_tokens`"),
        ({"response_format": {"type": "json_object"}}, "other_api", "`response_format` is another API's; write `output_config"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}, "other_api",
         "tools[0] is a function tool of another API: write its `name` and `description` at the top"),
        ({"messages": [{"role": "developer", "content": "x"}]}, "message_type",
         "messages[0] has the role 'developer'; it is user, assistant or system: write its text as `system`"),
        ({"messages": turn("assistant", TEXT, tool_calls=[])}, "other_api",
         "`tool_calls` in messages[0] is another API's: write blocks"),
        ({"tool_choice": "auto", "tools": [{"name": "f", "input_schema": {}}]}, "tool_choice",
         '`tool_choice` is an object, such as {"type": "auto"}'),
        ({"user_profile_id": 7}, "user_profile_id", "`user_profile_id` is a text, not the number 7"),
    ],
)  # fmt: skip
def test_what_is_refused_is_an_error_in_so_many_words(changes: dict[str, Any], code: str, words: str) -> None:
    found = [problem for problem in problems(**changes) if problem.is_error]
    assert [problem.code for problem in found] == [code]
    assert found[0].message.startswith(words)


@pytest.mark.parametrize(
    "changes",
    [
        {"user_profile_id": "profile_1"},
        {"service_tier": "standard_only", "inference_geo": "us"},
        {"output_config": {"effort": "max"}},
        {"messages": turn("user", {**PLAIN_DOCUMENT, "citations": {"enabled": True}})},
        {"model": "claude-haiku-4-5-20251001"},
        {"model": "claude-opus-5-5", "output_config": {"effort": "xhigh"}},
    ],
)
def test_what_is_taken_is_not_complained_of(changes: dict[str, Any]) -> None:
    assert said(**changes) == []


def test_a_user_profile_that_is_not_that_of_the_header_is_an_error() -> None:
    def found(said: str | None) -> list[str]:
        params = {"model": "claude-opus-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        check = RequestsCheck("r.jsonl", user_profile_id="profile_1")
        check.add(1, json.dumps({"custom_id": "a", "params": params | {"user_profile_id": said}}).encode())
        return [problem.message for problem in check.draft().problems]

    assert found("profile_1") == found(None) == []
    assert found("profile_2") == [
        "`user_profile_id` is 'profile_2', and the header of the batch says 'profile_1'"
    ]


def test_older_api_versions_take_documents_and_citations_where_they_stand() -> None:
    for messages in (turn("assistant", PLAIN_DOCUMENT), turn("user", {**TEXT, "citations": [{"type": "x"}]})):
        assert said(messages=messages, api_version="2023-06-01") == []


def test_a_dated_id_that_was_never_issued_is_a_warning_and_an_error_where_the_api_says_so() -> None:
    (offline,) = problems(model="claude-opus-5-20260723")
    assert (offline.code, offline.severity) == ("never_issued", Severity.WARNING)
    assert offline.message.startswith(
        "claude-opus-5-20260723 was never issued: claude-opus-5 is (the built-in table"
    )
    live = (ModelFacts("claude-opus-5", max_tokens=128_000),)
    (known,) = problems(live, model="claude-opus-5-20260723")
    assert (known.code, known.severity) == ("never_issued", Severity.ERROR)


def test_lifecycle_is_the_signal_of_retirement_and_a_date_alone_is_not() -> None:
    assert [code for code, _ in said(model="claude-opus-4-5")] == ["model_retires"]
    assert said(model="claude-opus-4-5")[0][1].startswith(
        "claude-opus-4-5 is deprecated and retires on 2027-01-22"
    )
    past = "2026-06-01T00:00:00Z"

    def live(lifecycle: str, retires: str | None) -> tuple[ModelFacts, ...]:
        import msgspec

        return (
            msgspec.convert(
                {"id": "claude-opus-5", "lifecycle": lifecycle, "retires_at": retires}, ModelFacts
            ),
        )

    assert said(live=live("active", None)) == []
    assert said(live=live("active", past)) == []
    assert "is overdue" in said(live=live("deprecated", past))[0][1]
    (retired,) = problems(live("retired", past))
    assert (retired.code, retired.is_error) == ("model_retired", True)


def test_the_efforts_that_the_api_names_go_before_the_table() -> None:
    live = (ModelFacts("claude-opus-5", efforts=("low",)),)
    assert [code for code, _ in said(live=live, output_config={"effort": "max"})] == ["effort"]


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 9}, ["minLength", "maxLength"]),
        ({"type": "number", "minimum": 0, "multipleOf": 2}, ["minimum", "multipleOf"]),
        ({"type": "array", "items": {"type": "integer", "maximum": 9}, "minItems": 2}, ["minItems (above 1)", "maximum"]),
        ({"type": "array", "minItems": 1, "items": {}}, []),
        ({"type": "object", "properties": {}}, ["additionalProperties (not false)"]),
        ({"type": "object", "properties": {}, "additionalProperties": False, "required": []}, []),
        ({"type": "string", "format": "credit-card"}, ["format 'credit-card'"]),
        ({"type": "string", "format": "date", "title": "t", "description": "d"}, []),
        ({"oneOf": [{"type": "string"}]}, ["oneOf"]),
        ({"$ref": "https://x/y.json"}, ["$ref (to another document)"]),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/n"}]}}}, ["$ref (recursive)"]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, ["$ref (recursive)"]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}, []),
    ],
)  # fmt: skip
def test_keywords_outside_the_documented_subset_are_named(schema: dict[str, Any], names: list[str]) -> None:
    assert unsupported_keywords(schema) == names
    form = {"format": {"type": "json_schema", "schema": schema}}
    warned = problems(output_config=form)
    strict = problems(tools=[{"name": "t", "strict": True, "input_schema": schema}])
    for found in (warned, strict):
        assert [problem.severity for problem in found] == [Severity.WARNING] * bool(names)
        assert all(name in problem.message for problem in found for name in names)
    assert problems(tools=[{"name": "t", "input_schema": schema}]) == ()
