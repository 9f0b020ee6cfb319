"""The files of a batch on this machine: its results, and what was sent for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.services.results.schema_validation import Sent
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.store import submissions
from claude_batch_tui.store.downloads import is_recorded_elsewhere, recorded
from claude_batch_tui.store.results.file import incomplete_path, results_path
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_CLOCK_SLACK = 1.0
"""Seconds by which the API's clock may be ahead of this one. By more, the results are downloaded once more."""


def read_results(batch_id: str, *, store: Store, workspace: Workspace | None) -> Path | None:
    """The results that were read to their end and written down, or None; they may be incomplete ones."""
    known = recorded(store.database, workspace.scope_id, batch_id) if workspace is not None else None
    if known is None:
        return None
    # The name alone counts: the data folder may have been moved.
    path = results_path(store.locations.results, batch_id)
    path = incomplete_path(path) if known[0].suffix == ".incomplete" else path
    # A file of another length was changed since, or is of a batch of the same id at another address.
    return path if path.exists() and path.stat().st_size == known[1] else None


def unread_path(tracked: TrackedBatch, store: Store) -> Path | None:
    """The results of an ended batch that are here, whole or not, and of which nothing is written down; else None.

    A file that is older than the end of the batch, or known as that of another, is of a batch of the same id: simulators
    that are started again give the same ones.
    """
    if tracked.results is not ResultsState.NONE or not tracked.batch.has_ended:
        return None
    name = results_path(store.locations.results, tracked.id)
    path = next((each for each in (name, incomplete_path(name)) if each.exists()), None)
    if path is None or is_recorded_elsewhere(store.database, tracked.id):
        return None
    ended_at = tracked.batch.ended_at
    is_older = ended_at is not None and path.stat().st_mtime < ended_at.timestamp() - _CLOCK_SLACK
    return None if is_older else path


def rows_path(batch_id: str, store: Store) -> Path | None:
    """The rows file of a batch we submitted, or None."""
    submission = submissions.of_batch(store, batch_id)
    if submission is None or submission.rows_path is None:
        return None
    path = Path(submission.rows_path)
    return path if path.exists() else None


def body_path(batch_id: str, store: Store) -> Path | None:
    """The create body of a batch we submitted, or None."""
    submission = submissions.of_batch(store, batch_id)
    path = Path(submission.body_path) if submission else None
    return path if path is not None and path.exists() else None


def bodies_of(batch_ids: Sequence[str], store: Store) -> Sent:
    """The create bodies of these batches, which say what was asked for, and whether they are all here."""
    bodies = [body_path(batch_id, store) for batch_id in batch_ids]
    known = tuple(body for body in bodies if body is not None)
    return Sent(known, knows_all=len(known) == len(bodies))


def sent_ids_of(batch_id: str, store: Store) -> Collection[str] | None:
    """The custom_ids sent for a batch, in their order; None where it was made elsewhere or the spool is lost."""
    submission = submissions.of_batch(store, batch_id)
    return spool.sent_places(submission) if submission is not None else None


def request_as_sent(batch_ids: Sequence[str], custom_id: str, store: Store) -> bytes | None:
    """A request of one of these batches as it was sent, or None where none of them was sent from here with it."""
    bodies = (body_path(batch_id, store) for batch_id in batch_ids)
    found = (spool.request_as_sent(body, custom_id) for body in bodies if body is not None)
    return next((request for request in found if request is not None), None)
