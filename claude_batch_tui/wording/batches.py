"""Batches as words: their state, their counts, how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.wording.times import ago, duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
    from claude_batch_tui.domain.batches.forecast import Forecast as Turnaround
    from claude_batch_tui.domain.batches.notifying import Notice

GLYPHS = {
    BatchState.IN_PROGRESS: "●",
    BatchState.CANCELING: "◐",
    BatchState.ENDED_OK: "✓",
    BatchState.ENDED_FLAWED: "!",
    BatchState.ENDED_WITH_ERRORS: "!",
    BatchState.ENDED_EXPIRED: "!",
    BatchState.ENDED_CANCELED: "✗",
    BatchState.ARCHIVED: "–",
    BatchState.GONE: "✗",
    BatchState.UNKNOWN: "?",
}
ASCII_GLYPHS = {
    BatchState.IN_PROGRESS: ">",
    BatchState.CANCELING: "~",
    BatchState.ENDED_OK: "=",
    BatchState.ENDED_FLAWED: "!",
    BatchState.ENDED_WITH_ERRORS: "!",
    BatchState.ENDED_EXPIRED: "!",
    BatchState.ENDED_CANCELED: "x",
    BatchState.ARCHIVED: "-",
    BatchState.GONE: "x",
    BatchState.UNKNOWN: "?",
}
STATE_WORDS = {
    BatchState.IN_PROGRESS: "in progress",
    BatchState.CANCELING: "canceling",
    BatchState.ENDED_OK: "ended, all succeeded",
    BatchState.ENDED_FLAWED: "ended, all succeeded, but not all answers are good",
    BatchState.ENDED_WITH_ERRORS: "ended, some errored",
    BatchState.ENDED_EXPIRED: "ended, some expired",
    BatchState.ENDED_CANCELED: "ended, some canceled",
    BatchState.ARCHIVED: "archived: the API gives the results out no more",
    BatchState.GONE: "gone: deleted, or in another workspace",
    BatchState.UNKNOWN: "unknown",
}


def class_words(name: str, *, short: bool = False) -> str:
    """A ledger class as words; `short` is for a column."""
    return name.partition("_")[0] if short else name.replace("_", "-")


def outcome_counts(counts: RequestCounts, flawed: Mapping[str, int] | None = None) -> str:
    """`9,702 ok (12 truncated) · 213 errored`: every bucket that is not empty, or `0 requests`.

    `flawed` are the ledger classes of what succeeded and is not whole.
    """
    flaws = ", ".join(f"{number:,} {class_words(name)}" for name, number in (flawed or {}).items())
    parts = [
        f"{number:,} {word}" + (f" ({flaws})" if flaws and word == "ok" else "")
        for number, word in (
            (counts.succeeded, "ok"),
            (counts.errored, "errored"),
            (counts.expired, "expired"),
            (counts.canceled, "canceled"),
            (counts.processing, "processing"),
        )
        if number
    ]
    return " · ".join(parts) or "0 requests"


def progress_words(batch: Batch, now: datetime, turnaround: Turnaround | None = None) -> str:
    """What can honestly be said of a batch's progress in one phrase; `turnaround` is how long similar ones took."""
    counts = batch.request_counts
    if batch.has_ended:
        return outcome_counts(counts)
    if batch.processing_status == "canceling":
        since = batch.cancel_initiated_at or batch.created_at
        return f"canceling for {ago(now - since)}"
    if now > batch.deadline:
        return f"deadline passed {ago(now - batch.deadline)} ago, waiting for the API"
    if counts.done:
        return f"{counts.done:,} of {counts.total:,} done"
    if batch.processing_status == "in_progress" and turnaround is not None:
        elapsed = now - batch.created_at
        if elapsed > turnaround.ninth_tenth:
            return f"running {duration(elapsed)}, longer than 9 of 10 similar"
        half, most = duration(turnaround.median), duration(turnaround.ninth_tenth)
        return f"running {duration(elapsed)}; half end by {half}, 9 of 10 by {most}"
    if batch.processing_status == "in_progress":
        return f"{counts.total:,} requests, running {duration(now - batch.created_at)}"
    return batch.processing_status


def standing_words(running: int, unseen: Sequence[RequestCounts]) -> str:
    """`3 running · 1 ended · 97% ok`: how many run, how many ended unseen, and what share of those succeeded."""
    parts = [f"{running:,} running"] if running else []
    if unseen:
        total = sum(counts.total for counts in unseen)
        good = sum(counts.succeeded for counts in unseen)
        parts.append(f"{len(unseen):,} ended")
        parts.append(f"{good * 100 // total}% ok" if total else "no requests")
    return " · ".join(parts)


def notice_words(notice: Notice) -> str:
    """`tickets ended: 9,702 ok · 213 errored`."""
    several = f" ({len(notice.batch_ids)} batches)" if len(notice.batch_ids) > 1 else ""
    return f"{notice.title}{several} ended: {outcome_counts(notice.counts)}"
