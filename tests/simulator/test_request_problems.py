"""What is wrong inside params never refuses the batch: it becomes an errored entry."""

from __future__ import annotations

import pytest

TOOL = {"name": "save", "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}
USER = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"messages": None}, "messages: Field required"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": 0}, "max_tokens: must be greater than or equal to 1"),
        ({"max_tokens": 200_000}, "max_tokens: 200000 > 128000, which is the maximum allowed number of output tokens for claude-opus-5"),
        ({"stream": True}, '"stream=True" is not supported in the Message Batches API'),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort"'),
        ({"betas": ["x"]}, "betas: Extra inputs are not permitted"),
        ({"temperature": 1.0}, "temperature: Extra inputs are not permitted"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "x"}}, "Tool 'x' not found in provided tools"),
        ({"messages": [USER, {"role": "assistant", "content": "So"}]}, "This model does not support assistant message prefill. The conversation must end with a user message."),
        ({"messages": [{"role": "robot", "content": "hi"}]}, 'messages: Unexpected role "robot".'),
        ({"system": 5, "max_tokens": "many"}, "max_tokens: Input should be valid: Expected `int`, got `str`"),
    ],
)  # fmt: skip
def test_a_mistake_in_params_is_an_errored_entry(call, ask, change, said):
    result = call.outcome(ask(**change)["params"])
    assert result["type"] == "errored"
    assert result["error"] == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": said,
            "details": {"error_visibility": "user_facing"},
        },
        "request_id": None,
    }


def test_an_unknown_model_is_a_not_found_error(call, ask):
    error = call.outcome(ask(model="claude-does-not-exist-9")["params"])["error"]["error"]
    assert (error["type"], error["message"]) == ("not_found_error", "model: claude-does-not-exist-9")


def test_the_ceiling_is_told_for_the_dated_model(call, ask):
    error = call.outcome(ask(model="claude-haiku-4-5", max_tokens=9_999_999)["params"])["error"]["error"]
    assert error["message"] == (
        "max_tokens: 9999999 > 64000, which is the maximum allowed number of output tokens for"
        " claude-haiku-4-5-20251001"
    )


def test_sampling_keys_are_taken_under_the_older_version_by_older_models(call, ask):
    params = ask(model="claude-sonnet-4-6", temperature=0.2)["params"]
    assert call.outcome(params, version="2023-06-01")["type"] == "succeeded"
    assert call.outcome(params)["type"] == "errored"


def test_the_long_output_beta_raises_the_ceiling(call, ask):
    params = ask(max_tokens=300_000)["params"]
    beta = {"anthropic-beta": "output-300k-2026-03-24, other"}
    assert call.outcome(params, headers=beta)["type"] == "succeeded"
