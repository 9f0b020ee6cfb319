"""The batches of the workspace, page by page from the API."""

from __future__ import annotations

from datetime import datetime

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.domain.requests.limits import LIST_LIMIT
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, workspaces
from claude_batch_tui.store.store import Store


async def newest(
    count: int, *, api: BatchesApi, store: Store, hint: str, now: datetime
) -> tuple[TrackedBatch, ...]:
    """The newest `count` batches, written down on the way. Raises ApiError where the API cannot be read."""
    scope_id, found = 0, list[str]()
    after: str | None = None
    while len(found) < count:
        page = await api.list_page(limit=min(count - len(found), LIST_LIMIT), after_id=after)
        scope_id = workspace_of(store, api, page.facts, hint, now).scope_id
        batches.merge(store.database, scope_id, page.batches, seen=True, at=now)
        found += [batch.id for batch in page.batches]
        if not page.has_more or page.last_id is None:
            break
        after = page.last_id
    return batches.find_all(store.database, scope_id, found)


async def everything(
    *, api: BatchesApi, store: Store, hint: str, now: datetime, at_least: int
) -> tuple[TrackedBatch, ...]:
    """All batches the store knows, newest first, after the newest `at_least` were asked for. Raises ApiError."""
    await newest(at_least, api=api, store=store, hint=hint, now=now)
    workspace = workspaces.recall(store.database, hint)
    return batches.tracked(store.database, workspace.scope_id) if workspace is not None else ()


class OlderPage(msgspec.Struct, frozen=True):
    """Where the history goes on after some pages of it were read."""

    has_older: bool
    last_id: str | None


async def load_older(*, api: BatchesApi, store: Store, scope_id: int, after_id: str | None) -> OlderPage:
    """Write down the next page of the history that brings something new; pages the store knows whole are passed over.

    `after_id` None begins with the newest. Raises ApiError where the API cannot be read.
    """
    while True:
        page = await api.list_page(after_id=after_id)
        changes = batches.merge(store.database, scope_id, page.batches, seen=True)
        after_id = page.last_id or after_id
        if not page.has_more or page.last_id is None or any(change.before is None for change in changes):
            return OlderPage(page.has_more and page.last_id is not None, after_id)
