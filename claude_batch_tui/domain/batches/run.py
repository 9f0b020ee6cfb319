"""A run as one batch: what a split, a pilot and its rest, or retries come to together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch

_PART = re.compile(r" \d+/\d+$")
"""What a name ends with where one submission became several batches: `tickets 2/3`."""


def title_of_run(members: Sequence[TrackedBatch]) -> str | None:
    """The name of a run: its own, else that of its first batch, without its part."""
    for tracked in members:
        if tracked.run_name:
            return tracked.run_name
    named = [(tracked.batch.created_at, tracked.name) for tracked in members if tracked.name]
    return _PART.sub("", min(named)[1]) if named else None


def fold(run_id: str, members: Sequence[TrackedBatch]) -> TrackedBatch:
    """The batches of a run as one: counts summed, ended when all have, as old as its first, due with its last.

    Counts of batches that ended are real, so the progress of a run moves with each of its batches.
    """
    batches = [tracked.batch for tracked in members]
    waiting = [t.batch for t in members if not t.batch.has_ended and t.gone_at is None]
    ends = [batch.ended_at for batch in batches if batch.ended_at is not None]
    archived = [batch.archived_at for batch in batches if batch.archived_at is not None]
    cancels = [batch.cancel_initiated_at for batch in batches if batch.cancel_initiated_at is not None]
    return TrackedBatch(
        batch=Batch(
            id=run_id,
            processing_status=_status(waiting),
            request_counts=summed(batch.request_counts for batch in batches),
            created_at=min(batch.created_at for batch in batches),
            expires_at=max((batch.deadline for batch in waiting), default=None),
            ended_at=None if waiting else max(ends, default=None),
            cancel_initiated_at=max(cancels, default=None),
            archived_at=max(archived) if len(archived) == len(batches) else None,
        ),
        run_id=run_id,
        name=title_of_run(members),
        run_name=members[0].run_name,
        tags=tuple(sorted({tag for tracked in members for tag in tracked.tags})),
        note=next((tracked.note for tracked in members if tracked.note), None),
        model=_common(tracked.model for tracked in members),
        source=_common(tracked.source for tracked in members),
        cost_at_most=_sum_if_all(tracked.cost_at_most for tracked in members),
        cost_actual=_sum_if_all(tracked.cost_actual for tracked in members),
        results=_results(members),
        flawed=dict(sum((Counter(tracked.flawed) for tracked in members), Counter())),
        results_bytes=sum(tracked.results_bytes or 0 for tracked in members) or None,
        seen=all(tracked.seen for tracked in members),
        gone_at=_latest_if_all(tracked.gone_at for tracked in members),
        hidden_at=_latest_if_all(tracked.hidden_at for tracked in members),
        cancel_sent_at=next((t.cancel_sent_at for t in members if t.cancel_sent_at), None),
        provisional=any(tracked.provisional for tracked in members),
        profile=members[0].profile,
    )


def summed(counts: Iterable[RequestCounts]) -> RequestCounts:
    """The counts of several batches together."""
    every = list(counts)
    return RequestCounts(
        **{name: sum(getattr(count, name) for count in every) for name in RequestCounts.__struct_fields__}
    )


def _status(waiting: Sequence[Batch]) -> str:
    """Ended when nothing is left, canceling when that is true of all that is left, else in progress."""
    if not waiting:
        return "ended"
    statuses = {batch.processing_status for batch in waiting}
    return statuses.pop() if len(statuses) == 1 else "in_progress"


def _common(values: Iterable[str | None]) -> str | None:
    found = list(dict.fromkeys(value for value in values if value))
    return ", ".join(found) or None


def _sum_if_all(costs: Iterable[float | None]) -> float | None:
    """The sum, None where one is not known."""
    every = list(costs)
    known = [cost for cost in every if cost is not None]
    return sum(known) if known and len(known) == len(every) else None


def _results(members: Sequence[TrackedBatch]) -> ResultsState:
    """What is here of the results of all."""
    states = {tracked.results for tracked in members}
    if len(states) == 1:
        return states.pop()
    return ResultsState.PROBLEMS if ResultsState.PROBLEMS in states else ResultsState.NONE


def _latest_if_all(times: Iterable[datetime | None]) -> datetime | None:
    """The last of the times, None while one is missing."""
    known = list(times)
    reached = [time for time in known if time is not None]
    return max(reached) if reached and len(reached) == len(known) else None
