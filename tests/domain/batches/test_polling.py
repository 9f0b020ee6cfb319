from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from claude_batch_tui.domain.batches.batch import Batch, BatchState, RequestCounts
from claude_batch_tui.domain.batches.polling import (
    asked_wait,
    backoff,
    has_slept,
    interval,
    jittered,
    page_limit,
)
from claude_batch_tui.domain.batches.turnaround import forecast_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def batch(age_minutes, status="in_progress", total=100, took=None):
    created = NOW - timedelta(minutes=age_minutes)
    counts = RequestCounts(succeeded=total) if status == "ended" else RequestCounts(processing=total)
    ended = created + timedelta(minutes=took or 10) if status == "ended" else None
    return Batch("msgbatch_x", status, counts, created, created + timedelta(hours=24), ended)


@pytest.mark.parametrize(
    ("age", "status", "seconds"),
    [
        (1, "in_progress", 10),
        (30, "in_progress", 30),
        (90, "in_progress", 60),
        (180, "in_progress", 120),
        (24 * 60 - 10, "in_progress", 30),
        (180, "canceling", 10),
    ],
)
def test_the_interval_follows_age_state_and_deadline(age, status, seconds):
    assert interval([batch(age, status)], NOW) == seconds


def test_the_most_urgent_batch_decides_and_nothing_unfinished_means_silence():
    assert interval([batch(500), batch(1)], NOW) == 10
    assert interval([], NOW) is None
    assert interval([batch(500)], NOW, fixed=1.5) == 1.5


def test_back_off_grows_with_jitter_and_is_capped_whatever_the_server_asks():
    assert [backoff(n, 1.0) for n in (1, 2, 3, 4, 20)] == [2, 4, 8, 16, 300]
    assert backoff(5, 0.0) == 16
    assert backoff(1, 0.5, retry_after=99_999_999) == 900
    assert backoff(1, 0.5, retry_after=0) == 1


def test_jitter_moves_by_a_tenth():
    assert (jittered(10, 0.0), jittered(10, 0.5), jittered(10, 1.0)) == (9, 10, 11)


def test_one_page_covers_every_unfinished_batch():
    assert page_limit(0, first_time=True) == 1000
    assert page_limit(51, first_time=False) == 71
    assert page_limit(0, first_time=False) == 20
    assert page_limit(5_000, first_time=False) == 1000


def test_a_forecast_knows_half_nine_of_ten_and_the_share_that_had_ended():
    found = forecast_of([timedelta(minutes=10 * (n + 1)) for n in range(10)])
    assert (found.median, found.ninth_tenth, found.similar) == (
        timedelta(minutes=50),
        timedelta(minutes=90),
        10,
    )
    assert found.share_past(timedelta(minutes=35)) == 0.3


def test_states_follow_from_status_counts_and_time():
    ended = batch(60, "ended")
    assert ended.state(NOW) is BatchState.ENDED_OK
    assert ended.state(NOW + timedelta(days=30)) is BatchState.ARCHIVED
    assert batch(1, "paused_by_aliens").state(NOW) is BatchState.UNKNOWN
    assert batch(1).supersedes(ended) is False
    assert ended.supersedes(batch(1)) is True


def test_near_the_end_that_a_forecast_suggests_polls_come_faster():
    likely = forecast_of([timedelta(minutes=minutes) for minutes in (200, 210, 220, 230, 260)])
    assert interval([batch(180)], NOW, likely=lambda _: likely) == 120
    assert interval([batch(200)], NOW, likely=lambda _: likely) == 30
    assert interval([batch(270)], NOW, likely=lambda _: likely) == 120


def test_what_an_answer_asks_for_is_kept_but_not_beyond_15_minutes():
    assert asked_wait(None) == 0
    assert asked_wait(10.0, requests_left=900, reset_in=50) == 10
    assert asked_wait(10.0, requests_left=3, reset_in=50) == 50
    assert asked_wait(10.0, requests_left=3) == 10
    assert asked_wait(99_999.0) == 900


def test_a_sleep_of_the_machine_shows_in_the_difference_of_two_clocks():
    assert has_slept(3600, 15)
    assert not has_slept(16, 15)
    assert has_slept(-40, 15)
