"""One answer held against one schema: what is said of it."""

from __future__ import annotations

import json

import msgspec
import pytest

from claude_batch_tui.domain.results.structured import asked_schema, structured_text
from claude_batch_tui.services.results.schemas import Schema, misfit_of
from claude_batch_tui.services.results.sent_schemas import SentSchemas

OBJECT = {
    "type": "object",
    "properties": {"tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["tags"],
}


def schema(value=OBJECT):
    return Schema(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ('{"tags":["a",1]}', "$.tags[1]", '1 is not of type "string"'),
        ("{}", "$", '"tags" is a required property'),
        ("Here it is: {}", "$", "the answer is no JSON: expecting value at character 1"),
        ('{"tags":[', "$", "the answer is no JSON: expecting value at character 10"),
        ('{"tags":NaN}', "$", "the answer is no JSON: NaN is no value of JSON"),
        ("  ", "$", "the answer holds no text"),
        ("[" * 5_000, "$", None),
    ],
)
def test_the_first_thing_that_does_not_fit_is_named_with_its_path(text, path, words):
    found = schema().misfit(text)
    assert not schema().fits(text)
    assert found.path == path
    assert words is None or found.words == words


@pytest.mark.parametrize(
    "text", ['{"tags":[]}', ' {"tags":["\\ud800"]}\n', '{"tags":["ü"],"n":1' + "0" * 400 + "}"]
)
def test_what_fits_is_let_through_whatever_characters_and_numbers_it_holds(text):
    assert schema().fits(text)
    assert schema().misfit(text) is None


@pytest.mark.parametrize("inner", ["", '"\\ud800"', "1"])
def test_an_answer_nested_deeper_than_can_be_told_is_a_misfit_and_no_error(inner):
    deep = "[" * 300 + inner + "]" * 300
    assert not schema().fits(deep)
    assert schema().misfit(deep).path == "$"


def test_words_of_an_answer_reach_nobody_raw():
    assert "\x1b" not in schema({"type": "object"}).misfit('"\\u001b[31mred"').words


@pytest.mark.parametrize(
    "odd", [{"type": "strange"}, {"$ref": "http://127.0.0.1:1/x"}, {"$ref": "#/$defs/none"}]
)
def test_a_schema_that_cannot_be_used_is_no_schema_and_nothing_is_fetched(odd):
    with pytest.raises(ValueError, match=r"."):
        schema(odd)
    request = {
        "custom_id": "a",
        "params": {"output_config": {"format": {"type": "json_schema", "schema": odd}}},
    }
    line = {
        "custom_id": "a",
        "result": {"type": "succeeded", "message": {"content": [{"type": "text", "text": "1"}]}},
    }
    assert misfit_of(json.dumps(request).encode(), json.dumps(line).encode()) is None


def test_schemas_may_refer_to_themselves():
    tree = {"type": "object", "properties": {"of": {"$ref": "#"}}, "additionalProperties": False}
    assert schema(tree).fits('{"of":{"of":{}}}')
    assert schema(tree).misfit('{"of":{"or":{}}}').path == "$.of"


def test_the_text_that_follows_a_schema_is_what_comes_after_thinking_and_tools():
    content = [
        {"type": "text", "text": "Let me look."},
        {"type": "server_tool_use", "id": "a", "name": "web_search", "input": {}},
        {"type": "text", "text": '{"a":'},
        {"type": "text", "text": "1}"},
    ]
    assert structured_text(msgspec.Raw(json.dumps(content).encode())) == '{"a":1}'
    assert structured_text(msgspec.Raw(b'"odd"')) is None


def test_a_request_without_a_schema_asks_for_none():
    for config in (
        {},
        {"output_config": None},
        {"output_config": {"effort": "low"}},
        {"output_config": {"format": None}},
    ):
        assert asked_schema(json.dumps({"custom_id": "a", "params": config}).encode()).schema is None
    assert asked_schema(b"{") is None


def test_the_same_schema_is_kept_once_and_requests_are_told_apart_where_they_differ(tmp_path):
    path = tmp_path / "requests.jsonl"

    def write(*schemas):
        path.write_text(
            "".join(
                json.dumps(
                    {
                        "custom_id": f"r{n}",
                        "params": {"output_config": {"format": {"type": "json_schema", "schema": each}}}
                        if each
                        else {},
                    }
                )
                + "\n"
                for n, each in enumerate(schemas)
            )
        )
        read = SentSchemas([path])
        list(read.reading())
        return read

    same = write(OBJECT, OBJECT)
    assert (len(same.schemas), same.number("r1")) == (1, 0)
    mixed = write(OBJECT, None, {"type": "string"})
    assert [mixed.number(f"r{n}") for n in range(3)] == [0, None, 1]
    assert write(None, None).number("r0") is None
