"""What several workspaces show, as one snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from claude_batch_tui.domain.batches.tracked import Link, LinkState, Snapshot, TrackedBatch

_STANDING = (
    *(LinkState.LIVE, LinkState.IDLE, LinkState.CONNECTING, LinkState.PAUSED),
    *(LinkState.OFFLINE, LinkState.REFUSED, LinkState.NO_CREDENTIALS),
)
"""Of several states the first of these that one of them is in stands for all: what still works comes first."""
_EVENTS_KEPT = 200


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
