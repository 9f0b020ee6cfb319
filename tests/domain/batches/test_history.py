"""What the batches of some days say together."""

from datetime import UTC, date, datetime, timedelta

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.history import (
    BUCKETS,
    UNKNOWN_MODEL,
    PastBatch,
    by_week,
    history,
    size_words,
)

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)


def past(
    number,
    *,
    days_ago=0,
    took=10,
    model="claude-opus-5",
    total=500,
    errored=0,
    canceled=False,
    usd=None,
    at_most=None,
):
    created = NOW - timedelta(days=days_ago, hours=1)
    counts = RequestCounts(succeeded=total - errored, errored=errored)
    batch = Batch(
        f"msgbatch_{number}",
        "ended" if took is not None else "in_progress",
        counts if took is not None else RequestCounts(processing=total),
        created,
        ended_at=None if took is None else created + timedelta(minutes=took),
        cancel_initiated_at=created if canceled else None,
    )
    return PastBatch(batch, model, usd, at_most)


def of(*batches, days=7):
    return history(batches, days=days, now=NOW, day_of=lambda at: at.date())


def test_every_day_has_its_place_and_the_empty_ones_too():
    found = of(past(1), past(2), past(3, days_ago=2), past(4, days_ago=30))
    assert [day.day for day in found.days] == [date(2026, 11, 14 + n) for n in range(7)]
    assert [day.batches for day in found.days] == [0, 0, 0, 0, 1, 0, 2]
    assert (found.total.batches, found.total.requests) == (3, 1_500)


def test_what_a_batch_cost_replaces_what_was_estimated():
    today = of(past(1, usd=2.0, at_most=9.0), past(2, at_most=5.0), past(3)).days[-1]
    assert (today.usd, today.at_most, today.unpriced) == (2.0, 5.0, 1)


def test_turnarounds_are_told_by_model_and_size():
    batches = [past(n, took=n) for n in range(1, 11)] + [past(11, took=60, total=20_000)]
    small, large = of(*batches).turnarounds
    assert (small.model, size_words(small.size), small.batches) == ("claude-opus-5", "100-999", 10)
    assert (small.median, small.ninth_tenth, small.longest) == tuple(
        timedelta(minutes=minutes) for minutes in (5, 9, 10)
    )
    assert (size_words(large.size), large.median) == ("10,000-99,999", timedelta(hours=1))


def test_canceled_and_running_batches_teach_no_turnaround():
    assert of(past(1, canceled=True), past(2, took=None)).turnarounds == ()


def test_dated_ids_of_a_model_count_as_the_model():
    found = of(past(1, model="claude-haiku-4-5-20251001"), past(2, model="claude-haiku-4-5"))
    assert [(group.model, group.batches) for group in found.turnarounds] == [("claude-haiku-4-5", 2)]


def test_spreads_count_every_turnaround_once():
    found = of(past(1, took=0.5), past(2, took=1), past(3, took=10_000), past(4, took=3, model="other"))
    assert [(one.model, sum(one.counts)) for one in found.spreads] == [("claude-opus-5", 3), ("other", 1)]
    assert found.spreads[0].counts[0] == found.spreads[0].counts[1] == found.spreads[0].counts[-1] == 1
    assert len(found.spreads[0].counts) == len(BUCKETS) + 1


def test_outcomes_are_summed_by_model_and_unknown_models_come_last():
    found = of(past(1, model=None, total=9_000), past(2, errored=5), past(3, errored=1)).outcomes
    assert [(group.model, group.batches, group.counts.errored) for group in found] == [
        ("claude-opus-5", 2, 6),
        (UNKNOWN_MODEL, 1, 0),
    ]


def test_weeks_are_counted_back_from_today_and_lose_no_day():
    weeks = by_week(of(past(1), past(2, days_ago=6), past(3, days_ago=7), past(4, days_ago=16), days=17).days)
    assert [week.batches for week in weeks] == [1, 1, 2]
    assert weeks[-1].day == date(2026, 11, 14)
    assert len(by_week(of(days=14).days)) == 2
