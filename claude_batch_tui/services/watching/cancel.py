"""Canceling and deleting: written down before they happen."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.errors import NotFoundError
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, labels
from claude_batch_tui.store.store import Store


async def cancel(
    tracked: TrackedBatch, *, api: BatchesApi, store: Store, hint: str, now: datetime
) -> TrackedBatch:
    """Ask the API to cancel; the batch as it is then. Raises ApiError where the API refuses."""
    store.journal.append("cancel", now, batch_id=tracked.id)
    batch, facts = await api.cancel(tracked.id)
    workspace = workspace_of(store, api, facts, hint, now)
    batches.merge(store.database, workspace.scope_id, [batch], seen=True, at=now)
    labels.mark_canceled(store, workspace, batch, now)
    return batches.find(store.database, workspace.scope_id, tracked.id) or tracked


async def delete(tracked: TrackedBatch, *, api: BatchesApi, store: Store, hint: str, now: datetime) -> None:
    """Delete from the API; results on this machine stay. Raises ApiError where the API refuses."""
    store.journal.append("delete", now, batch_id=tracked.id)
    facts = await api.delete(tracked.id)
    workspace = workspace_of(store, api, facts, hint, now)
    if batches.find(store.database, workspace.scope_id, tracked.id) is None:
        raise NotFoundError(f"{tracked.id} was deleted, but is not known here.")
    labels.mark_deleted(store, workspace, tracked.batch, now)
