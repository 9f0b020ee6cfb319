"""Sending: one batch paid for once, whatever fails.

prepared → sending → created | refused | unknown; what is unknown goes to `reconcile`. With `in_flight` it is first waited
until fewer batches of ours are in progress. The intent is on disk, in the store and in the journal, before the POST. One
POST at a time over all processes of a data folder, so that one watermark bounds one unknown; who comes second waits. What
is certain not to have happened is tried again by itself; nothing else is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi, BatchPage, ResponseFacts
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.polling import LONGEST_RETRY_AFTER, NOT_FOUND_GRACE, backoff
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    StoreError,
    UnavailableError,
    UnknownOutcomeError,
)
from claude_batch_tui.redaction import redact
from claude_batch_tui.services.submitting.reconcile import (
    find_candidates,
    put_back,
    record_created,
    require_here,
)
from claude_batch_tui.services.submitting.spool import discard, mark_sent, mark_unsent
from claude_batch_tui.services.submitting.steps import Answered, NoRoom, Queued, Sending, Waiting
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, submissions
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
Guard = Callable[[Submission], None]
"""Looks once more right before a batch is sent, and raises DraftError where it must not be."""
_REFUSALS = (AuthenticationError, NotFoundError, RejectedError)


class Pace(msgspec.Struct, frozen=True):
    """Times of a submission, in seconds. Connections that fail are tried `tries` times.

    Where the API asks to wait, a wait is at most `longest_wait` and all of them together `longest_waits`. `alive_every`
    is how often a process that sends gives a sign of life, `queued_every` how often one that waits for another looks, and
    `room_every` how often one that waits for the end of a batch does.
    """

    tries: int = 6
    longest_wait: float = LONGEST_RETRY_AFTER
    longest_waits: float = 3600.0
    progress_every: float = 0.1
    alive_every: float = 1.0
    queued_every: float = 0.5
    room_every: float = 10.0


_DEFAULT_PACE = Pace()


async def send(
    submission: Submission,
    *,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    hint: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    random: Callable[[], float],
    pace: Pace = _DEFAULT_PACE,
    guard: Guard = lambda _: None,
    in_flight: int | None = None,
    look_every: float | None = None,
) -> AsyncGenerator[Queued | NoRoom | Sending | Waiting | Answered, None]:
    """Write a prepared submission down and send it; the last step has its outcome: created, refused or unknown.

    It waits while another process sends, and while `in_flight` batches of ours are in progress, of which it looks
    at the oldest `look_every` so many seconds. `guard` looks once more while nobody else can send, and may raise DraftError:
    then nothing is written or sent.

    Raises ApiError where the API could not be reached before anything was sent, or asks to wait for too long, and
    StoreError where the intent could not be written down. What ends before it was sent, or is refused, leaves nothing
    in the spool; what was to be sent again is absent then, as before.
    """
    is_new, was_sent = submissions.find(store, submission.submission_id) is None, False
    lock = FileLock(store.locations.submit_lock, submission.name or submission.source or "")
    try:
        api = await connect()
        turn = _until_our_turn(
            submission,
            lock,
            in_flight,
            api=api,
            store=store,
            hint=hint,
            now=now,
            sleep=sleep,
            pace=pace if look_every is None else msgspec.structs.replace(pace, room_every=look_every),
        )
        async with aclosing(turn) as waits:
            async for wait in waits:
                yield wait
        guard(submission)
        if is_new:
            submissions.insert(store, submission)
        steps = _until_answered(
            submission, api=api, store=store, hint=hint, now=now, sleep=sleep, random=random, pace=pace
        )
        async with aclosing(steps):
            async for step in steps:
                was_sent = True
                yield step
    except BaseException as error:  # the end of the program, too, may come before anything is sent
        if not is_new:
            put_back(submission, error, store=store, now=now())
        raise
    finally:
        lock.release()
        if _is_unsent(submission, is_new=is_new, was_sent=was_sent, store=store):
            discard(submission)


async def _until_our_turn(
    submission: Submission,
    lock: FileLock,
    in_flight: int | None,
    *,
    api: BatchesApi,
    store: Store,
    hint: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    pace: Pace,
) -> AsyncGenerator[Queued | NoRoom, None]:
    """Wait for the lock, and for room where so many batches only may be `in_flight`; the lock is ours after it.

    Room is counted under the lock, so that two processes cannot both take the last place.
    """
    holder, said, scope_id = "", 0, 0
    if in_flight is not None:
        scope_id = workspace_of(store, api, (await api.list_page(limit=1)).facts, hint, now()).scope_id
    while True:
        while not lock.try_acquire():
            if holder != (holder := lock.holder()):
                yield Queued(submission, holder)
            await sleep(pace.queued_every)
        if in_flight is None or len(busy := batches.ours_in_progress(store.database, scope_id)) < in_flight:
            return
        lock.release()
        left = await _in_progress(busy, in_flight, api=api, store=store, scope_id=scope_id, now=now)
        if left >= in_flight:
            if said != (said := left):
                yield NoRoom(submission, left, in_flight, requests=submission.requests)
            await sleep(pace.room_every)


async def _in_progress(
    busy: Sequence[Batch],
    in_flight: int,
    *,
    api: BatchesApi,
    store: Store,
    scope_id: int,
    now: Callable[[], datetime],
) -> int:
    """Look at batches until there is room, and say how many are still in progress. Trouble with the connection is waited out."""
    left = len(busy)
    for known in busy:
        try:
            batch, _ = await api.retrieve(known.id)
        except NotFoundError:
            if now() - known.created_at > NOT_FOUND_GRACE:  # deleted elsewhere, so it has ended
                batches.mark(store.database, scope_id, known.id, gone_at=now().isoformat())
                left -= 1
        except (RateLimitedError, UnavailableError):
            break
        else:
            batches.merge(store.database, scope_id, [batch], seen=False, at=now())
            left -= batch.has_ended
        if left < in_flight:
            break
    return left


def _is_unsent(submission: Submission, *, is_new: bool, was_sent: bool, store: Store) -> bool:
    """Whether nothing can come of a submission any more: it was never sent, or is refused."""
    try:
        known = submissions.find(store, submission.submission_id)
    except StoreError:  # a full disk may be why nothing was sent
        return is_new and not was_sent
    if known is None:
        return True
    return known.state is SubmissionState.REFUSED or (is_new and known.state is SubmissionState.PREPARED)


async def _until_answered(
    submission: Submission,
    *,
    api: BatchesApi,
    store: Store,
    hint: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    random: Callable[[], float],
    pace: Pace,
) -> AsyncGenerator[Sending | Waiting | Answered, None]:
    """One attempt after the other, for as long as it is certain that nothing was created."""
    failures, waited = 0, 0.0
    page = await api.list_page(limit=1)
    while True:
        sending, workspace = _intend(submission, page, api=api, store=store, hint=hint, now=now)
        yield Sending(sending)
        try:
            attempt = _attempt(sending, workspace, api=api, store=store, now=now, pace=pace)
            async with aclosing(attempt):
                async for step in attempt:
                    yield step
            return
        except (RateLimitedError, UnavailableError) as error:
            failures += 1
            submission = _record(sending, SubmissionState.PREPARED, error, store, now())
            if isinstance(error, UnavailableError) and failures >= pace.tries:
                raise
            wait = _wait(error, failures, random(), pace)
            if isinstance(error, RateLimitedError):
                waited += wait
                if waited > pace.longest_waits:
                    error.add(
                        f"It was waited for {(waited - wait) / 60:.0f} minutes, and the next wait would be over the hour that cbtui "
                        "waits in all. Nothing was created; submit again later."
                    )
                    raise
            yield Waiting(submission, now() + timedelta(seconds=wait), str(error))
            await sleep(wait)
            if isinstance(error, UnavailableError):
                page = await api.list_page(limit=1)
                continue
            page, candidates = await find_candidates(submission, api=api, store=store)
            if candidates:
                # A batch of our size was there before the API had said no: look before paying.
                yield Answered(_record(submission, SubmissionState.UNKNOWN, error, store, now()))
                return


def _intend(
    submission: Submission,
    page: BatchPage,
    *,
    api: BatchesApi,
    store: Store,
    hint: str,
    now: Callable[[], datetime],
) -> tuple[Submission, Workspace]:
    """Write down that everything newer than the newest batch of the `page` may be ours."""
    workspace = workspace_of(store, api, page.facts, hint, now())
    require_here(submission, workspace)
    mark_unsent(submission)
    sending = msgspec.structs.replace(
        submission,
        state=SubmissionState.SENDING,
        attempt=submission.attempt + 1,
        watermark_id=page.batches[0].id if page.batches else None,
        server_date=page.facts.server_date or now(),
        sent_at=now(),
        settled_at=None,
        alive_at=None,
        error=None,
        base_url=workspace.base_url,
        workspace_id=workspace.workspace_id,
    )
    submissions.advance(
        store, sending, expected=SubmissionState.PREPARED, at=now(), scope_id=workspace.scope_id
    )
    return sending, workspace


async def _attempt(
    sending: Submission,
    workspace: Workspace,
    *,
    api: BatchesApi,
    store: Store,
    now: Callable[[], datetime],
    pace: Pace,
) -> AsyncGenerator[Sending | Answered, None]:
    """One POST; its last step is created, refused or unknown.

    Raises RateLimitedError, or UnavailableError where nothing was sent: the submission is then still `sending`.
    """
    try:
        async with aclosing(_post(sending, api, now, pace)) as updates:
            async for update in updates:
                if isinstance(update, int):
                    yield Sending(sending, update)
                else:
                    yield Answered(_created(sending, *update, store=store, workspace=workspace, at=now()))
    except _REFUSALS as error:
        yield Answered(_record(sending, SubmissionState.REFUSED, error, store, now()))
    except RateLimitedError:
        raise
    except UnavailableError as error:
        if not error.sent:
            raise
        yield Answered(_record(sending, SubmissionState.UNKNOWN, error, store, now()))
    except UnknownOutcomeError as error:
        yield Answered(_record(sending, SubmissionState.UNKNOWN, error, store, now()))
    except ConfigError as error:
        # What cannot be sent as it is set up was not sent.
        _record(sending, SubmissionState.PREPARED, error, store, now())
        raise
    except BaseException as error:
        # The POST may be on its way in its thread, or done: from here on only looking can tell. Where that cannot be
        # written down it stays `sending`, and is unknown to the next who submits.
        with contextlib.suppress(StoreError):
            _record(sending, SubmissionState.UNKNOWN, error, store, now())
        raise


async def _post(
    sending: Submission, api: BatchesApi, now: Callable[[], datetime], pace: Pace
) -> AsyncGenerator[int | tuple[Batch, ResponseFacts], None]:
    """The POST in a thread of its own: the bytes sent so far now and then, and the answer last."""
    sent = 0

    def count(total: int) -> None:
        nonlocal sent
        if not sent:  # the first bytes are read, and have not left yet
            mark_sent(sending)
        sent = total

    key = f"{sending.submission_id}-{sending.attempt}"
    body = Path(sending.body_path)
    alive_due = 0.0
    answer = asyncio.ensure_future(
        in_thread(lambda: api.create(body, idempotency_key=key, betas=sending.betas, on_sent=count))
    )
    while not answer.done():
        if (at := now().timestamp()) >= alive_due:
            alive_due = at + pace.alive_every
            _touch(body, at)
        await asyncio.wait([answer], timeout=pace.progress_every)
        if not answer.done():
            yield sent
    yield answer.result()


def _created(
    sending: Submission,
    batch: Batch,
    facts: ResponseFacts,
    *,
    store: Store,
    workspace: Workspace,
    at: datetime,
) -> Submission:
    """Write a good answer down; one that does not fit what was sent leaves the outcome open."""
    if not _BATCH_ID.fullmatch(batch.id) or batch.request_counts.total != sending.requests:
        error = UnknownOutcomeError(
            f"The API answered with a batch of {batch.request_counts.total:,} requests where "
            f"{sending.requests:,} were sent."
        )
        return _record(sending, SubmissionState.UNKNOWN, error, store, at)
    try:
        return record_created(
            sending,
            batch,
            store=store,
            workspace=workspace,
            at=at,
            request_id=facts.request_id,
            provisional=False,
        )
    except StoreError as error:
        raise StoreError(
            f"{batch.id} was created, but that could not be written down. {error} The same command again finds it, and "
            "does not pay twice."
        ) from error


def _record(
    attempted: Submission, state: SubmissionState, error: BaseException, store: Store, at: datetime
) -> Submission:
    """Write down how an attempt ended, and why."""
    ended = msgspec.structs.replace(
        attempted,
        state=state,
        settled_at=at,
        alive_at=at,
        request_id=getattr(error, "request_id", None),
        error=redact(str(error)) or "The submission was interrupted while it was being sent.",
    )
    return submissions.advance(store, ended, expected=attempted.state, at=at)


def _touch(body: Path, at: float) -> None:
    """A sign of life: it outlives the process, and bounds when the batch can have been created."""
    with contextlib.suppress(OSError):
        os.utime(body, (at, at))


def _wait(error: ApiError, failures: int, random: float, pace: Pace) -> float:
    """Seconds until the next attempt: the longer of what the API asks for and 1 s doubled with each of its refusals."""
    if isinstance(error, RateLimitedError):
        return min(max(error.retry_after or 0.0, 2.0 ** (failures - 1)), pace.longest_wait)
    return backoff(failures, random)
