"""Several batches as one: the batches of a run (a split, a pilot and its rest, retries), and of several workspaces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

import msgspec

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import Link, LinkState, ResultsState, Snapshot, TrackedBatch

_T = TypeVar("_T")
_PART = re.compile(r" \d+/\d+$")
"""What a name ends with where one submission became several batches: `tickets 2/3`."""
_STANDING = (
    LinkState.LIVE,
    LinkState.IDLE,
    LinkState.CONNECTING,
    LinkState.PAUSED,
    LinkState.OFFLINE,
    LinkState.REFUSED,
    LinkState.NO_CREDENTIALS,
)
"""Of several states the first of these that one of them is in stands for all: what still works comes first."""
_EVENTS_KEPT = 200
_FAILED = ("errored", "expired", "canceled")


def title_of_run(members: Sequence[TrackedBatch]) -> str | None:
    """The name of a run: its own, else that of its first batch, without its part."""
    for tracked in members:
        if tracked.run_name:
            return tracked.run_name
    named = [(tracked.batch.created_at, tracked.name) for tracked in members if tracked.name]
    return without_part(min(named)[1]) if named else None


def without_part(name: str) -> str:
    """A name without what says which batch of a split it is: `tickets` of `tickets 2/3`."""
    return _PART.sub("", name)


def fold(run_id: str, members: Sequence[TrackedBatch]) -> TrackedBatch:
    """The batches of a run as one: every request counted once, ended when all have, as old as its first, due with its last.

    Counts of batches that ended are real, so the progress of a run moves with each of its batches.
    """
    counts, flawed = answers_of(members)
    batches = [tracked.batch for tracked in members]
    waiting = [t.batch for t in members if not t.batch.has_ended and t.gone_at is None]
    ends = [batch.ended_at for batch in batches if batch.ended_at is not None]
    cancels = [batch.cancel_initiated_at for batch in batches if batch.cancel_initiated_at is not None]
    return TrackedBatch(
        batch=Batch(
            id=run_id,
            processing_status=_status(waiting),
            request_counts=counts,
            created_at=min(batch.created_at for batch in batches),
            expires_at=max((batch.deadline for batch in waiting), default=None),
            ended_at=None if waiting else max(ends, default=None),
            cancel_initiated_at=max(cancels, default=None),
            archived_at=_if_all((batch.archived_at for batch in batches), max),
        ),
        run_id=run_id,
        name=title_of_run(members),
        run_name=members[0].run_name,
        tags=tuple(sorted({tag for tracked in members for tag in tracked.tags})),
        note=next((tracked.note for tracked in members if tracked.note), None),
        model=_common(tracked.model for tracked in members),
        source=_common(tracked.source for tracked in members),
        cost_at_most=_if_all((tracked.cost_at_most for tracked in members), sum),
        cost_actual=_if_all((tracked.cost_actual for tracked in members), sum),
        prices_as_of=min((tracked.prices_as_of for tracked in members if tracked.prices_as_of), default=None),
        results=_results(members),
        flawed=flawed,
        results_bytes=sum(tracked.results_bytes or 0 for tracked in members) or None,
        seen=all(tracked.seen for tracked in members),
        gone_at=_if_all((tracked.gone_at for tracked in members), max),
        hidden_at=_if_all((tracked.hidden_at for tracked in members), max),
        cancel_sent_at=next((t.cancel_sent_at for t in members if t.cancel_sent_at), None),
        provisional=any(tracked.provisional for tracked in members),
        sweep=next((tracked.sweep for tracked in members if tracked.sweep), None),
        made_of=next((tracked.made_of for tracked in members if tracked.made_of), None),
        profile=members[0].profile,
    )


def answers_of(members: Iterable[TrackedBatch]) -> tuple[RequestCounts, dict[str, int]]:
    """What became of the requests of a run, and how many of the answers are not truly good, by class.

    What a retry was sent is counted there and no longer where it failed: first for what errored, expired or was canceled,
    then for answers that were not whole. Of a batch whose results nobody has read more cannot be known.
    """
    left: Counter[str] = Counter()
    flawed: Counter[str] = Counter()
    retries_last = sorted(members, key=lambda t: (t.is_retry, t.batch.created_at, t.id))
    for tracked in retries_last:
        counts = msgspec.structs.asdict(tracked.batch.request_counts)
        if tracked.is_retry:
            again = sum(counts.values())
            for name in (*_FAILED, *flawed, "succeeded"):
                column = flawed if name in flawed else left
                taken = min(again, column[name])
                again -= taken
                column[name] -= taken
                if column is flawed:
                    left["succeeded"] -= taken
        left.update(counts)
        flawed.update(tracked.flawed)
    return RequestCounts(**{name: left[name] for name in RequestCounts.__struct_fields__}), dict(+flawed)


def summed(counts: Iterable[RequestCounts]) -> RequestCounts:
    """The counts of several batches together."""
    return RequestCounts(*map(sum, zip(*map(msgspec.structs.astuple, counts), strict=True)))


def _status(waiting: Sequence[Batch]) -> str:
    """Ended when nothing is left, canceling when that is true of all that is left, else in progress."""
    if not waiting:
        return "ended"
    statuses = {batch.processing_status for batch in waiting}
    return statuses.pop() if len(statuses) == 1 else "in_progress"


def _common(values: Iterable[str | None]) -> str | None:
    found = list(dict.fromkeys(value for value in values if value))
    return ", ".join(found) or None


def _if_all(values: Iterable[_T | None], combined: Callable[[list[_T]], _T]) -> _T | None:
    """The values combined, None where one of them is missing."""
    every = list(values)
    known = [value for value in every if value is not None]
    return combined(known) if len(known) == len(every) else None


def _results(members: Sequence[TrackedBatch]) -> ResultsState:
    """What is here of the results of all."""
    states = {tracked.results for tracked in members}
    if len(states) == 1:
        return states.pop()
    return ResultsState.PROBLEMS if ResultsState.PROBLEMS in states else ResultsState.NONE


def merge_batches(parts: Sequence[tuple[TrackedBatch, ...]]) -> tuple[TrackedBatch, ...]:
    """The batches of several workspaces, newest first.

    A batch that two of them know, because their keys are of the same workspace, is the first one's.
    """
    found: dict[str, TrackedBatch] = {}
    for tracked in chain.from_iterable(parts):
        found.setdefault(tracked.id, tracked)
    return tuple(sorted(found.values(), key=lambda t: (-t.batch.created_at.timestamp(), t.id)))


def merge_snapshots(snapshots: Mapping[str, Snapshot], batches: tuple[TrackedBatch, ...]) -> Snapshot:
    """The snapshots by the names of their workspaces as one; `batches` are theirs, merged."""
    every = list(snapshots.values())
    if len(batches) == sum(len(snapshot.batches) for snapshot in every):
        running = sum(snapshot.running for snapshot in every)
        unseen = tuple(counts for snapshot in every for counts in snapshot.unseen)
    else:
        running = sum(not t.batch.has_ended and t.gone_at is None for t in batches)
        unseen = tuple(t.batch.request_counts for t in batches if not t.seen and t.hidden_at is None)
    links = {name: snapshot.link for name, snapshot in snapshots.items()}
    events = [event.of(name) for name, snapshot in snapshots.items() for event in snapshot.events]
    submissions = {one.submission_id: one for snapshot in every for one in snapshot.submissions}
    return Snapshot(
        version=sum(snapshot.version for snapshot in every),
        at=max((snapshot.at for snapshot in every if snapshot.at is not None), default=None),
        batches=batches,
        running=running,
        unseen=unseen,
        link=combine_links(links),
        downloads={key: value for snapshot in every for key, value in snapshot.downloads.items()},
        submissions=tuple(sorted(submissions.values(), key=lambda one: one.created_at)),
        submitting={key: value for snapshot in every for key, value in snapshot.submitting.items()},
        events=tuple(sorted(events, key=lambda event: event.at)[-_EVENTS_KEPT:]),
        has_older=any(snapshot.has_older for snapshot in every),
        credential=f"{len(every)} workspaces",
        links=links,
    )


def combine_links(links: Mapping[str, Link]) -> Link:
    """One link for all: what still works is its state, the oldest answer its time, every trouble its error."""
    every = list(links.values())
    first = min(every, key=lambda link: _STANDING.index(link.state))
    polled = [link.polled_at for link in every if link.polled_at is not None]
    return Link(
        state=first.state,
        since=first.since,
        polled_at=min(polled) if len(polled) == len(every) else first.polled_at,
        next_poll_at=min(
            (link.next_poll_at for link in every if link.next_poll_at is not None), default=None
        ),
        interval=first.interval,
        failures=max(link.failures for link in every),
        error="; ".join(f"{name}: {link.error}" for name, link in links.items() if link.error) or None,
        is_leader=all(link.is_leader for link in every),
    )
