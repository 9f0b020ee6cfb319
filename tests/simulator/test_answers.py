from __future__ import annotations

import json

from claude_batch_tui.simulator import Rates, Simulator

SCHEMA = {
    "type": "object",
    "properties": {
        "sentiment": {"type": "string", "enum": ["good", "bad"]},
        "score": {"type": "integer", "minimum": 3, "maximum": 5},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 2},
        "at": {"type": "string", "format": "date"},
        "maybe": {"type": ["null", "boolean"]},
    },
    "$defs": {"tag": {"type": "string"}},
}


def user(text):
    return [{"role": "user", "content": text}]


def test_an_answer_is_made_of_the_prompt(call, ask):
    message = call.outcome(ask()["params"])["message"]
    assert message["stop_reason"] == "end_turn"
    assert message["model"] == "claude-opus-5"
    assert (
        message["content"][0]["text"].rsplit(" ", 1)[-1].strip(".")
        in ask()["params"]["messages"][0]["content"]
    )
    usage = message["usage"]
    assert usage["service_tier"] == "batch"
    assert usage["input_tokens"] > 0
    assert 0 < usage["output_tokens"] <= 200


def test_one_of_a_list_of_words_is_answered_by_one_of_them(call, ask):
    for prompt in (
        "Answer with one of: bug, billing, praise.\n\nIt broke.",
        "It broke. Classify this as bug, billing or praise",
    ):
        message = call.outcome(ask(messages=user(prompt), max_tokens=8)["params"])["message"]
        assert message["content"][0]["text"] in {"bug", "billing", "praise"}


def test_a_schema_is_matched(call, ask):
    config = {"format": {"type": "json_schema", "schema": SCHEMA}}
    text = call.outcome(ask(output_config=config)["params"])["message"]["content"][0]["text"]
    value = json.loads(text)
    assert list(value) == ["sentiment", "score", "tags", "at", "maybe"]
    assert value["sentiment"] in {"good", "bad"}
    assert 3 <= value["score"] <= 5
    assert len(value["tags"]) >= 2
    assert isinstance(value["maybe"], bool)


def test_a_forced_tool_is_used(call, ask):
    tool = {"name": "save", "input_schema": SCHEMA}
    params = ask(tools=[tool], tool_choice={"type": "tool", "name": "save"})["params"]
    message = call.outcome(params)["message"]
    block = message["content"][0]
    assert message["stop_reason"] == "tool_use"
    assert (block["type"], block["name"], block["caller"]) == ("tool_use", "save", {"type": "direct"})
    assert block["input"]["sentiment"] in {"good", "bad"}


def test_an_answer_longer_than_max_tokens_is_cut(call, ask):
    params = ask(max_tokens=5, messages=user("many words of all kinds " * 200))["params"]
    message = call.outcome(params)["message"]
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 5


def test_escapes_and_other_scripts_survive_the_cutting(call, ask):
    for text in ('"quoted" \\ and\n\t new 😀 lines ' * 100, "日本語の文章です。" * 200, "é" * 3000):
        message = call.outcome(ask(max_tokens=40, messages=user(text))["params"])["message"]
        answer = message["content"][0]["text"].split(": ")[-1]
        assert answer
        assert "\ufffd" not in answer


def test_a_marked_prefix_is_written_to_the_cache_or_read_from_it(call, ask):
    system = [{"type": "text", "text": "word " * 4000, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    usage = call.outcome(ask(system=system)["params"])["message"]["usage"]
    written, read = usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]
    assert (written > 0) != (read > 0)
    assert usage["cache_creation"]["ephemeral_1h_input_tokens"] == written


def test_adaptive_thinking_shows_a_block_and_counts_in_the_output(call, ask):
    message = call.outcome(ask(thinking={"type": "adaptive"})["params"])["message"]
    assert [block["type"] for block in message["content"]] == ["thinking", "text"]
    assert (
        message["usage"]["output_tokens"] > message["usage"]["output_tokens_details"]["thinking_tokens"] > 0
    )


def test_failures_come_in_realistic_shares(caller_of):
    rates = Rates(errored=0.05, expired=0.02, refused=0.05, thinking=0.1)
    with Simulator(rates=rates) as simulator:
        batch = simulator.batches.add(2000, age=100, duration=1)
        answer = caller_of(simulator).results(batch.id)
        outcomes = [line["result"] for line in answer.lines]
        kinds = [outcome["type"] for outcome in outcomes]
        counts = caller_of(simulator)("GET", f"/v1/messages/batches/{batch.id}").json["request_counts"]
    assert counts == {"processing": 0, "canceled": 0} | {
        kind: kinds.count(kind) for kind in ("succeeded", "errored", "expired")
    }
    assert 50 < counts["errored"] < 150
    assert 10 < counts["expired"] < 80
    refused = [out["message"] for out in outcomes if out.get("message", {}).get("stop_reason") == "refusal"]
    assert 50 < len(refused) < 150
    assert refused[0]["content"] == []
    assert refused[0]["stop_details"]["type"] == "refusal"
    error = next(out["error"] for out in outcomes if out["type"] == "errored")
    assert error["request_id"].startswith("workerreq_")
    assert error["error"]["type"] in {"api_error", "overloaded_error"}
