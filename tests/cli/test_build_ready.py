"""Ready requests in every form: what is converted, what refuses by name, and what can be said over them."""

import json
from pathlib import Path

import pytest

MODEL = ("--set", "model=claude-haiku-4-5")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder."""
    monkeypatch.chdir(tmp_path)


def lines(name="requests.jsonl"):
    return [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]


def openai(**body):
    start = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
    return {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": start | body}


def bedrock(**changes):
    start = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "q"}],
    }
    return {"recordId": "a", "modelInput": start | changes}


IMAGE = [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (openai(temperature=0), "`temperature` is not converted; --set temperature=null leaves it out"),
        (openai(max_completion_tokens=9), "`max_completion_tokens` is not converted"),
        (openai(response_format={"type": "json_object"}), "`response_format` is not converted"),
        (
            openai(messages=[{"role": "user", "content": IMAGE}]),
            "content of type 'image_url' in OpenAI's messages[0]",
        ),
        (
            openai(messages=[{"role": "assistant", "content": "x", "tool_calls": [{"id": "1"}]}]),
            "`tool_calls` of OpenAI's messages[0] is not converted",
        ),
        (openai(messages=[{"role": "tool", "content": "x"}]), "the role 'tool' of OpenAI's messages[0]"),
        (
            openai(messages=[{"role": "user", "content": "x"}, {"role": "system", "content": "y"}]),
            "a system prompt after the first message",
        ),
        (
            openai() | {"url": "/v1/embeddings"},
            "only /v1/chat/completions can be converted, not `url` '/v1/embeddings'",
        ),
        (bedrock(anthropic_beta=["x"]), "betas belong to the batch: say them with --betas"),
        (
            {"recordId": "a", "modelInput": {"inputText": "x"}},
            "a request to another model than Claude is not converted",
        ),
        (
            {"key": "a", "request": {"contents": []}},
            "a request to another model than Claude is not converted",
        ),
    ],
)
def test_what_cannot_be_converted_truly_refuses_by_name(cbtui, line, sentence):
    Path("in.jsonl").write_text(json.dumps(line) + "\n")
    code, _, err = cbtui("build", "jsonl", "in.jsonl", *MODEL)
    assert (code, "in.jsonl:1: " in err, sentence in err) == (2, True, True), err
    assert not Path("requests.jsonl").exists()


def test_what_is_said_otherwise_is_not_asked_of_the_file(cbtui):
    Path("in.jsonl").write_text(json.dumps(openai(temperature=0, max_completion_tokens=9)) + "\n")
    code, _, err = cbtui(
        *("build", "jsonl", "in.jsonl", "--model", "claude-haiku-4-5", "--max-tokens", "7"),
        *("--set", "temperature=null", "--set", "max_completion_tokens=null"),
    )
    assert (code, lines()[0]["params"]["max_tokens"]) == (0, 7), err
    assert "temperature" not in lines()[0]["params"]


def test_a_model_of_claude_in_an_openai_line_stays(cbtui):
    Path("in.jsonl").write_text(json.dumps(openai(model="claude-haiku-4-5")) + "\n")
    code, _, err = cbtui("build", "jsonl", "in.jsonl")
    assert (code, lines()[0]["params"]["model"]) == (0, "claude-haiku-4-5"), err


def test_texts_in_blocks_and_a_developer_prompt_are_converted(cbtui):
    said = [
        {"role": "developer", "content": [{"type": "text", "text": "Be brief"}]},
        {"role": "system", "content": "And kind"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
    ]
    Path("in.jsonl").write_text(json.dumps(openai(messages=said)) + "\n")
    code, _, err = cbtui("build", "jsonl", "in.jsonl", *MODEL)
    params = lines()[0]["params"]
    assert (code, params["system"]) == (0, "Be brief\n\nAnd kind"), err
    assert params["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]


def test_a_ready_file_is_kept_to_the_byte_and_what_is_said_over_it_changes_that_alone(cbtui, requests_file):
    source = requests_file(name="ready.jsonl")
    code, _, err = cbtui("build", "jsonl", source, "-o", "same.jsonl")
    assert (code, Path("same.jsonl").read_bytes()) == (0, source.read_bytes()), err
    code, _, err = cbtui("build", "jsonl", source, "--model", "claude-opus-5", "--set", "system=Be brief")
    before, after = lines(source), lines()
    assert code == 0, err
    assert [one["params"].pop("system") for one in after] == ["Be brief"] * 3
    assert [one["params"].pop("model") for one in after] == ["claude-opus-5"] * 3
    assert [one["params"].pop("model") for one in before] == ["claude-haiku-4-5"] * 3
    assert after == before


def test_a_recipe_repeats_what_was_said_over_a_ready_file(cbtui, requests_file):
    source = requests_file(name="ready.jsonl")
    options = ("--model", "claude-opus-5", "--set", "system=x", "--clean-ids")
    code, _, err = cbtui("build", "jsonl", source, *options, "--save-recipe", "r.toml")
    first = Path("requests.jsonl").read_bytes()
    code, _, err = cbtui("build", "--recipe", "r.toml", "--force")
    assert (code, Path("requests.jsonl").read_bytes()) == (0, first), err


def test_ids_that_are_missing_come_from_the_line(cbtui):
    request = {
        "params": {
            "model": "claude-haiku-4-5",
            "max_tokens": 5,
            "messages": [{"role": "user", "content": "x"}],
        }
    }
    Path("in.jsonl").write_text(json.dumps(request) + "\n")
    code, _, err = cbtui("build", "jsonl", "in.jsonl")
    assert (code, "the request has no custom_id" in err) == (2, True)
    code, _, err = cbtui("build", "jsonl", "in.jsonl", "--clean-ids")
    assert (code, lines()[0]["custom_id"][:11]) == (0, "row-000001-"), err


def test_keys_beside_the_requests_of_a_body_are_named(cbtui, requests_file):
    requests = lines(requests_file())
    Path("body.json").write_text(json.dumps({"requests": requests, "user_profile_id": "u"}))
    code, _, err = cbtui("build", "jsonl", "body.json", "-o", "out.jsonl")
    assert (code, "`user_profile_id` stands beside `requests` in the body" in err) == (0, True), err
    assert lines("out.jsonl") == requests


def test_what_stands_between_requests_is_not_passed_over(cbtui, requests_file):
    requests = lines(requests_file())
    Path("in.json").write_text(f'[{json.dumps(requests[0])}, 5, "x",\n{json.dumps(requests[1])}]')
    code, _, err = cbtui("build", "jsonl", "in.json", "-o", "out.jsonl")
    assert code == 2
    assert "in.json:1: a request is an object with custom_id and params, not the number 5" in err
    code, _, err = cbtui("build", "jsonl", "in.json", "-o", "out.jsonl", "--skip-bad-rows")
    assert (code, "2 requests of 4 rows" in err) == (0, True), err


@pytest.mark.parametrize(
    ("line", "whose"),
    [
        ({"id": "b", "custom_id": "a", "response": {"status_code": 200}, "error": None}, "an OpenAI batch"),
        ({"custom_id": "a", "result": {"type": "expired"}}, "a message batch"),
        ({"key": "a", "response": {}}, "a Gemini batch"),
    ],
)
def test_results_are_no_requests(cbtui, line, whose):
    Path("in.jsonl").write_text(json.dumps(line) + "\n")
    code, _, err = cbtui("build", "jsonl", "in.jsonl", *MODEL)
    assert (code, f"these are results of {whose}, not requests" in err) == (2, True), err


def test_rows_given_to_check_are_told_how_to_become_requests(cbtui):
    Path("rows.json").write_text('[{"text": "a"}]')
    code, _, err = cbtui("check", "rows.json")
    assert (code, "cbtui build json rows.json" in err) == (2, True), err


def test_a_temperature_is_fine_under_an_earlier_api_version(cbtui, requests_file, monkeypatch):
    code, _, err = cbtui("build", "jsonl", requests_file(), "-o", "out.jsonl", "--set", "temperature=0")
    assert (code, "`temperature` is refused under `api_version` 2026-10-21" in err) == (2, True), err
    monkeypatch.setenv("CBTUI_API_VERSION", "2023-06-01")
    code, _, err = cbtui("build", "jsonl", requests_file(), "-o", "out.jsonl", "--set", "temperature=0")
    assert (code, lines("out.jsonl")[0]["params"]["temperature"]) == (0, 0), err


def test_ready_requests_can_come_through_a_pipe_in_any_form(cbtui, monkeypatch, requests_file):
    import io
    import sys

    body = json.dumps({"requests": lines(requests_file())}, indent=2).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
    code, _, err = cbtui("build", "jsonl", "-", "-o", "out.jsonl")
    assert (code, len(lines("out.jsonl"))) == (0, 3), err
