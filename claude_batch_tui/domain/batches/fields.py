"""The fields of a batch that a list is filtered and sorted by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.domain.batches.notices import Warned, warned
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch

Value = str | float | None
"""Words, or a number: seconds for durations, dollars for money. None where there is nothing to compare."""

STATE_WORDS = (
    "running",
    "in_progress",
    "canceling",
    "ended",
    "ok",
    "flawed",
    "errored",
    "expired",
    "canceled",
    "archived",
    "gone",
    "unknown",
    "overdue",
    "expiring",
    "leaving",
    "new",
    "saved",
    "hidden",
    "foreign",
    "provisional",
)
"""What `state=` may say; several are true of a batch at once."""

_ENDS = {
    BatchState.ENDED_OK: "ok",
    BatchState.ENDED_FLAWED: "flawed",
    BatchState.ENDED_WITH_ERRORS: "errored",
    BatchState.ENDED_EXPIRED: "expired",
    BatchState.ENDED_CANCELED: "canceled",
}


class BatchField(NamedTuple):
    """One field. `kind` is word, words, number, duration, money or date; `upwards` is its natural order."""

    kind: str
    value: Callable[[TrackedBatch, datetime], Value]
    upwards: bool = True


def states(tracked: TrackedBatch, now: datetime) -> frozenset[str]:
    """All words of `STATE_WORDS` that are true of a batch."""
    batch, state = tracked.batch, tracked.state(now)
    counts = batch.request_counts
    warning = warned(tracked, now)
    true = {
        "running": not batch.has_ended and tracked.gone_at is None,
        "ended": batch.has_ended,
        "flawed": bool(tracked.flawed),
        "errored": bool(counts.errored),
        "expired": bool(counts.expired),
        "canceled": bool(counts.canceled),
        "overdue": not batch.has_ended and now > batch.deadline,
        "expiring": warning is not None and warning.about is Warned.EXPIRY,
        "leaving": warning is not None and warning.about is Warned.RESULTS,
        "new": not tracked.seen,
        "saved": tracked.results is not ResultsState.NONE,
        "hidden": tracked.hidden_at is not None,
        "foreign": tracked.run_id is None,
        "provisional": tracked.provisional,
    }
    return frozenset((*(word for word, holds in true.items() if holds), _ENDS.get(state, state.value)))


def searched(tracked: TrackedBatch, now: datetime) -> str:
    """What a bare word is looked for in."""
    # Not all of `states`: this is asked of every batch with every key.
    words = (
        *(tracked.name, tracked.run_name, tracked.id, tracked.run_id, tracked.model, tracked.source),
        *(tracked.note, *tracked.tags, tracked.state(now).value.replace("_", " ")),
        *("" if tracked.batch.has_ended else "running", "" if tracked.seen else "new"),
    )
    return "\n".join(word for word in words if word).lower()


def _took(tracked: TrackedBatch, _now: datetime) -> Value:
    batch = tracked.batch
    return (batch.ended_at - batch.created_at).total_seconds() if batch.ended_at else None


def _left(tracked: TrackedBatch, now: datetime) -> Value:
    batch = tracked.batch
    return None if batch.has_ended else (batch.deadline - now).total_seconds()


def _share_done(tracked: TrackedBatch, _now: datetime) -> Value:
    counts = tracked.batch.request_counts
    return counts.done / counts.total if counts.total else None


def _cost(tracked: TrackedBatch, _now: datetime) -> Value:
    return tracked.cost_at_most if tracked.cost_actual is None else tracked.cost_actual


def _date(moment: datetime | None) -> Value:
    return moment.astimezone().isoformat()[:19] if moment else None


def _count(name: str) -> BatchField:
    return BatchField("number", lambda t, _: getattr(t.batch.request_counts, name), upwards=False)


FIELDS: dict[str, BatchField] = {
    "text": BatchField("word", searched),
    "id": BatchField("word", lambda t, _: t.id),
    "name": BatchField("word", lambda t, _: t.name),
    "workspace": BatchField("word", lambda t, _: t.profile),
    "state": BatchField("words", lambda t, now: list(BatchState).index(t.state(now))),
    "tag": BatchField("words", lambda t, _: ", ".join(t.tags) or None),
    "model": BatchField("word", lambda t, _: t.model),
    "note": BatchField("word", lambda t, _: t.note),
    "source": BatchField("word", lambda t, _: t.source),
    "run": BatchField("word", lambda t, _: t.run_id),
    "results": BatchField("word", lambda t, _: t.results.value),
    "requests": BatchField("number", lambda t, _: t.batch.request_counts.total, upwards=False),
    "processing": _count("processing"),
    "ok": _count("succeeded"),
    "errored": _count("errored"),
    "expired": _count("expired"),
    "canceled": _count("canceled"),
    "progress": BatchField("share", _share_done, upwards=False),
    "age": BatchField("duration", lambda t, now: (now - t.batch.created_at).total_seconds()),
    "left": BatchField("duration", _left),
    "took": BatchField("duration", _took, upwards=False),
    "cost": BatchField("money", _cost, upwards=False),
    "created": BatchField("date", lambda t, _: _date(t.batch.created_at), upwards=False),
    "ended": BatchField("date", lambda t, _: _date(t.batch.ended_at), upwards=False),
}
"""By name. `text` is what a bare word means; `progress` is the share of requests that are done."""
