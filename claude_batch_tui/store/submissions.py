"""Submissions as they are written down: before the POST, after it, and at every step between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.domain.money.spend_limit import SpentAlready
from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.database import Database, stored
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_UNSETTLED = (
    "(state IN ('sending', 'unknown', 'absent', 'conflict')"
    " OR (state = 'created' AND json_extract(facts, '$.provisional')))"
)
_PERHAPS_SENT = "('sending', 'unknown', 'absent', 'conflict', 'created')"


def insert(store: Store, submission: Submission) -> None:
    """Write a prepared submission and its run down, in the journal too."""
    with store.database.change():
        store.journal.append("submission", submission.created_at, submission=submission)
        put(store, submission)


def advance(
    store: Store,
    submission: Submission,
    *,
    expected: SubmissionState,
    at: datetime,
    scope_id: int | None = None,
) -> Submission:
    """Write the next state down, on disk in store and journal when this returns.

    Raises StoreError where the submission is no longer in the `expected` state: another process was quicker.
    """
    with store.database.change() as connection:
        cursor = connection.execute(
            "UPDATE submission SET state = ?, batch_id = ?, facts = ?, scope_id = coalesce(?, scope_id)"
            " WHERE submission_id = ? AND state = ?",
            (
                submission.state.value,
                submission.batch_id,
                msgspec.json.encode(submission).decode(),
                scope_id,
                submission.submission_id,
                expected.value,
            ),
        )
        if cursor.rowcount != 1:
            raise StoreError("This submission is already being sent, or was settled, by another process.")
        # Inside the transaction: a fact that cannot reach the journal must not reach the store either.
        store.journal.append("submission", at, submission=submission)
    return submission


def find(store: Store, submission_id: str) -> Submission | None:
    """One submission."""
    return next(iter(_where(store, "submission_id = ?", submission_id)), None)


def unsettled(store: Store, workspace: Workspace | None = None) -> tuple[Submission, ...]:
    """Submissions of which something is still to be found out or decided, oldest first; with a workspace those sent there."""
    found = _where(store, f"{_UNSETTLED} ORDER BY created_at")
    return tuple(each for each in found if workspace is None or not is_elsewhere(each, workspace))


def is_elsewhere(submission: Submission, workspace: Workspace) -> bool:
    """Whether it was sent to another workspace than this one, where looking for it proves nothing."""
    sent_to = submission.base_url, submission.workspace_id
    return submission.base_url is not None and sent_to != (workspace.base_url, workspace.workspace_id)


def with_body(store: Store, sha256: str, since: datetime) -> tuple[Submission, ...]:
    """Submissions of the same bytes since then that were, or may have been, sent; newest first."""
    condition = f"sha256 = ? AND created_at >= ? AND state IN {_PERHAPS_SENT} ORDER BY created_at DESC"
    return _where(store, condition, sha256, since.isoformat())


def sent_since(
    store: Store, since: datetime, workspace: Workspace | None, besides: Iterable[str] = ()
) -> tuple[Submission, ...]:
    """Submissions since then that were, or may have been, sent to a workspace, newest first; `besides` are left out.

    With None for the workspace those of all.
    """
    condition = (
        f"created_at >= ? AND state IN {_PERHAPS_SENT} AND submission_id NOT IN (SELECT value FROM json_each(?))"
        " ORDER BY created_at DESC, submission_id DESC"
    )
    found = _where(store, condition, since.isoformat(), msgspec.json.encode([*besides]).decode())
    return tuple(each for each in found if workspace is None or not is_elsewhere(each, workspace))


def perhaps_paid_since(database: Database, since: datetime) -> SpentAlready:
    """What submissions since then may have paid of which no batch is known: their answer was lost, or is not here yet."""
    row = database.row(
        "SELECT total(json_extract(facts, '$.cost_at_most')), sum(json_extract(facts, '$.cost_at_most') IS NULL)"
        f" FROM submission WHERE created_at >= ? AND state IN {_PERHAPS_SENT}"
        " AND (batch_id IS NULL OR batch_id NOT IN (SELECT batch_id FROM batch))",
        (since.isoformat(),),
    )
    return SpentAlready(row[0], row[1] or 0) if row else SpentAlready()


def every(store: Store) -> tuple[Submission, ...]:
    """All submissions."""
    return _where(store, "true")


def of_batch(store: Store, batch_id: str) -> Submission | None:
    """The submission that made a batch, or None where it was made elsewhere."""
    return next(iter(_where(store, "batch_id = ?", batch_id)), None)


def of_run(store: Store, run_id: str) -> tuple[Submission, ...]:
    """All submissions of a run, oldest first."""
    return _where(store, "run_id = ? ORDER BY created_at, submission_id", run_id)


def attributed_ids(store: Store) -> frozenset[str]:
    """Ids of batches of which it is known who made them: a submission of ours, or somebody else, as the user has said."""
    query = "SELECT batch_id FROM submission WHERE batch_id IS NOT NULL UNION SELECT batch_id FROM adoption"
    return frozenset(row[0] for row in store.database.rows(query))


def put(store: Store, submission: Submission) -> None:
    """Write a submission as it is, whatever was there before; the journal is not touched."""
    with store.database.change() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO run (run_id, kind, created_at, source) VALUES (?, ?, ?, ?)",
            (submission.run_id, submission.kind, submission.created_at.isoformat(), submission.source),
        )
        connection.execute(
            "INSERT OR REPLACE INTO submission (submission_id, run_id, state, sha256, batch_id, created_at, facts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                submission.submission_id,
                submission.run_id,
                submission.state.value,
                submission.sha256,
                submission.batch_id,
                submission.created_at.isoformat(),
                msgspec.json.encode(submission).decode(),
            ),
        )


def here(store: Store, submission: Submission) -> Submission:
    """The same with its files where this data folder has them: it may have been moved, or brought from another machine."""
    spool = store.locations.spool
    body = Path(submission.body_path)
    if body.parent == spool or not body.name.startswith(submission.submission_id):
        return submission
    rows = submission.rows_path
    return msgspec.structs.replace(
        submission,
        body_path=str(spool / body.name),
        rows_path=None if rows is None else str(spool / Path(rows).name),
    )


def are_behind_journal(store: Store) -> bool:
    """Whether the store is still to be filled from the journal, or lacks the last that it says of a submission.

    The journal is always written first, so such a store is new, half filled, or an older copy.
    """
    if store.is_new or store.database.read_only_reason is not None:
        return store.is_new
    fact = store.journal.newest("submission")
    try:
        newest = here(store, msgspec.convert(fact["submission"], type=Submission)) if fact else None
    except (KeyError, msgspec.ValidationError):  # of a later version
        return False
    return newest is not None and find(store, newest.submission_id) != newest


def _where(store: Store, condition: str, *values: str | int | None) -> tuple[Submission, ...]:
    """The submissions that fulfil a condition of SQL, which may end with their order and number."""
    rows = store.database.rows(f"SELECT facts FROM submission WHERE {condition}", values)
    return tuple(here(store, stored(row[0], Submission)) for row in rows)
