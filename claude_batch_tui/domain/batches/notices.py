"""What a user is told of: batches and runs that ended, requests that expire, results the API is about to delete."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.domain.batches.merging import answers_of, title_of_run
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.domain.plain_text import clean_line

OUTCOMES = ("succeeded", "errored", "canceled", "expired")
"""The API's own words for what becomes of a request, which `notify_on` may list."""
_LONGEST_MESSAGE = 200
_SCREEN_TAKES = 700
"""Characters of one sequence that GNU screen 4.9 hands on; of 760 it hands on none."""
EXPIRY_NEAR = timedelta(hours=2)
"""A batch that has not ended this long before its deadline is worth a word."""
RESULTS_LEVELS = (timedelta(hours=12), timedelta(days=2), timedelta(days=7))
"""How long before results go it is said again, nearest first."""
_LOOKED_OVER_EVERY = timedelta(minutes=1)


class Notice(msgspec.Struct, frozen=True):
    """A batch that ended, or a run whose last batch did.

    Counts are of all its batches, every request once: what a retry was sent counts there. `healed` are the requests that
    failed or were not whole at first and are good by now.
    """

    target_id: str
    title: str
    batch_ids: tuple[str, ...]
    counts: RequestCounts
    ended_at: datetime | None = None
    healed: int = 0

    @property
    def is_good(self) -> bool:
        """True where every request succeeded."""
        return self.counts.succeeded == self.counts.total

    def matters(self, notify_on: str) -> bool:
        """Whether one of the outcomes in the comma list `notify_on` occurs; `all` lets everything through."""
        wanted = words(notify_on)
        return "all" in wanted or any(getattr(self.counts, outcome) for outcome in wanted)


def words(setting: str) -> tuple[str, ...]:
    """A comma list taken apart."""
    return tuple(word for part in setting.split(",") if (word := part.strip()))


def notice_of(target_id: str, batches: tuple[TrackedBatch, ...]) -> Notice:
    """The notice for one batch, or for a run with all its batches."""
    ends = [tracked.batch.ended_at for tracked in batches if tracked.batch.ended_at is not None]
    name = (
        title_of_run(batches) if len(batches) > 1 else next((one.name for one in batches if one.name), None)
    )
    counts, flawed = answers_of(batches)
    first = [tracked for tracked in batches if not tracked.is_retry]
    not_good = sum(_failed(one.batch.request_counts) + sum(one.flawed.values()) for one in first)
    return Notice(
        target_id=target_id,
        title=name or target_id,
        batch_ids=tuple(tracked.id for tracked in batches),
        counts=counts,
        ended_at=max(ends, default=None),
        healed=max(not_good - _failed(counts) - sum(flawed.values()), 0),
    )


def _failed(counts: RequestCounts) -> int:
    return counts.errored + counts.canceled + counts.expired


def terminal_notification(message: str, way: str) -> str:
    """The message as OSC 9, plain or wrapped so that tmux or GNU screen (`way`) hands it on (source: their manuals)."""
    sequence = f"\x1b]9;{clean_line(message)[:_LONGEST_MESSAGE]}\x07"
    match way:
        case "tmux":
            return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
        case "screen":
            return through_screen(sequence)
    return sequence


def through_screen(sequence: str) -> str:
    """A sequence in pieces that GNU screen hands on to the terminal; it drops those it does not know, and long ones."""
    pieces = range(0, len(sequence), _SCREEN_TAKES)
    return "".join(f"\x1bP{sequence[at : at + _SCREEN_TAKES]}\x1b\\" for at in pieces)


class Warned(StrEnum):
    """What a warning is about."""

    EXPIRY = "expiry"
    RESULTS = "results"


class LossWarning(msgspec.Struct, frozen=True):
    """Something is lost at `at` unless somebody acts. `level` names how near it is, and is told once each."""

    about: Warned
    at: datetime
    level: str


def warned(tracked: TrackedBatch, now: datetime) -> LossWarning | None:
    """What is about to be lost of a batch, or None. Nothing is once it is gone, overdue, hidden or on this machine."""
    batch = tracked.batch
    if tracked.gone_at is not None or tracked.hidden_at is not None:
        return None
    if not batch.has_ended:
        near = timedelta(0) < batch.deadline - now <= EXPIRY_NEAR
        is_canceling = batch.processing_status == "canceling"
        return LossWarning(Warned.EXPIRY, batch.deadline, "expiry") if near and not is_canceling else None
    left = batch.results_until - now
    if tracked.results is not ResultsState.NONE or left <= timedelta(0) or not batch.request_counts.succeeded:
        return None
    level = next((level for level in RESULTS_LEVELS if left <= level), None)
    if level is None:
        return None
    return LossWarning(Warned.RESULTS, batch.results_until, f"results-{int(level.total_seconds()) // 3600}h")


class AtRisk:
    """The warnings of a list, kept up to date by what changed, and looked over as a whole once a minute."""

    def __init__(self) -> None:
        self.found: dict[str, LossWarning] = {}
        """By batch id."""
        self._looked_at: datetime | None = None

    def update(
        self, batches: Iterable[TrackedBatch], changed: Iterable[TrackedBatch], now: datetime
    ) -> dict[str, LossWarning]:
        """The warnings at `now`; of `batches` only what changed is looked at until a minute has passed."""
        due = self._looked_at is None or abs(now - self._looked_at) >= _LOOKED_OVER_EVERY
        if due:
            self._looked_at = now
            self.found.clear()
        for tracked in batches if due else changed:
            warning = warned(tracked, now)
            if warning is not None:
                self.found[tracked.id] = warning
            else:
                self.found.pop(tracked.id, None)
        return self.found
