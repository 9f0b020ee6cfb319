"""When to look at the API again. Times are seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.turnaround import Forecast

FLOOR = 10.0
"""The API's own hint on a poll of an unfinished batch (`retry-after: 10`, captured 2026-09-02)."""
ASKED_FLOOR = 5.0
"""The least distance between polls a user asks for by key."""
IDLE = 600.0
"""Between polls where nothing is unfinished: batches that other tools submit appear by themselves."""
ATTENDED = 60.0
"""The same while somebody types."""
LONGEST_RETRY_AFTER = 900.0
"""A Retry-After longer than 15 minutes is not believed."""
NOT_FOUND_GRACE = timedelta(seconds=60)
"""A batch of our own may answer 404 right after its creation (seen 67 ms after; third-party report)."""
LONGEST_BACKOFF = 300.0
_YOUNG, _MIDDLE = timedelta(minutes=10), timedelta(hours=1)
_NEAR_DEADLINE = timedelta(minutes=30)


_SPARE_REQUESTS = 5
"""So few requests left of the minute are kept for what the user asks for."""
_ASLEEP = 30.0


def interval(
    unfinished: Iterable[Batch],
    now: datetime,
    *,
    fixed: float | None = None,
    likely: Callable[[Batch], Forecast | None] = lambda _: None,
) -> float | None:
    """Seconds until the next poll, or None where nothing is unfinished.

    The batch that wants it soonest decides: canceling 10, younger than 10 minutes 10, than an hour 30, near its
    deadline or the end that its forecast (`likely`) suggests 30, older 60, and 120 after two hours.
    """
    waits = [_wait(batch, likely(batch), now) for batch in unfinished]
    if not waits:
        return None
    return fixed if fixed is not None else max(min(waits), FLOOR)


def _wait(batch: Batch, likely: Forecast | None, now: datetime) -> float:
    age = now - batch.created_at
    if batch.processing_status == "canceling" or age < _YOUNG:
        return 10.0
    # The time in which batches like it end: from shortly before half of them had to 9 of 10.
    is_likely = likely is not None and likely.median * 0.9 <= age <= likely.ninth_tenth
    if age < _MIDDLE or abs(batch.deadline - now) < _NEAR_DEADLINE or is_likely:
        return 30.0
    return 60.0 if age < 2 * _MIDDLE else 120.0


def asked_wait(
    retry_after: float | None, requests_left: int | None = None, reset_in: float | None = None
) -> float:
    """The seconds an answer asks for before the next request: its Retry-After, and where few requests are left, the reset.

    Neither is believed above 15 minutes.
    """
    wait = retry_after or 0.0
    if requests_left is not None and requests_left <= _SPARE_REQUESTS and reset_in is not None:
        wait = max(wait, reset_in)
    return min(wait, LONGEST_RETRY_AFTER)


def has_slept(wall_seconds: float, awake_seconds: float) -> bool:
    """Whether the machine slept, or its clock was set: the wall clock moved otherwise than the time it was awake."""
    return abs(wall_seconds - awake_seconds) > _ASLEEP


def jittered(seconds: float, random: float) -> float:
    """`seconds` moved by up to a tenth either way; `random` is in [0, 1)."""
    return seconds * (0.9 + 0.2 * random)


def backoff(failures: int, random: float, retry_after: float | None = None) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4 … 300 with full jitter, or what the API asks."""
    if retry_after is not None:
        return min(max(retry_after, 1.0), LONGEST_RETRY_AFTER)
    ceiling = min(2.0 ** min(failures, 20), LONGEST_BACKOFF)
    return max(ceiling * (0.5 + 0.5 * random), 1.0)


def wait_for_read(
    failures: int, seconds: float, limit: float, random: float, *, asked: float | None = None
) -> float | None:
    """Seconds until a read is tried again that has failed so many times in so many seconds; None where it is not.

    The last try is at `limit`; what the API asks for (`asked`) is waited for, or not tried again where it is longer.
    """
    left = limit - seconds
    wait = backoff(failures, random, asked)
    if asked is None and left >= 1:
        wait = min(wait, left)
    return wait if wait <= left else None


def page_limit(covered: int, *, first_time: bool) -> int:
    """How many batches to ask for, so that one request covers the `covered` newest and some that are new to us."""
    return 1000 if first_time else min(covered + 20, 1000)
