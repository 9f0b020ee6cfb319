"""Tools, streams, betas, versions and models, as the API has them of late 2026."""

from __future__ import annotations

import msgspec
import pytest

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator

WEATHER = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
SEARCH = {"type": "web_search_20260209", "name": "web_search"}
ADVISOR = {"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-5-5"}


def answers(call, ask, count=20, headers=None, **params):
    batch = call.create(*(ask(f"row-{n}", **params) for n in range(count)), headers=headers).json
    call.simulator.batches.finish()
    return [line["result"]["message"] for line in call.results(batch["id"]).lines]


def test_a_tool_is_called_by_some_answers_where_that_is_left_open_and_by_none_where_it_is_forbidden(
    call, ask
):
    stops = {message["stop_reason"] for message in answers(call, ask, tools=[WEATHER])}
    assert stops == {"tool_use", "end_turn"}
    barred = answers(call, ask, tools=[WEATHER], tool_choice={"type": "none"})
    assert {message["stop_reason"] for message in barred} == {"end_turn"}


def test_a_server_tool_leaves_its_blocks_its_citations_and_its_count(call, ask):
    message = answers(call, ask, 1, tools=[SEARCH])[0]
    assert [block["type"] for block in message["content"]] == [
        "server_tool_use",
        "web_search_tool_result",
        "text",
    ]
    assert message["content"][0]["id"] == message["content"][1]["tool_use_id"]
    assert message["content"][2]["citations"][0]["type"] == "web_search_result_location"
    assert message["usage"]["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 0}


def test_what_was_not_cited_and_not_searched_is_null(call, ask):
    message = answers(call, ask, 1)[0]
    assert message["content"][0]["citations"] is None
    assert message["usage"]["server_tool_use"] is None


def test_an_advisor_is_counted_apart_from_the_totals(call, ask):
    message = answers(call, ask, 1, tools=[ADVISOR], headers={"anthropic-beta": "advisor-tool-2026-03-01"})[0]
    own, advice = message["usage"]["iterations"]
    assert (own["type"], advice["type"], advice["model"]) == ("message", "advisor_message", "claude-opus-5-5")
    assert own["output_tokens"] == message["usage"]["output_tokens"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"context_management": {"edits": []}}, "context_management: Extra inputs are not permitted"),
        ({"mcp_servers": []}, "mcp_servers: Extra inputs are not permitted"),
        ({"tools": [ADVISOR]}, "tools.0: Input tag 'advisor_20260301' found using 'type'"),
        ({"speed": "fast"}, '"speed": "fast" is not supported in the Message Batches API'),
        ({"inference_geo": "mars"}, "inference_geo: Input should be 'global' or 'us'"),
        (
            {"model": "claude-haiku-4-5", "inference_geo": "us"},
            "inference_geo: not supported for this model",
        ),
    ],
)
def test_what_needs_a_beta_or_no_batch_takes_is_an_errored_entry(call, ask, change, said):
    outcome = call.outcome(ask(**change)["params"])
    assert outcome["error"]["error"]["message"].startswith(said)


def test_a_beta_that_is_named_is_taken(call, ask):
    params = ask(context_management={"edits": []})["params"]
    outcome = call.outcome(params, headers={"anthropic-beta": "context-management-2025-06-27"})
    assert outcome["type"] == "succeeded"


def test_a_bill_to_the_user_profile_is_an_errored_entry(call, ask):
    params = ask(billing_policy={"type": "billing_policy", "bill_to": "user_profile"})["params"]
    outcome = call.outcome(params, headers={"anthropic-beta": "user-profiles-billing-2026-10-01"})
    assert "bill_to" in outcome["error"]["error"]["message"]


def test_a_user_profile_in_the_params_has_to_be_that_of_the_header(call, ask):
    params = ask(user_profile_id="uprof_1")["params"]
    assert call.outcome(params)["type"] == "succeeded"
    other = call.outcome(params, headers={"anthropic-user-profile-id": "uprof_2"})
    assert other["type"] == "errored"


def test_a_version_that_never_was_is_refused(call):
    answer = call("GET", "/v1/models", version="2024-01-01")
    assert (answer.status, answer.message) == (
        400,
        'anthropic-version: "2024-01-01" is not a valid version',
    )


def test_a_stream_gives_the_message_that_the_plain_call_gives(call, ask):
    asked = ask(tools=[SEARCH])["params"]
    whole = call("POST", "/v1/messages", asked | {"stream": False}).json
    streamed = call("POST", "/v1/messages", asked | {"stream": True})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    parts = [part.split(b"\ndata: ") for part in streamed.body.strip().split(b"\n\n")]
    events = [msgspec.json.decode(data) for _, data in parts]
    assert [event["type"] for event in events] == [
        name.removeprefix(b"event: ").decode() for name, _ in parts
    ]
    assert events[0]["message"]["content"] == []
    kinds = [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"]
    assert kinds == [block["type"] for block in whole["content"]]
    assert events[-2]["delta"]["stop_reason"] == whole["stop_reason"]


def test_token_counts_take_a_speed_and_no_max_tokens(call, ask):
    params = ask()["params"]
    refused = call("POST", "/v1/messages/count_tokens", params)
    assert refused.message == "max_tokens: Extra inputs are not permitted"
    del params["max_tokens"]
    assert call("POST", "/v1/messages/count_tokens", params | {"speed": "standard"}).json["input_tokens"] > 0


def test_models_are_listed_by_the_stage_of_their_life(call):
    def listed(query=""):
        return {model["id"]: model for model in call("GET", f"/v1/models?limit=100{query}").json["data"]}

    usual, retired = listed(), listed("&lifecycle[]=retired")
    assert {model["lifecycle"] for model in usual.values()} == {"active", "deprecated"}
    assert all(model["retires_at"] is None for model in usual.values() if model["lifecycle"] == "active")
    assert usual["claude-opus-4-5-20251101"]["retires_at"].startswith("2027-01-22")
    assert {model["lifecycle"] for model in retired.values()} == {"retired"}


def test_a_retired_model_and_a_foreign_key_are_refused_unless_the_simulator_takes_any(caller_of, ask, call):
    old = ask(model="claude-3-7-sonnet-20250219")["params"]
    assert call.outcome(old)["error"]["error"]["type"] == "not_found_error"
    assert call("GET", "/v1/models", key="my-key").status == 401
    with Simulator(rates=ALL_ANSWERED, any_key=True, any_model=True) as lenient:
        caller = caller_of(lenient)
        assert caller("GET", "/v1/models", key="my-key").status == 200
        assert caller.outcome(old)["type"] == "succeeded"
        assert caller.outcome(old | {"model": "made-up"})["type"] == "succeeded"


def test_an_admin_call_puts_a_batch_and_a_model_there_under_a_given_id(call):
    for age in (60, 600):
        assert call("POST", "/_simulator/add", {"id": "mine", "age": age, "duration": 1}).status == 200
    assert call("GET", "/v1/messages/batches/mine").json["processing_status"] == "ended"
    assert len(call("GET", "/v1/messages/batches").json["data"]) == 1
    call("POST", "/_simulator/models", {"id": "model_of_mine"})
    assert call("GET", "/v1/models/model_of_mine").json["id"] == "model_of_mine"
