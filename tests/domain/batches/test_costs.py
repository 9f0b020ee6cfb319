"""What batches cost, grouped."""

from datetime import UTC, date, datetime, timedelta

import pytest

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.costs import GROUPINGS, NO_TAG, PaidBatch, costs
from claude_batch_tui.domain.batches.history import UNKNOWN_MODEL
from claude_batch_tui.domain.money.spend import Spend
from claude_batch_tui.wording.costs import cost_cells

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)


def spend(usd, models=("claude-opus-5",), unpriced=0):
    return Spend(
        usd, usd * 2, usd * 1.5, unpriced, 10, 0, 0, 0, 0, models, (), date(2026, 11, 1), additional_tokens=0
    )


def paid(number, *, days_ago=0, ended=True, ok=10, failed=0, run=None, title=None, **known):
    counts = RequestCounts(succeeded=ok, errored=failed) if ended else RequestCounts(processing=ok + failed)
    batch = Batch(
        f"msgbatch_{number}",
        "ended" if ended else "in_progress",
        counts,
        NOW - timedelta(days=days_ago, minutes=-number),
    )
    return PaidBatch(batch, run or batch.id, title or run or batch.id, **known)


def grouped(batches, by, **options):
    return costs(batches, by, day_of=lambda at: at.date(), **options)


def test_every_attempt_of_a_run_is_paid_for_and_in_its_line_under_the_name_of_the_first():
    run = [
        paid(1, run="run_a", title="evals 1/2", spend=spend(3.0), at_most=5.0),
        paid(2, run="run_a", title="evals 2/2", spend=spend(4.0), at_most=6.0),
        paid(3, run="run_a", title="evals retry", spend=spend(0.5), at_most=1.0),
        paid(4, spend=spend(9.0)),
    ]
    found = grouped(run, "run")
    assert [(line.key, line.run_id, line.billed) for line in found.lines] == [
        ("msgbatch_4", "msgbatch_4", 9.0),
        ("evals", "run_a", 7.5),
    ]
    assert (found.lines[1].estimated, found.lines[1].standard, found.lines[1].batches) == (12.0, 15.0, 3)
    assert (found.total.billed, found.total.cache_saved) == (16.5, pytest.approx(8.25))


def test_each_batch_is_billed_in_flight_not_read_or_unknown_and_nothing_is_guessed():
    found = grouped(
        [
            paid(1, spend=spend(3.0, unpriced=2), at_most=5.0),
            paid(2, ended=False, at_most=7.0),
            paid(3, at_most=11.0),
            paid(4),
            paid(5, ended=False),
            paid(6, ok=0, failed=10, at_most=2.0),
            paid(7, ended=False, at_most=13.0, is_gone=True),
        ],
        "day",
    )
    total = found.total
    assert (total.billed, total.in_flight, total.unread) == (3.0, 7.0, 24.0)
    assert (total.unknown, total.unpriced, total.batches, total.known) == (2, 2, 7, 2)
    assert [cell for cell in cost_cells(grouped([paid(4)], "day").total) if "$" in cell] == []


def test_what_ended_without_an_answer_cost_nothing_and_that_is_known():
    line = grouped([paid(1, ok=0, failed=10)], "day").total
    assert (line.billed, line.unknown, line.unread) == (0.0, 0, 0.0)


def test_days_come_in_their_order_and_other_months_are_left_out():
    batches = [paid(number, days_ago=days, spend=spend(1.0)) for number, days in enumerate((25, 3, 0, 3))]
    found = grouped(batches, "day", month="2026-11")
    assert [(line.key, line.batches) for line in found.lines] == [("2026-11-17", 2), ("2026-11-20", 1)]
    assert found.total.batches == 3


def test_models_are_those_that_answered_and_a_batch_of_several_has_a_line_of_its_own():
    found = grouped(
        [
            paid(1, model="claude-opus-5", spend=spend(2.0, ("claude-opus-5-20260101",))),
            paid(2, model="claude-opus-5", at_most=1.0),
            paid(3, spend=spend(9.0, ("claude-opus-5", "claude-haiku-5-5"))),
            paid(4),
        ],
        "model",
    )
    assert [(line.key, line.batches) for line in found.lines] == [
        ("claude-haiku-5-5 + claude-opus-5", 1),
        ("claude-opus-5", 2),
        (UNKNOWN_MODEL, 1),
    ]


def test_a_batch_with_several_tags_is_in_the_line_of_each_and_once_in_the_total():
    found = grouped([paid(1, tags=("a", "b"), spend=spend(2.0)), paid(2, spend=spend(1.0))], "tag")
    assert {line.key: line.billed for line in found.lines} == {"a": 2.0, "b": 2.0, NO_TAG: 1.0}
    assert found.total.billed == 3.0


@pytest.mark.parametrize("by", GROUPINGS)
def test_the_lines_add_up_to_the_total_where_every_batch_is_in_one(by):
    batches = [
        paid(n, days_ago=n % 4, run=f"run_{n % 3}", model=f"m{n % 2}", spend=spend(n)) for n in range(9)
    ]
    found = grouped(batches, by)
    assert sum(line.billed for line in found.lines) == found.total.billed == 36.0
