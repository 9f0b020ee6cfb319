from __future__ import annotations

import pytest

from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.domain.results.retrying import RetryCounts, RetryRules

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
