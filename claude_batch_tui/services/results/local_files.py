"""The files of a batch on this machine: its results, and what was sent for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.services.results.schema_validation import Sent
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.store import submissions
from claude_batch_tui.store.downloads import recorded_path
from claude_batch_tui.store.results.file import results_path
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace


def read_results(batch_id: str, *, store: Store, workspace: Workspace | None) -> Path | None:
    """The results that were read to their end and written down, or None; they may be incomplete ones."""
    recorded = recorded_path(store.database, workspace.scope_id, batch_id) if workspace is not None else None
    if recorded is None:
        return None
    # The name alone counts: the data folder may have been moved.
    path = results_path(store.locations.results, batch_id)
    path = path.with_name(path.name + ".incomplete") if recorded.suffix == ".incomplete" else path
    return path if path.exists() else None


def is_unread(tracked: TrackedBatch, store: Store) -> bool:
    """Whether results are here under their name, of which nothing is written down."""
    path = results_path(store.locations.results, tracked.id)
    return tracked.results is ResultsState.NONE and tracked.batch.has_ended and path.exists()


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
