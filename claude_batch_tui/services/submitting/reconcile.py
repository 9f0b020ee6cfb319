"""Finding out what became of a submission whose answer was lost. Nothing here ever sends a create.

unknown → created (adopted) | absent | conflict. A candidate is a batch newer than the watermark, of the same number of
requests, that no submission of ours is known to have made. One candidate is adopted provisionally, and finally when
the custom_ids of its results are ours.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.errors import DraftError, StoreError
from claude_batch_tui.redaction import redact
from claude_batch_tui.services.submitting.spool import sweep
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, labels, lost_history, submissions
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

SETTLE = 180.0
"""Seconds after the last byte before a batch that the list does not show counts as absent."""
_LOOKS = (0.0, 5.0, 20.0, 60.0, 180.0)
"""When the list is looked at meanwhile, for a `SETTLE` of 180 seconds; other times are scaled."""
_CLOCK_SLACK = timedelta(seconds=60)
_PAGE = 100
_OPEN = (SubmissionState.UNKNOWN, SubmissionState.ABSENT, SubmissionState.CONFLICT)


def recover_interrupted(store: Store, now: datetime) -> int:
    """Turn submissions whose process died while sending into unknown ones; how many there were.

    Files of those that never left are removed after some days, but not where it is unknown which those are (see
    `lost_history`). Only whoever holds the submit lock can tell that nobody is sending, so nothing happens while it is
    taken.
    """
    lock = FileLock(store.locations.submit_lock)
    if not lock.try_acquire():
        return 0
    try:
        died = [s for s in submissions.unsettled(store) if s.state is SubmissionState.SENDING]
        for submission in died:
            unknown = msgspec.structs.replace(
                submission,
                state=SubmissionState.UNKNOWN,
                settled_at=now,
                error="The process ended while the batch was being sent.",
            )
            submissions.advance(store, unknown, expected=SubmissionState.SENDING, at=now)
        if not lost_history.is_lost(store, now):
            sweep(store, now)
        return len(died)
    finally:
        lock.release()


async def find_candidates(submission: Submission, *, api: BatchesApi, store: Store) -> list[Batch]:
    """Batches that may be what this submission made, newest first."""
    since = (submission.server_date or submission.created_at) - _CLOCK_SLACK
    ours = (submissions.attributed_ids(store) - {submission.batch_id}) | set(submission.excluded)
    found: list[Batch] = []
    after: str | None = None
    while True:
        page = await api.list_page(limit=_PAGE, after_id=after)
        for batch in page.batches:
            if batch.id == submission.watermark_id or batch.created_at < since:
                return found
            if batch.request_counts.total == submission.requests and batch.id not in ours:
                found.append(batch)
        if not page.has_more or page.last_id is None:
            return found
        after = page.last_id


async def look(
    submission: Submission,
    *,
    api: BatchesApi,
    store: Store,
    hint: str,
    now: datetime,
    settle: float = SETTLE,
) -> Submission:
    """Look at the list once and write down what it shows.

    Raises ApiError where it cannot be read, and DraftError where it is that of another workspace.
    """
    page = await api.list_page(limit=1)
    workspace = workspace_of(store, api, page.facts, hint, now)
    require_here(submission, workspace)
    candidates = await find_candidates(submission, api=api, store=store)
    looked = msgspec.structs.replace(
        submission,
        looks=submission.looks + 1,
        last_looked_at=now,
        candidates=tuple(batch.id for batch in candidates),
    )
    if len(candidates) == 1 and not _competing_submissions(submission, candidates[0], store, workspace):
        return record_created(
            looked,
            candidates[0],
            store=store,
            workspace=workspace,
            at=now,
            request_id=None,
            provisional=True,
            expected=submission.state,
        )
    if candidates:
        looked = msgspec.structs.replace(looked, state=SubmissionState.CONFLICT)
    elif submission.state is SubmissionState.CONFLICT or _long_enough(looked, now, settle):
        looked = msgspec.structs.replace(looked, state=SubmissionState.ABSENT)
    return submissions.advance(store, looked, expected=submission.state, at=now)


async def resolve_unknown(
    submission: Submission,
    *,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    hint: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    settle: float = SETTLE,
) -> AsyncGenerator[Submission, None]:
    """Look until the submission is created, a conflict, or absent after the last look; each look is yielded.

    What somebody else finds out or decides meanwhile ends it. Raises ApiError where the list cannot be read.
    """
    for seconds in _LOOKS:
        due = (submission.settled_at or now()) + timedelta(seconds=seconds * settle / SETTLE)
        if (wait := (due - now()).total_seconds()) > 0:
            await sleep(wait)
        known = submissions.find(store, submission.submission_id) or submission
        if known.state is submission.state:
            try:
                known = await look(
                    known, api=await connect(), store=store, hint=hint, now=now(), settle=settle
                )
            except StoreError:
                found = submissions.find(store, submission.submission_id)
                if found is None or found.state is submission.state:
                    raise
                known = found
        submission = known
        yield submission
        if submission.state is not SubmissionState.UNKNOWN:
            return
    absent = msgspec.structs.replace(submission, state=SubmissionState.ABSENT)
    yield submissions.advance(store, absent, expected=SubmissionState.UNKNOWN, at=now())


def record_created(
    submission: Submission,
    batch: Batch,
    *,
    store: Store,
    workspace: Workspace,
    at: datetime,
    request_id: str | None,
    provisional: bool,
    expected: SubmissionState = SubmissionState.SENDING,
) -> Submission:
    """Tie a batch to its submission: the batch, its run, its name and what it may cost at most."""
    created = msgspec.structs.replace(
        submission,
        state=SubmissionState.CREATED,
        batch_id=batch.id,
        settled_at=submission.settled_at or at,
        request_id=request_id or submission.request_id,
        provisional=provisional,
        error=None,
    )
    with store.database.change():
        submissions.advance(store, created, expected=expected, at=at, scope_id=workspace.scope_id)
        batches.merge(store.database, workspace.scope_id, [batch], seen=True, at=at)
        batches.link_to_run(store.database, workspace.scope_id, created)
    return created


def confirm_adoption(
    submission: Submission, *, missing: int, extra: int, store: Store, scope_id: int, now: datetime
) -> Submission:
    """The results of a provisionally adopted batch are here: it is ours, or it is let go and looked for again.

    `missing` and `extra` count custom_ids that were sent and did not come back, and the other way round.
    """
    batch_id = submission.batch_id
    if not submission.provisional or batch_id is None:
        return submission
    if missing == 0 and extra == 0:
        proven = msgspec.structs.replace(submission, provisional=False)
        batches.mark(store.database, scope_id, batch_id, provisional=0)
        return submissions.advance(store, proven, expected=SubmissionState.CREATED, at=now)
    if missing < submission.requests:
        return submission  # some of it is ours: the ledger says what is wrong
    unknown = msgspec.structs.replace(
        submission,
        state=SubmissionState.UNKNOWN,
        batch_id=None,
        provisional=False,
        candidates=(),
        excluded=(*submission.excluded, batch_id),
        error=f"{batch_id} was taken for this batch, but holds other requests.",
    )
    submissions.advance(store, unknown, expected=SubmissionState.CREATED, at=now)
    labels.disown(store.database, scope_id, batch_id, name=submission.name)
    return unknown


async def attach(
    submission: Submission, batch_id: str, *, api: BatchesApi, store: Store, hint: str, now: datetime
) -> Submission:
    """The user says which batch it is. Raises DraftError where its number of requests says otherwise."""
    batch, facts = await api.retrieve(batch_id)
    if batch.request_counts.total != submission.requests:
        raise DraftError(
            f"{batch_id} has {batch.request_counts.total:,} requests and {submission.requests:,} were sent: "
            "it is another batch."
        )
    workspace = workspace_of(store, api, facts, hint, now)
    require_here(submission, workspace)
    return record_created(
        submission,
        batch,
        store=store,
        workspace=workspace,
        at=now,
        request_id=None,
        provisional=True,
        expected=submission.state,
    )


def prepare_again(submission: Submission, *, store: Store, now: datetime) -> Submission:
    """The user says it is not there: ready to be sent again. Raises DraftError for one that is not absent."""
    if submission.state is not SubmissionState.ABSENT:
        raise DraftError(
            "It is not known yet that the batch was not created: look again, or wait three minutes."
        )
    prepared = msgspec.structs.replace(
        submission, state=SubmissionState.PREPARED, looks=0, candidates=(), settled_at=None, error=None
    )
    return submissions.advance(store, prepared, expected=SubmissionState.ABSENT, at=now)


def put_back(prepared: Submission, error: BaseException, *, store: Store, now: datetime) -> None:
    """Sending again ended before anything was sent: what `prepare_again` gave is absent as before, and stays listed.

    Its watermark is that of the POST that was lost. Does nothing where it was sent, or somebody else went on with it.
    """
    known = submissions.find(store, prepared.submission_id)
    if known is None or known.state is not SubmissionState.PREPARED:
        return
    absent = msgspec.structs.replace(
        prepared,
        state=SubmissionState.ABSENT,
        attempt=known.attempt,
        settled_at=now,
        error=redact(f"Sending it again failed before anything was sent. {error}").rstrip(),
    )
    submissions.advance(store, absent, expected=SubmissionState.PREPARED, at=now)


def abandon(submission: Submission, *, store: Store, now: datetime) -> Submission:
    """The user gives it up; it is kept in the journal and looked for no more. Raises DraftError for one that is settled."""
    if submission.state not in _OPEN:
        raise DraftError(f"This submission is {submission.state}: there is nothing to give up.")
    abandoned = msgspec.structs.replace(submission, state=SubmissionState.ABANDONED)
    return submissions.advance(store, abandoned, expected=submission.state, at=now)


def require_here(submission: Submission, workspace: Workspace) -> None:
    """Raise DraftError for what was sent to another workspace: this one's list says nothing of it."""
    if submissions.is_elsewhere(submission, workspace):
        raise DraftError(
            f"This submission was sent to workspace {submission.workspace_id or '(unnamed)'} at {submission.base_url}; "
            f"this key is of {workspace.workspace_id or '(unnamed)'} at {workspace.base_url}."
        )


def _long_enough(submission: Submission, now: datetime, settle: float) -> bool:
    if submission.state is SubmissionState.ABSENT:
        return True
    since = submission.settled_at or submission.created_at
    return (now - since).total_seconds() >= settle and submission.looks >= len(_LOOKS) - 1


def _competing_submissions(
    submission: Submission, candidate: Batch, store: Store, workspace: Workspace
) -> list[Submission]:
    """Other open submissions of the same size that may have made the candidate.

    Creates happen one after the other, so one that began after the candidate was created cannot have made it.
    """
    return [
        other
        for other in submissions.unsettled(store, workspace)
        if other.submission_id != submission.submission_id
        and other.state in _OPEN
        and other.requests == submission.requests
        and (other.server_date or other.created_at) - _CLOCK_SLACK <= candidate.created_at
    ]
