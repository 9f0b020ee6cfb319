"""When to look at the API again. Times are seconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from claude_batch_tui.domain.batch import Batch

FLOOR = 10.0
"""The API's own hint on a poll of an unfinished batch (`retry-after: 10`, captured 2026-09-02)."""
ASKED_FLOOR = 5.0
"""The least distance between polls a user asks for by key."""
LONGEST_RETRY_AFTER = 900.0
"""A Retry-After longer than 15 minutes is not believed."""
LONGEST_BACKOFF = 300.0
_YOUNG, _MIDDLE = timedelta(minutes=10), timedelta(hours=1)
_NEAR_DEADLINE = timedelta(minutes=30)


def interval(unfinished: Iterable[Batch], now: datetime, *, fixed: float | None = None) -> float | None:
    """Seconds until the next poll, or None where nothing is unfinished and silence is right.

    The batch that wants it soonest decides: canceling 10, younger than 10 minutes 10, than an hour 30, near its
    deadline 30, older 60, and 120 after two hours.
    """
    wishes = [_wish(batch, now) for batch in unfinished]
    if not wishes:
        return None
    return fixed if fixed is not None else max(min(wishes), FLOOR)


def _wish(batch: Batch, now: datetime) -> float:
    age = now - batch.created_at
    if batch.processing_status == "canceling" or age < _YOUNG:
        return 10.0
    if age < _MIDDLE or abs(batch.deadline - now) < _NEAR_DEADLINE:
        return 30.0
    return 60.0 if age < 2 * _MIDDLE else 120.0


def jittered(seconds: float, random: float) -> float:
    """`seconds` moved by up to a tenth either way; `random` is in [0, 1)."""
    return seconds * (0.9 + 0.2 * random)


def backoff(failures: int, random: float, retry_after: float | None = None) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4 … 300 with full jitter, or what the API asks."""
    if retry_after is not None:
        return min(max(retry_after, 1.0), LONGEST_RETRY_AFTER)
    ceiling = min(2.0 ** min(failures, 20), LONGEST_BACKOFF)
    return max(ceiling * (0.5 + 0.5 * random), 1.0)


def page_limit(covered: int, *, first_time: bool) -> int:
    """How many batches to ask for, so that one request covers the `covered` newest and some that are new to us."""
    return 1000 if first_time else min(covered + 20, 1000)
