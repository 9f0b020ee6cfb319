"""What a word means: batches of the store, else one that the API is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import NamedTuple

from claude_batch_tui.api.protocol import BatchesApi, ResponseFacts
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.polling import NOT_FOUND_GRACE
from claude_batch_tui.domain.batches.tracked import SubmissionState, TrackedBatch
from claude_batch_tui.errors import NotFoundError
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, submissions, workspaces
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_BETWEEN_TRIES = 2.0


class Retrieved(NamedTuple):
    """A batch as the API has it, and the workspace it was answered from."""

    tracked: TrackedBatch
    workspace: Workspace


def known_batches(word: str, *, store: Store, workspace: Workspace | None) -> tuple[TrackedBatch, ...]:
    """The batches of the store that an id, a run or a name means; none where it is unknown."""
    if workspace is None:
        return ()
    ids = batches.ids_of(store.database, workspace.scope_id, word)
    return batches.find_all(store.database, workspace.scope_id, ids)


def unheard_of(
    word: str, found: Collection[TrackedBatch], *, store: Store, workspace: Workspace | None
) -> tuple[str, ...]:
    """Batches of the run or the name that were created, as the submissions say, and of which the store knows nothing else.

    A process that died right after the answer leaves such ones, and so does a store that was rebuilt.
    """
    if workspace is None or word.startswith("msgbatch_"):
        return ()
    known = {tracked.id for tracked in found}
    sent = submissions.of_run(store, word)
    if not sent and not found:
        sent = tuple(one for one in submissions.every(store) if word in (one.name, one.base_name))
    return tuple(
        one.batch_id
        for one in sent
        if one.batch_id is not None
        and one.batch_id not in known
        and one.state is SubmissionState.CREATED
        and not submissions.is_elsewhere(one, workspace)
        and batches.deleted_at(store.database, workspace.scope_id, one.batch_id) is None
    )


async def workspace_of_key(
    *,
    api: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    hint: str,
    now: Callable[[], datetime],
) -> Workspace | None:
    """The workspace that a key unknown here is of, as the API says; None where nothing is known of any. Raises ApiErrors."""
    if not workspaces.are_any(store.database):
        return None
    asked = await api()
    page = await asked.list_page(limit=1)
    return workspace_of(store, asked, page.facts, hint, now())


async def retrieve(
    batch_id: str,
    *,
    api: BatchesApi,
    store: Store,
    hint: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
) -> Retrieved:
    """One batch as the API has it now, written down. Raises NotFoundError with what to do, and ApiErrors.

    A 404 in the first minute after our own create is waited out.
    """
    ours = submissions.of_batch(store, batch_id)
    try:
        batch, facts = await _answer(batch_id, api, ours.sent_at if ours else None, now, sleep)
    except NotFoundError as error:
        raise NotFoundError(
            _why_not_found(batch_id, error, api=api, store=store, hint=hint),
            status=error.status,
            error_type=error.error_type,
            request_id=error.request_id,
        ) from error
    workspace = workspace_of(store, api, facts, hint, now())
    batches.merge(store.database, workspace.scope_id, [batch], seen=True, at=now())
    tracked = batches.find(store.database, workspace.scope_id, batch_id)
    if tracked is None:
        raise NotFoundError(f"The API answered for {batch_id} with another batch, {batch.id}.")
    return Retrieved(tracked, workspace)


def _why_not_found(batch_id: str, error: NotFoundError, *, api: BatchesApi, store: Store, hint: str) -> str:
    workspace = workspaces.recall(store.database, hint)
    deleted = batches.deleted_at(store.database, workspace.scope_id, batch_id) if workspace else None
    if deleted is not None:
        return f"{batch_id} was deleted from the API by this cbtui on {deleted:%Y-%m-%d %H:%M} UTC, its results with it."
    return f"{error} It may belong to another workspace: this is {api.credential} at {api.base_url}."


async def _answer(
    batch_id: str,
    api: BatchesApi,
    ours_since: datetime | None,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
) -> tuple[Batch, ResponseFacts]:
    while True:
        try:
            return await api.retrieve(batch_id)
        except NotFoundError:
            if ours_since is None or now() - ours_since > NOT_FOUND_GRACE:
                raise
            await sleep(_BETWEEN_TRIES)
