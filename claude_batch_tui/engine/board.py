"""What the engine knows at the moment, and how faces hear of it: immutable snapshots, at most ten a second."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from claude_batch_tui.domain.tracked import (
    Download,
    Event,
    Link,
    Snapshot,
    Submission,
    Submitting,
    TrackedBatch,
)

_EVENTS_KEPT = 200
_BETWEEN_SNAPSHOTS = 0.1


class Board:
    """The engine's one mutable state. Everything on it is set from the engine's loop."""

    def __init__(self, on_snapshot: Callable[[Snapshot], None], now: Callable[[], datetime]) -> None:
        self.link = Link()
        self.downloads: dict[str, Download] = {}
        self.submissions: tuple[Submission, ...] = ()
        self.submitting: dict[str, Submitting] = {}
        self.has_older = False
        self.base_url: str | None = None
        self.credential: str | None = None
        self.workspace_id: str | None = None
        self.snapshot = Snapshot()
        self._batches: dict[str, TrackedBatch] = {}
        self._ordered: tuple[TrackedBatch, ...] | None = ()
        self._events: deque[Event] = deque(maxlen=_EVENTS_KEPT)
        self._on_snapshot = on_snapshot
        self._now = now
        self._changed = asyncio.Event()

    @property
    def batches(self) -> tuple[TrackedBatch, ...]:
        """Everything known, newest first."""
        if self._ordered is None:
            ordered = sorted(
                self._batches.values(), key=lambda tracked: tracked.batch.created_at, reverse=True
            )
            self._ordered = tuple(ordered)
        return self._ordered

    def find(self, batch_id: str) -> TrackedBatch | None:
        """One batch, or None."""
        return self._batches.get(batch_id)

    def set_batches(self, batches: Iterable[TrackedBatch]) -> None:
        """Replace all batches."""
        self._batches = {tracked.id: tracked for tracked in batches}
        self._ordered = None
        self.touch()

    def put_batches(self, batches: Iterable[TrackedBatch]) -> None:
        """Replace or add some batches."""
        for tracked in batches:
            self._batches[tracked.id] = tracked
            self._ordered = None
        self.touch()

    def drop_batch(self, batch_id: str) -> None:
        """Forget a deleted batch."""
        self._batches.pop(batch_id, None)
        self._ordered = None
        self.touch()

    def set_link(self, **changes: object) -> None:
        """Change parts of the link; `since` moves when its state does."""
        state = changes.get("state", self.link.state)
        if state != self.link.state:
            changes.setdefault("since", self._now())
        self.link = msgspec.structs.replace(self.link, **changes)
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
