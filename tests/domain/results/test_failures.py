from __future__ import annotations

import pytest

from claude_batch_tui.domain.results.failures import (
    Remedy,
    RetryCounts,
    RetryRules,
    advice,
    cause_of,
    rule_of,
)
from claude_batch_tui.domain.results.result import CLASSES

SEEN = [
    ("invalid_request_error", "messages: Field required", "Add the field"),
    ("invalid_request_error", "messages: at least one message is required", "at least one message"),
    ("not_found_error", "model: claude-does-not-exist-9", "Take a model"),
    (
        "invalid_request_error",
        "max_tokens: 9999999 > 64000, which is the maximum allowed number of output tokens for claude-haiku-4-5-20251001",
        "max_tokens to 64000 or less",
    ),
    ("invalid_request_error", "max_tokens: must be greater than or equal to 1", "1 or more"),
    ("invalid_request_error", '"stream=True" is not supported in the Message Batches API', "`stream`"),
    (
        "invalid_request_error",
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"',
        '{"type": "adaptive"}',
    ),
    (
        "invalid_request_error",
        "tools.0.web_fetch_20250910._x: Extra inputs are not permitted",
        "Take the key",
    ),
    ("invalid_request_error", "Unable to download the file. Please verify the URL and try again.", "fetch"),
    (
        "invalid_request_error",
        "messages.0.content.0.image.source.base64.data: The file format is invalid or unsupported",
        "media type",
    ),
    ("invalid_request_error", "Tool 'x' not found in provided tools", "tool_choice"),
    ("invalid_request_error", "prompt is too long: 214,020 tokens > 200,000 maximum", "Shorten"),
    ("invalid_request_error", "something new", "has to be changed"),
    ("overloaded_error", "Overloaded", "again as it is"),
    ("api_error", "max_tokens: Field required", "again as it is"),
    ("brand_new_error", "", "JSON"),
]


@pytest.mark.parametrize(("kind", "message", "said"), SEEN)
def test_every_error_that_was_seen_has_its_advice(kind, message, said):
    assert said in advice(kind, message)


INVALID = "invalid_request_error"


@pytest.mark.parametrize(
    ("rules", "class_name", "error_type", "decided"),
    [
        ({}, "errored", "overloaded_error", "sent"),
        ({}, "errored", "billing_error", "sent"),
        ({}, "errored", "brand_new_error", "sent"),
        ({}, "errored", "", "sent"),
        ({}, "expired", "", "sent"),
        ({}, "errored", INVALID, "invalid"),
        ({}, "errored", "request_too_large", "invalid"),
        ({}, "complete", "", "good"),
        ({}, "truncated", "", "good"),
        ({}, "canceled", "", "good"),
        ({"include_invalid": True}, "errored", INVALID, "sent"),
        ({"include_invalid": True}, "complete", "", "good"),
        ({"any_outcome": True}, "complete", "", "sent"),
        ({"any_outcome": True}, "refused", "", "sent"),
        ({"any_outcome": True}, "canceled", "", "sent"),
        ({"any_outcome": True}, "errored", INVALID, "invalid"),
        ({"any_outcome": True, "include_invalid": True}, "unparsed", "", "good"),
    ],
)
def test_what_failed_is_retried_and_everything_else_only_when_it_is_said(
    rules, class_name, error_type, decided
):
    assert RetryRules(**rules).decide(cause_of(class_name, error_type), is_changed=False) == decided


@pytest.mark.parametrize("class_name", CLASSES)
def test_what_is_changed_first_is_sent_unless_it_was_good_or_cannot_be_read(class_name):
    decided = RetryRules().decide(cause_of(class_name), is_changed=True)
    assert decided == ("good" if class_name in ("complete", "unparsed") else "sent")


def test_every_class_that_is_not_good_has_a_rule_and_a_context_that_is_full_another_than_max_tokens():
    rules = {name: rule_of(cause_of(name)) for name in CLASSES[1:]}
    assert rules["refused"].remedy is Remedy.NEVER
    assert rules["expired"].remedy is Remedy.AS_IT_IS
    assert "max_tokens" in rules["truncated"].advice
    full = rule_of(cause_of("truncated", stop_reason="model_context_window_exceeded"))
    assert full.remedy is Remedy.FIX
    assert "max_tokens" not in full.advice
    assert {rules[name].is_free for name in ("errored", "expired", "canceled")} == {True}


def test_what_is_chosen_is_the_sum_of_its_kinds():
    assert (
        RetryCounts(
            sent={"errored": 2, "expired": 3, "truncated": 1, "complete": 4}, invalid=5, retried=6
        ).chosen
        == 10
    )
