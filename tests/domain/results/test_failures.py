from __future__ import annotations

import pytest

from claude_batch_tui.domain.results.failures import RetryCounts, RetryRules, advice
from claude_batch_tui.domain.results.result import Outcome

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
    ("rules", "outcome", "error_type", "allowed"),
    [
        ({}, Outcome.ERRORED, "overloaded_error", True),
        ({}, Outcome.ERRORED, "", True),
        ({}, Outcome.EXPIRED, "", True),
        ({}, Outcome.ERRORED, INVALID, False),
        ({}, Outcome.SUCCEEDED, "", False),
        ({}, Outcome.CANCELED, "", False),
        ({"include_invalid": True}, Outcome.ERRORED, INVALID, True),
        ({"include_invalid": True}, Outcome.SUCCEEDED, "", False),
        ({"any_outcome": True}, Outcome.SUCCEEDED, "", True),
        ({"any_outcome": True}, Outcome.CANCELED, "", True),
        ({"any_outcome": True}, Outcome.ERRORED, INVALID, False),
        ({"any_outcome": True, "include_invalid": True}, Outcome.UNPARSED, "", False),
    ],
)
def test_what_failed_is_retried_and_everything_else_only_when_it_is_said(rules, outcome, error_type, allowed):
    assert RetryRules(**rules).allows(outcome, error_type) is allowed


def test_what_is_chosen_is_the_sum_of_its_kinds():
    assert RetryCounts(errored=2, expired=3, others=4, invalid=5, retried=6).chosen == 9
