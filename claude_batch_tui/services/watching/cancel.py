"""Canceling and deleting: written down before they happen, and looked up where the answer is lost."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.api.protocol import BatchesApi, ResponseFacts
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.errors import ApiError, NotFoundError, UnavailableError, UnknownOutcomeError
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, labels
from claude_batch_tui.store.store import Store


async def cancel(
    tracked: TrackedBatch, *, api: BatchesApi, store: Store, hint: str, now: datetime
) -> TrackedBatch:
    """Ask the API to cancel; the batch as it is then.

    Raises ApiError where the API refuses, and UnknownOutcomeError where the answer is lost and the batch does not show
    that it is being canceled.
    """
    store.journal.append("cancel", now, batch_id=tracked.id)
    try:
        batch, facts = await api.cancel(tracked.id)
    except UnavailableError as error:
        if not error.sent:
            raise
        batch, facts = await _canceled_all_the_same(tracked, error, api)
    workspace = workspace_of(store, api, facts, hint, now)
    batches.merge(store.database, workspace.scope_id, [batch], seen=True, at=now)
    labels.mark_canceled(store, workspace, batch, now)
    return batches.find(store.database, workspace.scope_id, tracked.id) or tracked


async def delete(tracked: TrackedBatch, *, api: BatchesApi, store: Store, hint: str, now: datetime) -> None:
    """Delete from the API; results on this machine stay.

    Raises ApiError where the API refuses, and UnknownOutcomeError where the answer is lost and the batch is not gone.
    """
    store.journal.append("delete", now, batch_id=tracked.id)
    facts: ResponseFacts | None = None
    try:
        facts = await api.delete(tracked.id)
    except UnavailableError as error:
        if not error.sent:
            raise
        await _require_gone(tracked, error, api)
    workspace = workspace_of(store, api, facts or ResponseFacts(), hint, now)
    if batches.find(store.database, workspace.scope_id, tracked.id) is None:
        raise NotFoundError(f"{tracked.id} was deleted, but is not known here.")
    labels.mark_deleted(store, workspace, tracked.batch, now)


async def _canceled_all_the_same(
    tracked: TrackedBatch, lost: UnavailableError, api: BatchesApi
) -> tuple[Batch, ResponseFacts]:
    """The batch, where it shows that it is being canceled although the answer was lost."""
    try:
        batch, facts = await api.retrieve(tracked.id)
    except ApiError as error:
        raise _unknown("cancel", tracked, lost, f"it could not be looked up: {error}") from lost
    if batch.processing_status == "in_progress":
        raise _unknown("cancel", tracked, lost, "it still shows as in progress.") from lost
    return batch, facts


async def _require_gone(tracked: TrackedBatch, lost: UnavailableError, api: BatchesApi) -> None:
    """Raise UnknownOutcomeError unless the API no longer knows a batch, although the answer was lost."""
    try:
        await api.retrieve(tracked.id)
    except NotFoundError:
        return
    except ApiError as error:
        raise _unknown("delete", tracked, lost, f"it could not be looked up: {error}") from lost
    raise _unknown("delete", tracked, lost, "it is still there.") from lost


def _unknown(what: str, tracked: TrackedBatch, lost: UnavailableError, known: str) -> UnknownOutcomeError:
    """What is known of a cancel or delete whose answer is lost, and what to do."""
    return UnknownOutcomeError(
        f"The {what} of {tracked.title} was sent, but no good answer came ({str(lost).rstrip('.')}), and {known} "
        f"`cbtui status {tracked.id}` shows what became of it; to {what} it once more does no harm."
    )
