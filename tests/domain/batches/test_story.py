"""The log of a batch, from polls and sightings."""

from datetime import UTC, datetime, timedelta

from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.domain.batches.story import PollRecord, Sighting, answers

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def minute(number):
    return START + timedelta(minutes=number)


def sighting(number, status="in_progress"):
    return Sighting(minute(number), status, RequestCounts(processing=3))


def polls(*numbers, failed=()):
    return tuple(
        PollRecord(minute(n), 0.1, 1, "no answer" if n in failed else None)
        for n in sorted(numbers, reverse=True)
    )


def log(sightings, polled, *, ended_at=None, one_by_one=2):
    return answers(tuple(sightings), polled, ended_at=ended_at, one_by_one=one_by_one)


def test_older_polls_that_saw_nothing_new_are_one_line():
    lines = log([sighting(0)], polls(*range(10)))
    assert [line.polls for line in lines] == [1, 1, 7, 1]
    assert (lines[2].since, lines[2].until) == (minute(1), minute(7))
    assert lines[3].sighting is not None


def test_a_failure_is_never_folded_away():
    lines = log([], polls(*range(8), failed=[3]))
    assert [(line.polls, line.error) for line in lines] == [
        (1, None),
        (1, None),
        (2, None),
        (1, "no answer"),
        (3, None),
    ]


def test_a_change_that_no_poll_saw_stands_by_itself():
    lines = log([sighting(5, "canceling")], polls(4, 6))
    assert [(line.since, line.polls) for line in lines] == [(minute(6), 1), (minute(5), 0), (minute(4), 1)]


def test_polls_after_the_end_are_not_about_the_batch():
    lines = log([sighting(0), sighting(3, "ended")], polls(*range(9)), ended_at=minute(2))
    assert lines[0].sighting.processing_status == "ended"
    assert lines[0].until == minute(3)
