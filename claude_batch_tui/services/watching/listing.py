"""The batches of the workspace: page by page from the API, and the history of them from the local store alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.costs import By, Costs, costs
from claude_batch_tui.domain.batches.history import History, history
from claude_batch_tui.domain.batches.tracked import Submission, TrackedBatch
from claude_batch_tui.domain.requests.limits import LIST_LIMIT
from claude_batch_tui.errors import DamagedStoreError, StoreError
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, submissions, workspaces
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.downloads import paid_since, past_since
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace


class Listed(msgspec.Struct, frozen=True):
    """Batches, newest first; what the store would not do, as sentences; how many batches of the API were not read.

    `looked_for` are submissions whose outcome is not known.
    """

    batches: tuple[TrackedBatch, ...]
    troubles: tuple[str, ...] = ()
    unreadable: int = 0
    looked_for: tuple[Submission, ...] = ()


async def newest(
    count: int, *, api: BatchesApi, store: Store | None, hint: str, now: datetime, and_known: bool = False
) -> Listed:
    """The newest `count` batches, written down on the way; with `and_known` all others that the store knows too.

    Where the store cannot be written or read, or there is none, they are shown all the same, as the API has them and as
    far as the store knows them. Raises ApiError where the API cannot be read.
    """
    heard: dict[str, Batch] = {}
    unreadable, after = 0, None
    workspace: Workspace | None = None
    troubles = dict[str, None]()

    @contextlib.contextmanager
    def noted() -> Iterator[None]:
        try:
            yield
        except DamagedStoreError:
            raise
        except StoreError as error:
            troubles[str(error)] = None

    while len(heard) < count:
        page = await api.list_page(limit=min(count - len(heard), LIST_LIMIT), after_id=after)
        heard |= {batch.id: batch for batch in page.batches}
        unreadable += page.unreadable
        if store is not None:
            with noted():
                workspace = workspace_of(store, api, page.facts, hint, now)
                batches.merge(store.database, workspace.scope_id, page.batches, seen=True, at=now)
        if not page.has_more or page.last_id is None:
            break
        after = page.last_id
    known: dict[str, TrackedBatch] = {}
    looked_for: tuple[Submission, ...] = ()
    if store is not None:
        with noted():
            workspace = workspace or workspaces.recall(store.database, hint)
            looked_for = submissions.unsettled(store, workspace)
            if workspace is not None:
                found = (
                    batches.tracked(store.database, workspace.scope_id)
                    if and_known
                    else batches.find_all(store.database, workspace.scope_id, [*heard])
                )
                known = {tracked.id: tracked for tracked in found}
    merged = known | {batch.id: _as_heard(batch, known.get(batch.id)) for batch in heard.values()}
    ordered = sorted(merged.values(), key=lambda tracked: tracked.batch.created_at, reverse=True)
    return Listed(tuple(ordered), tuple(troubles), unreadable, looked_for)


def _as_heard(batch: Batch, known: TrackedBatch | None) -> TrackedBatch:
    """A batch as the API has it, with what is ours; the store may not have taken it in."""
    if known is None:
        return TrackedBatch(batch)
    return msgspec.structs.replace(known, batch=batch) if batch.supersedes(known.batch) else known


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


def history_of(database: Database, scope_ids: Iterable[int], *, days: int, now: datetime) -> History:
    """What the batches of these workspaces in the last `days` days say, by the days of this machine's time zone. Blocks."""
    since = now.astimezone(UTC) - timedelta(days=days + 1)
    past = [one for scope_id in scope_ids for one in past_since(database, scope_id, since)]
    return history(past, days=days, now=now, day_of=lambda at: at.astimezone().date())


def costs_of(database: Database, scope_ids: Iterable[int], *, by: By, month: str | None = None) -> Costs:
    """What the batches of these workspaces cost, grouped; `month`, as `2026-11`, is one of this machine's time zone. Blocks."""
    first = (
        datetime.fromisoformat(f"{month}-01").astimezone(UTC) if month else datetime.min.replace(tzinfo=UTC)
    )
    paid = [one for scope_id in scope_ids for one in paid_since(database, scope_id, first)]
    found = costs(paid, by, day_of=lambda at: at.astimezone().date(), month=month)
    return msgspec.structs.replace(found, lost=submissions.perhaps_paid_since(database, first))
