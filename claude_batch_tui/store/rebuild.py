"""Filling a new store from the journal: submissions with their runs, names and costs, and all that is ours.

Bodies in the spool of which the journal has lost the fact, or perhaps the last one, become submissions of unknown
outcome: they may have been sent, so the API is asked before they are paid for again. Batches themselves come back from
the API's list, results from their files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.store import batches, labels, lost_history, reviews, submissions, workspaces
from claude_batch_tui.store.store import Store

_BODY: Final = ".body.json"


def complete(store: Store, now: datetime) -> None:
    """Rebuild a store that is behind its journal. Raises StoreError where the journal cannot be read."""
    if not submissions.are_behind_journal(store):
        return
    with store.database.change():
        # Asked again: another process may have done it while this one waited for the store.
        if submissions.are_behind_journal(store):
            if store.is_new:
                lost_history.note(store, now)
            is_new = store.is_new
            rebuild(store, now)
            if is_new and not lost_history.is_lost(store, now):
                for submission in _without_a_fact(store, now):
                    submissions.insert(store, submission)
                if not store.journal.is_whole():
                    _doubt_what_is_prepared(store, now)


def rebuild(store: Store, now: datetime) -> int:
    """Take every fact of the journal into the store; how many there were.

    One transaction, with the mark of a whole store at its end. A submission that the store knows is taken up where
    the journal goes on from there: the store may be newer than a journal that was brought back.
    """
    sent: dict[str, Submission] = {}
    others: list[dict[str, Any]] = []
    taken = 0
    known = {one.submission_id: one for one in submissions.every(store)}
    for fact in store.journal.facts():
        if fact.get("kind") != "submission":
            others.append(fact)
            continue
        try:
            submission = submissions.here(store, msgspec.convert(fact.get("submission"), type=Submission))
        except msgspec.ValidationError:
            continue
        taken += 1
        stored = known.get(submission.submission_id)
        if stored is None:
            sent[submission.submission_id] = submission
        elif stored == submission:
            del known[submission.submission_id]
    with store.database.change():
        for submission in sent.values():
            _submission(store, submission, now)
        for fact in others:
            try:
                taken += labels.replay(store, fact, now) or reviews.replay(store, fact, now)
            except msgspec.ValidationError:
                continue
        store.database.mark()
    return taken


def _submission(store: Store, submission: Submission, now: datetime) -> None:
    submissions.put(store, submission)
    if submission.base_url is not None and submission.workspace_id is not None:
        where = submission.base_url, submission.workspace_id
        workspace = workspaces.remember(store.database, *where, None, "", now)
        batches.link_to_run(store.database, workspace.scope_id, submission)


def _doubt_what_is_prepared(store: Store, now: datetime) -> None:
    """Of what was about to be sent the journal may have lost that it was: it is looked for, too."""
    for one in submissions.every(store):
        if one.state is SubmissionState.PREPARED and not _never_left(store, one.submission_id):
            unknown = msgspec.structs.replace(
                one,
                state=SubmissionState.UNKNOWN,
                sent_at=one.sent_at or one.created_at,
                settled_at=now,
                error="What was written down of it last is lost.",
            )
            submissions.advance(store, unknown, expected=SubmissionState.PREPARED, at=now)


def _without_a_fact(store: Store, now: datetime) -> Iterator[Submission]:
    """A submission of unknown outcome for every body in the spool that the journal does not know."""
    known = {one.submission_id for one in submissions.every(store)}
    for body in sorted(store.locations.spool.glob(f"sub_*{_BODY}")):
        submission_id = body.name.removesuffix(_BODY)
        if submission_id not in known and not _never_left(store, submission_id):
            yield _of_body(body, submission_id, now)


def _never_left(store: Store, submission_id: str) -> bool:
    """Whether the mark is there that no byte of its body has left yet (see `services.submitting.spool`)."""
    return (store.locations.spool / f"{submission_id}.unsent").exists()


def _of_body(body: Path, submission_id: str, now: datetime) -> Submission:
    """What a body says of itself. One that cannot be read is as long as it is, and of no request."""
    from ulid import ULID  # late: a store is seldom rebuilt

    try:
        sent_at = ULID.from_str(submission_id.removeprefix("sub_")).datetime
    except ValueError:
        sent_at = now
    rows = body.with_name(f"{submission_id}.rows.jsonl")
    with body.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        sent = msgspec.json.decode(body.read_bytes(), type=_Body).requests
    except (msgspec.DecodeError, UnicodeDecodeError, MemoryError):
        sent = []
    return Submission(
        submission_id=submission_id,
        run_id=f"run_{ULID()}",
        state=SubmissionState.UNKNOWN,
        requests=len(sent),
        body_bytes=body.stat().st_size,
        sha256=sha256,
        body_path=str(body),
        rows_path=str(rows) if rows.exists() else None,
        name=None,
        model=sent[0].params.model if sent else None,
        source=None,
        cost_at_most=None,
        created_at=sent_at,
        sent_at=sent_at,
        settled_at=now,
        error="What was written down of it is lost.",
    )


class _Params(msgspec.Struct):
    model: str | None = None


class _Request(msgspec.Struct):
    params: _Params


class _Body(msgspec.Struct):
    """A create body, as far as it is needed here."""

    requests: list[_Request]
