"""Finding out what became of a submission whose answer was lost. Nothing here ever sends a create.

unknown → created (adopted) | absent | conflict. A candidate is a batch of the same number of requests that nobody is
known to have made, newer than the watermark and created before the last sign of life of the process that sent, plus
the time an answer may take. One candidate is adopted provisionally; `adoption` settles whether it is ours.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi, BatchPage
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.domain.requests.limits import CREATE_SECONDS
from claude_batch_tui.errors import DraftError, StoreError
from claude_batch_tui.redaction import redact
from claude_batch_tui.services.submitting.spool import discard, never_left, sweep
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches, labels, lost_history, submissions, workspaces
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

    Where it died before the first byte of a first attempt had left, nothing can have been created: it was never sent.
    Files of those that never left are removed after some days, but not where it is unknown which those are (see
    `lost_history`). Only whoever holds the submit lock can tell that nobody is sending, so nothing happens while it is
    taken.
    """
    lock = FileLock(store.locations.submit_lock)
    if not lock.try_acquire():
        return 0
    try:
        died = [s for s in submissions.unsettled(store) if s.state is SubmissionState.SENDING]
        for submission in [one for one in died if one.attempt == 1 and never_left(one)]:
            died.remove(submission)
            prepared = msgspec.structs.replace(submission, state=SubmissionState.PREPARED)
            submissions.advance(store, prepared, expected=SubmissionState.SENDING, at=now)
            discard(submission)
        for submission in died:
            unknown = msgspec.structs.replace(
                submission,
                state=SubmissionState.UNKNOWN,
                settled_at=now,
                alive_at=_last_sign_of_life(submission, now),
                error="The process ended while the batch was being sent.",
            )
            submissions.advance(store, unknown, expected=SubmissionState.SENDING, at=now)
        if not lost_history.is_lost(store, now):
            sweep(store, now)
        return len(died)
    finally:
        lock.release()


async def find_candidates(
    submission: Submission, *, api: BatchesApi, store: Store
) -> tuple[BatchPage, list[Batch]]:
    """The first page of the list, and the batches that may be what this submission made, newest first."""
    since, _ = _window(submission)
    known = submissions.attributed_ids(store) | set(submission.excluded)
    found: list[Batch] = []
    first = page = await api.list_page(limit=_PAGE)
    while True:
        for batch in page.batches:
            if batch.id == submission.watermark_id or batch.created_at < since:
                return first, found
            if batch.id not in known and _may_be(submission, batch):
                found.append(batch)
        if not page.has_more or page.last_id is None:
            return first, found
        page = await api.list_page(limit=_PAGE, after_id=page.last_id)


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
    page, candidates = await find_candidates(submission, api=api, store=store)
    workspace = workspace_of(store, api, page.facts, hint, now)
    require_here(submission, workspace)
    looked = msgspec.structs.replace(
        submission,
        looks=submission.looks + 1,
        last_looked_at=now,
        candidates=tuple(batch.id for batch in candidates),
    )
    others = [
        other
        for candidate in candidates
        for other in _competing_submissions(submission, candidate, store, workspace)
    ]
    if len(candidates) == 1 and not others:
        return record_created(
            looked,
            candidates[0],
            store=store,
            workspace=workspace,
            at=now,
            provisional=True,
        )
    if any(other.state is SubmissionState.SENDING for other in others):
        pass  # one of them may be what is being sent right now: the next look tells
    elif candidates:
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
    state = SubmissionState.CONFLICT if submission.candidates else SubmissionState.ABSENT
    absent = msgspec.structs.replace(submission, state=state)
    yield submissions.advance(store, absent, expected=SubmissionState.UNKNOWN, at=now())


def record_created(
    submission: Submission,
    batch: Batch,
    *,
    store: Store,
    workspace: Workspace,
    at: datetime,
    provisional: bool,
    request_id: str | None = None,
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
        submissions.advance(store, created, expected=submission.state, at=at, scope_id=workspace.scope_id)
        batches.merge(store.database, workspace.scope_id, [batch], seen=True, at=at)
        batches.link_to_run(store.database, workspace.scope_id, created)
    return created


def let_go(submission: Submission, why: str, *, store: Store, now: datetime) -> Submission:
    """The batch that was found for a submission is another's: untie them, and look for it again, never at that batch.

    Returns the submission as it is then; unchanged where somebody else has settled it meanwhile.
    """
    known, batch_id = submissions.find(store, submission.submission_id), submission.batch_id
    if batch_id is None or known is None or not known.is_adopted or known.batch_id != batch_id:
        return known or submission
    unknown = msgspec.structs.replace(
        known,
        state=SubmissionState.UNKNOWN,
        batch_id=None,
        provisional=False,
        candidates=(),
        excluded=(*known.excluded, batch_id),
        error=f"{batch_id} was found for it, but {why}.",
    )
    with store.database.change():
        submissions.advance(store, unknown, expected=SubmissionState.CREATED, at=now)
        labels.disown(store.database, _scope_id(known, store, now), batch_id, name=known.name)
    return unknown


def accept(submission: Submission, *, store: Store, now: datetime) -> Submission:
    """The batch that was found for a submission is its own: its results have shown it, or the user says so."""
    known = submissions.find(store, submission.submission_id)
    if submission.batch_id is None or known is None or not known.is_adopted:
        return known or submission
    certain = msgspec.structs.replace(known, provisional=False)
    with store.database.change():
        submissions.advance(store, certain, expected=SubmissionState.CREATED, at=now)
        batches.mark(store.database, _scope_id(known, store, now), submission.batch_id, provisional=0)
    return certain


async def decide(
    submission: Submission,
    *,
    is_its: bool,
    batch_id: str | None,
    api: BatchesApi,
    store: Store,
    hint: str,
    now: datetime,
) -> Submission:
    """The user says that a batch is, or is not, that of a submission; without an id the one that was found for it.

    Raises DraftError where no such batch was found, or several and none is named, and as `attach` does.
    """
    found = (submission.batch_id,) if submission.is_adopted else submission.candidates
    known = [each for each in found if each]
    if batch_id is None and len(known) != 1:
        raise DraftError(
            f"Several batches may be it: name one of {', '.join(known)}."
            if known
            else "No batch was found for it yet, so there is none to decide about: name it, or look again."
        )
    chosen = batch_id or known[0]
    if submission.is_adopted and (chosen == submission.batch_id) is not is_its:
        submission = let_go(submission, "it is another's, as you say", store=store, now=now)
    if is_its and submission.is_adopted:
        return accept(submission, store=store, now=now)
    if is_its:
        return await attach(submission, chosen, api=api, store=store, hint=hint, now=now)
    if submission.state is SubmissionState.CREATED or chosen in submission.excluded:
        return submission
    without = msgspec.structs.replace(
        submission,
        state=SubmissionState.UNKNOWN,
        candidates=tuple(each for each in submission.candidates if each != chosen),
        excluded=(*submission.excluded, chosen),
    )
    return submissions.advance(store, without, expected=submission.state, at=now)


async def attach(
    submission: Submission, batch_id: str, *, api: BatchesApi, store: Store, hint: str, now: datetime
) -> Submission:
    """The user says which batch it is. Raises DraftError where its number of requests says otherwise, or where it is
    known to be that of another submission.
    """
    batch, facts = await api.retrieve(batch_id)
    other = submissions.of_batch(store, batch_id)
    if other is not None and other.submission_id != submission.submission_id:
        raise DraftError(f"{batch_id} was made by another submission, {other.name or other.submission_id}.")
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
        provisional=False,
    )


def prepare_again(submission: Submission, *, store: Store, now: datetime) -> Submission:
    """The user says it is not there: ready to be sent again. Raises DraftError for one that is not absent."""
    if submission.state is not SubmissionState.ABSENT:
        raise DraftError(
            "It is not known yet that the batch was not created: look again, or wait three minutes."
        )
    prepared = msgspec.structs.replace(
        submission, state=SubmissionState.PREPARED, looks=0, candidates=(), error=None
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


def _scope_id(submission: Submission, store: Store, now: datetime) -> int:
    """The workspace a submission was sent to, as the store numbers it."""
    where = submission.base_url or "", submission.workspace_id or ""
    return workspaces.remember(store.database, *where, None, "", now).scope_id


def _long_enough(submission: Submission, now: datetime, settle: float) -> bool:
    if submission.state is SubmissionState.ABSENT:
        return True
    since = submission.settled_at or submission.created_at
    return (now - since).total_seconds() >= settle and submission.looks >= len(_LOOKS) - 1


def _competing_submissions(
    submission: Submission, candidate: Batch, store: Store, workspace: Workspace
) -> list[Submission]:
    """Other open submissions that may have made the candidate, one that is being sent included."""
    return [
        other
        for other in submissions.unsettled(store, workspace)
        if other.submission_id != submission.submission_id
        and other.state in (*_OPEN, SubmissionState.SENDING)
        and _may_be(other, candidate)
    ]


def _may_be(submission: Submission, batch: Batch) -> bool:
    """Whether a batch has the size of a submission, and was created while that may have created one."""
    since, until = _window(submission)
    is_in_time = since <= batch.created_at and (until is None or batch.created_at <= until)
    return is_in_time and batch.request_counts.total == submission.requests


def _window(submission: Submission) -> tuple[datetime, datetime | None]:
    """From when until when the server may have created the batch, by its own clock; the end is open while it is sent.

    The list that was asked for before sending says what the server's clock was by ours.
    """
    begun = submission.sent_at or submission.created_at
    begun_there = submission.server_date or begun
    alive = submission.alive_at or submission.settled_at
    if submission.state is SubmissionState.SENDING or alive is None:
        return begun_there - _CLOCK_SLACK, None
    last = begun_there + max(alive - begun, timedelta(0)) + _CLOCK_SLACK
    # After an answer, even a refusal, nothing is created any more.
    is_answered = submission.state is SubmissionState.PREPARED
    return begun_there - _CLOCK_SLACK, last if is_answered else last + timedelta(seconds=CREATE_SECONDS)


def _last_sign_of_life(submission: Submission, now: datetime) -> datetime:
    """When the process that sent a submission was last known to live: it touches the body meanwhile.

    Where the body is gone nothing is known, and the latest time is the safe one.
    """
    try:
        touched = datetime.fromtimestamp(Path(submission.body_path).stat().st_mtime, UTC)
    except OSError:
        return now
    return max(touched, submission.sent_at or touched)
