"""Whose batch it is, by its results."""

from __future__ import annotations

import pytest

from claude_batch_tui.domain.batches.evidence import Evidence, Verdict, is_same_model

WHOLE = {"requests": 9, "lines": 9, "same_model": 9, "same_input": 5}


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (WHOLE, Verdict.OURS),
        (WHOLE | {"lines": 8}, Verdict.OPEN),
        (WHOLE | {"lines": 8, "unreadable": 1}, Verdict.OPEN),
        (WHOLE | {"foreign": 1}, Verdict.ANOTHERS),
        (WHOLE | {"lines": 8, "unreadable": 1, "foreign": 1}, Verdict.OPEN),
        (WHOLE | {"same_model": 4, "other_model": 5}, Verdict.ANOTHERS),
        (WHOLE | {"same_model": 8, "other_model": 1}, Verdict.OPEN),
        (WHOLE | {"same_input": 0}, Verdict.OPEN),
        (WHOLE | {"near_input": 1}, Verdict.OPEN),
        (WHOLE | {"same_input": 1, "near_input": 1, "other_input": 3}, Verdict.ANOTHERS),
        (WHOLE | {"same_input": 3, "other_input": 1}, Verdict.OPEN),
    ],
)
def test_equal_ids_prove_nothing_and_what_differs_clearly_does(facts, verdict):
    assert Evidence(**facts).verdict is verdict


@pytest.mark.parametrize(
    ("counted", "used", "field"),
    [
        (1000, 1000, "same_input"),
        (1000, 1050, "near_input"),
        (1000, 949, "other_input"),
        (12, 17, "near_input"),
        (12, 18, "other_input"),
    ],
)
def test_a_count_may_differ_a_little_from_what_is_used(counted, used, field):
    evidence = Evidence(1)
    evidence.add_input(counted, used)
    assert getattr(evidence, field) == 1


@pytest.mark.parametrize(
    ("asked", "answered", "is_same"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001", True),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001", True),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku-20241022", True),
        ("claude-opus-4-0", "claude-opus-4-20250514", True),
        ("claude-haiku-4-5", "claude-sonnet-4-5-20250929", False),
        ("claude-opus-4-1", "claude-opus-4-20250514", False),
    ],
)
def test_an_alias_is_answered_by_its_snapshot(asked, answered, is_same):
    assert is_same_model(asked, answered) is is_same
