"""Looking at the API: one list request refreshes everything known; and watching until batches have ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime

import msgspec

from claude_batch_tui.api.protocol import BatchesApi, BatchPage, ResponseFacts
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.polling import (
    NOT_FOUND_GRACE,
    asked_wait,
    backoff,
    interval,
    jittered,
    page_limit,
)
from claude_batch_tui.domain.requests.limits import LIST_LIMIT
from claude_batch_tui.errors import ApiError, NotFoundError, RateLimitedError, UnavailableError
from claude_batch_tui.services.patience import again_words
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, polls, workspaces
from claude_batch_tui.store.batches import Change
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_MOST_SINGLE_LOOKS = 5


class Poll(msgspec.Struct, frozen=True):
    """What one look brought."""

    workspace: Workspace
    changes: tuple[Change, ...]
    facts: ResponseFacts
    has_older: bool
    last_id: str | None = None
    """The oldest batch of the pages that were read; older ones come after it."""

    @property
    def asked_wait(self) -> float:
        """Seconds the API asks us to wait before the next request."""
        facts = self.facts
        return asked_wait(facts.retry_after, facts.requests_left, facts.reset_in)


async def poll(
    *, api: BatchesApi, store: Store, workspace: Workspace | None, hint: str, now: datetime, first_time: bool
) -> Poll:
    """One list request; more only for unfinished batches of the store that it did not cover.

    `workspace` is the one last heard from, None before the first answer of all. Raises ApiError where the API cannot be
    read.
    """
    unfinished = polls.unfinished(store.database, workspace.scope_id) if workspace is not None else ()
    page = await _newest_page(
        unfinished, api=api, store=store, workspace=workspace, now=now, first_time=first_time
    )
    workspace = workspace_of(store, api, page.facts, hint, now)
    reports = {batch.id: batch for batch in page.batches}
    waiting = {batch.id: batch for batch in unfinished if batch.id not in reports}
    has_older, last_id = page.has_more, page.last_id
    oldest = min((batch.created_at for batch in waiting.values()), default=None)
    while waiting and has_older and last_id is not None and oldest is not None:
        older = await api.list_page(after_id=last_id)
        reports.update((batch.id, batch) for batch in older.batches)
        for batch in older.batches:
            waiting.pop(batch.id, None)
        has_older, last_id = older.has_more, older.last_id
        if older.batches and older.batches[-1].created_at < oldest:
            break
    for missing in list(waiting.values())[:_MOST_SINGLE_LOOKS]:
        try:
            batch, _ = await api.retrieve(missing.id)
            reports[batch.id] = batch
        except NotFoundError:
            if now - missing.created_at > NOT_FOUND_GRACE:
                batches.mark(store.database, workspace.scope_id, missing.id, gone_at=now.isoformat())
    changes = batches.merge(store.database, workspace.scope_id, reports.values(), seen=False, at=now)
    polls.record_poll(store.database, workspace.scope_id, now, page.facts.seconds, len(reports), None)
    return Poll(workspace, tuple(changes), page.facts, has_older, last_id)


async def _newest_page(
    unfinished: Sequence[Batch],
    *,
    api: BatchesApi,
    store: Store,
    workspace: Workspace | None,
    now: datetime,
    first_time: bool,
) -> BatchPage:
    """The list from its newest batch on, as long as the unfinished ones ask for; a failure is written down."""
    covered = 0
    if workspace is not None and unfinished and not first_time:
        oldest_known = unfinished[-1].created_at
        covered = polls.number_since(store.database, workspace.scope_id, oldest_known, LIST_LIMIT)
    try:
        return await api.list_page(limit=page_limit(covered, first_time=first_time))
    except ApiError as error:
        if workspace is not None:
            polls.record_poll(store.database, workspace.scope_id, now, 0.0, None, str(error))
        raise


def heard_from_others(
    store: Store, workspace: Workspace, looked_at: datetime, now: datetime, within: float
) -> bool:
    """Whether another process has polled since we did (`looked_at`), at most `within` seconds ago.

    Each poll covers every unfinished batch of the store, so its answers in the store are as good as our own.
    """
    polled_at = polls.last_poll_at(store.database, workspace.scope_id)
    return polled_at is not None and polled_at > looked_at and (now - polled_at).total_seconds() < within


class Watched(msgspec.Struct, frozen=True):
    """A step of a headless watch: what changed, everything watched, when the next look is due, what went wrong and when it is tried again."""

    changed: tuple[Batch, ...]
    batches: tuple[Batch, ...]
    next_in: float | None
    trouble: str | None = None

    def ended(self, until: str) -> bool:
        """Whether the watch is over: `any` or `all` of the batches have ended."""
        ended = [batch.has_ended for batch in self.batches]
        return any(ended) if until == "any" else all(ended)


async def watch(
    watched: Collection[Batch],
    *,
    api: BatchesApi,
    store: Store,
    hint: str,
    until: str,
    fixed_interval: float | None,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    random: Callable[[], float],
) -> AsyncIterator[Watched]:
    """Poll until `any` or `all` of the watched batches have ended. Trouble is waited out, a refused key is raised."""
    current = {batch.id: batch for batch in watched}
    failures = 0
    looked_at = now()
    wait = 0.0
    yield Watched((), tuple(current.values()), None)
    while not Watched((), tuple(current.values()), None).ended(until):
        trouble = None
        changed: list[Batch] = []
        try:
            workspace, floor = workspaces.recall(store.database, hint), 0.0
            if workspace is None or not heard_from_others(store, workspace, looked_at, now(), wait):
                looked_at = now()
                found = await poll(
                    api=api,
                    store=store,
                    hint=hint,
                    workspace=workspace,
                    now=looked_at,
                    first_time=False,
                )
                workspace, floor = found.workspace, found.asked_wait
        except (RateLimitedError, UnavailableError) as error:
            failures += 1
            wait = backoff(failures, random(), error.retry_after)
            trouble = again_words(error, wait)
        else:
            failures = 0
            for batch_id, before in current.items():
                tracked = batches.find(store.database, workspace.scope_id, batch_id)
                if tracked is None:
                    continue
                if tracked.gone_at is not None:
                    raise NotFoundError(
                        f"{batch_id} is gone: it was deleted, or belongs to another workspace."
                    )
                if tracked.batch != before:
                    changed.append(tracked.batch)
            current.update((batch.id, batch) for batch in changed)
            unfinished = [batch for batch in current.values() if not batch.has_ended]
            wished = interval(unfinished, now(), fixed=fixed_interval) or 0.0
            wait = wished if fixed_interval is not None else jittered(max(wished, floor), random())
        step = Watched(tuple(changed), tuple(current.values()), wait, trouble)
        yield step
        if not step.ended(until):
            await sleep(wait)


async def merged(
    parts: Sequence[AsyncIterator[Watched]], *, until: str
) -> AsyncIterator[tuple[int, Watched]]:
    """Every step of every part as it comes: the part's number, and what all parts together show after it.

    It ends when `any` or `all` of the batches have ended. An error of one part ends all. Leaving the loop does, too.
    """
    queue: asyncio.Queue[tuple[int, Watched | Exception | None]] = asyncio.Queue()

    async def follow(number: int, steps: AsyncIterator[Watched]) -> None:
        try:
            async for step in steps:
                await queue.put((number, step))
        except Exception as error:  # noqa: BLE001 — carried to whoever iterates
            await queue.put((number, error))
        else:
            await queue.put((number, None))

    latest: dict[int, Watched] = {}
    running = len(parts)
    tasks = [asyncio.create_task(follow(number, steps)) for number, steps in enumerate(parts)]
    try:
        while running:
            number, step = await queue.get()
            if isinstance(step, Exception):
                raise step
            if step is None:
                running -= 1
                continue
            latest[number] = step
            whole = _together(latest, step)
            yield number, whole
            if len(latest) == len(parts) and whole.ended(until):
                return
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _together(latest: dict[int, Watched], step: Watched) -> Watched:
    """What this step changed, with the batches of all parts and the first of their next looks."""
    waits = [each.next_in for each in latest.values() if each.next_in is not None]
    batches = tuple(batch for number in sorted(latest) for batch in latest[number].batches)
    return Watched(step.changed, batches, min(waits, default=None), step.trouble)
