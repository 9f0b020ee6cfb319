"""What the engine knows at the moment, and how faces hear of it: immutable snapshots, at most ten a second."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from claude_batch_tui.domain.batches.tracked import (
    Download,
    Event,
    Link,
    LinkState,
    Snapshot,
    Submission,
    Submitting,
    TrackedBatch,
)
from claude_batch_tui.store import batches, submissions
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_EVENTS_KEPT = 200
_BETWEEN_SNAPSHOTS = 0.1
_FIRST_SHOWN = 120
"""Batches read before the first frame; the rest of a long history follows it."""
_LOADED_AT_ONCE = 500
_BETWEEN_LOADS = 0.005
"""Seconds between two pages, in which keys are answered."""
_LOST = (LinkState.OFFLINE, LinkState.REFUSED, LinkState.NO_CREDENTIALS)


class Board:
    """The engine's one mutable state. Everything on it is set from the engine's loop."""

    def __init__(
        self,
        on_snapshot: Callable[[Snapshot], None],
        now: Callable[[], datetime],
        profile: str | None = None,
    ) -> None:
        """`profile` is the name every batch on it bears."""
        self._profile = profile
        self.link = Link()
        self.downloads: dict[str, Download] = {}
        self.submissions: tuple[Submission, ...] = ()
        self.submitting: dict[str, Submitting] = {}
        self.has_older = False
        self.base_url: str | None = None
        self.credential: str | None = None
        self.workspace_id: str | None = None
        self.snapshot = Snapshot()
        self.revision = 0
        """The store's newest revision that is on the board."""
        self.older_after: str | None = None
        """The id after which the next page of older batches begins; None before any page was read."""
        self._batches: dict[str, TrackedBatch] = {}
        self._ordered: list[TrackedBatch] = []
        self._shown: tuple[TrackedBatch, ...] | None = ()
        self._running: dict[str, TrackedBatch] = {}
        self._unseen: dict[str, TrackedBatch] = {}
        self._events: deque[Event] = deque(maxlen=_EVENTS_KEPT)
        self._on_snapshot = on_snapshot
        self._now = now
        self._changed = asyncio.Event()

    @property
    def batches(self) -> tuple[TrackedBatch, ...]:
        """Everything known, newest first; the same tuple until something changes."""
        if self._shown is None:
            self._shown = tuple(self._ordered)
        return self._shown

    @property
    def unfinished(self) -> list[TrackedBatch]:
        """What has not ended and is still known to the API."""
        return list(self._running.values())

    def find(self, batch_id: str) -> TrackedBatch | None:
        """One batch, or None."""
        return self._batches.get(batch_id)

    def clear(self) -> None:
        """Forget all batches: another workspace is watched from now on."""
        self.revision, self._ordered, self._shown = 0, [], ()
        for known in (self._batches, self._running, self._unseen):
            known.clear()
        self.touch()

    def load_newest(self, store: Store, workspace: Workspace | None) -> None:
        """Take in what the first frame shows: the newest batches, when they were polled, and open submissions."""
        self.submissions = submissions.unsettled(store, workspace)
        if workspace is None:
            return
        self.workspace_id, self.base_url = workspace.workspace_id, workspace.base_url
        self.revision = batches.revision(store.database, workspace.scope_id)
        self.put_batches(batches.tracked(store.database, workspace.scope_id, limit=_FIRST_SHOWN))
        self.has_older = True  # until a page says that there are none
        self.link = Link(polled_at=batches.last_poll_at(store.database, workspace.scope_id))

    async def load_rest(self, store: Store, workspace: Workspace) -> None:
        """Take in all older batches of the store, a page at a time."""
        while self.batches:
            page = batches.tracked(
                store.database, workspace.scope_id, limit=_LOADED_AT_ONCE, older_than=self.batches[-1]
            )
            if not page:
                return
            self.put_batches(page)
            await asyncio.sleep(_BETWEEN_LOADS)

    def catch_up(self, database: Database, scope_id: int) -> None:
        """Take in what was written to the store since the board last looked, by whatever process."""
        since = batches.since(database, scope_id, self.revision)
        self.revision = since.revision
        self.put_batches(since.batches)
        for batch_id in since.dropped:
            self.drop_batch(batch_id)

    def put_batches(self, fresh: Iterable[TrackedBatch]) -> None:
        """Replace or add some batches. Costs what they cost, however many others are known."""
        for tracked in fresh:
            if tracked.profile != self._profile:
                tracked = msgspec.structs.replace(tracked, profile=self._profile)  # noqa: PLW2901 — named
            before = self._batches.get(tracked.id)
            if before == tracked:
                continue
            if before is not None and _age(before) == _age(tracked):
                self._ordered[self._place(before)] = tracked
            else:
                if before is not None:
                    del self._ordered[self._place(before)]
                insort(self._ordered, tracked, key=_age)
            self._batches[tracked.id] = tracked
            self._count(tracked)
            self._shown = None
            self.touch()

    def drop_batch(self, batch_id: str) -> None:
        """Forget a deleted batch."""
        before = self._batches.pop(batch_id, None)
        if before is None:
            return
        del self._ordered[self._place(before)]
        self._running.pop(batch_id, None)
        self._unseen.pop(batch_id, None)
        self._shown = None
        self.touch()

    def _place(self, tracked: TrackedBatch) -> int:
        """Where a known batch stands in the order; ids make every age unique."""
        return bisect_left(self._ordered, _age(tracked), key=_age)

    def _count(self, tracked: TrackedBatch) -> None:
        """Keep the two counts of the title up to date."""
        for found, counted in (
            (not tracked.batch.has_ended and tracked.gone_at is None, self._running),
            (not tracked.seen and tracked.hidden_at is None, self._unseen),
        ):
            if found:
                counted[tracked.id] = tracked
            else:
                counted.pop(tracked.id, None)

    def set_link(self, **changes: object) -> None:
        """Change parts of the link; `since` moves when its state does."""
        state = changes.get("state", self.link.state)
        if state != self.link.state:
            changes.setdefault("since", self._now())
        before, self.link = self.link, msgspec.structs.replace(self.link, **changes)
        self._log_link(before.state, self.link)
        self.touch()

    def _log_link(self, before: LinkState, link: Link) -> None:
        """Write down that the API was lost, or answers again; the title says it at once."""
        if link.state in _LOST and before != link.state:
            self._events.append(
                Event(self._now(), link.error or link.state.value, is_error=True, is_quiet=True)
            )
        elif before in _LOST and link.state in (LinkState.LIVE, LinkState.IDLE):
            self._events.append(Event(self._now(), "The API answers again", is_quiet=True))

    def remember(self, past: Iterable[Event]) -> None:
        """Put what happened before, or in another process, among the events; what is there already stays once."""
        known = {(event.text, event.batch_id) for event in self._events}
        fresh = [event for event in past if (event.text, event.batch_id) not in known]
        if fresh:
            every = sorted((*self._events, *fresh), key=lambda event: event.at)
            self._events = deque(every, maxlen=_EVENTS_KEPT)
            self.touch()

    def tell(
        self, text: str, *, batch_id: str | None = None, is_error: bool = False, rings: bool = False
    ) -> None:
        """Say that something happened."""
        self._events.append(Event(self._now(), text, batch_id, is_error, rings))
        self.touch()

    def touch(self) -> None:
        """Have the next snapshot published."""
        self._changed.set()

    def publish(self) -> None:
        """Publish a snapshot now."""
        self._changed.clear()
        self.snapshot = Snapshot(
            version=self.snapshot.version + 1,
            at=self._now(),
            batches=self.batches,
            running=len(self._running),
            unseen=tuple(tracked.batch.request_counts for tracked in self._unseen.values()),
            link=self.link,
            downloads=dict(self.downloads),
            submissions=self.submissions,
            submitting=dict(self.submitting),
            events=tuple(self._events),
            has_older=self.has_older,
            base_url=self.base_url,
            credential=self.credential,
            workspace_id=self.workspace_id,
        )
        self._on_snapshot(self.snapshot)

    async def keep_publishing(self) -> None:
        """Publish whenever something changed, at most ten times a second."""
        while True:
            await self._changed.wait()
            self.publish()
            await asyncio.sleep(_BETWEEN_SNAPSHOTS)


def _age(tracked: TrackedBatch) -> tuple[float, str]:
    """The order of the list, newest first."""
    return -tracked.batch.created_at.timestamp(), tracked.id
