"""The newest batches, straight from the API."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.limits import LIST_LIMIT
from claude_batch_tui.domain.tracked import TrackedBatch
from claude_batch_tui.services.scope import scope_of
from claude_batch_tui.store import batches
from claude_batch_tui.store.store import Store


async def newest(
    count: int, *, api: BatchesApi, store: Store, hint: str, now: datetime
) -> tuple[TrackedBatch, ...]:
    """The newest `count` batches, written down on the way. Raises ApiError where the API cannot be read."""
    found: list[TrackedBatch] = []
    after: str | None = None
    while len(found) < count:
        page = await api.list_page(limit=min(count - len(found), LIST_LIMIT), after_id=after)
        scope = scope_of(store, api, page.facts, hint, now)
        batches.merge(store.database, scope.scope_id, page.batches, seen=True, at=now)
        for batch in page.batches:
            tracked = batches.find(store.database, scope.scope_id, batch.id)
            if tracked is not None:
                found.append(tracked)
        if not page.has_more or page.last_id is None:
            break
        after = page.last_id
    return tuple(found)
