"""The files of a batch on this machine: its results, and what was sent for it; and the results of a run as one file."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.errors import StoreError
from claude_batch_tui.services.results.schema_validation import Sent
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.store import submissions
from claude_batch_tui.store.downloads import is_recorded_elsewhere, recorded
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results.file import incomplete_path, results_path
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_CHUNK_BYTES = 1 << 20
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


class RunResults(msgspec.Struct, frozen=True):
    """A file of all results of a run, batch after batch, and one of its rows where every batch has one."""

    results: Path
    rows: Path | None


def results_of_run(
    run_id: str, batch_ids: Sequence[str], *, store: Store, workspace: Workspace | None
) -> RunResults:
    """The results of these batches of a run in one file, made if need be; for a thread.

    Raises StoreError where those of one batch are not here, and where the disk refuses.
    """
    parts: list[Path] = []
    for batch_id in batch_ids:
        path = read_results(batch_id, store=store, workspace=workspace)
        if path is None:
            raise StoreError(
                f"The results of {batch_id} are not whole on this machine: open {run_id} again to download them."
            )
        parts.append(path)
    rows = [rows_path(batch_id, store) for batch_id in batch_ids]
    return gather(run_id, parts, rows, store.locations.results / "runs")


def gather(run_id: str, parts: Sequence[Path], rows: Sequence[Path | None], folder: Path) -> RunResults:
    """The files in `folder`, made anew where those of the batches are not what they were made of.

    `parts` are the results files of the batches, `rows` their rows files, in the run's order. Raises StoreError where
    the disk refuses; a file has its name only when it is whole.
    """
    whole = RunResults(
        folder / f"{run_id}.jsonl", folder / f"{run_id}.rows.jsonl" if rows and all(rows) else None
    )
    stamp = folder / f"{run_id}.parts.json"
    sources = [*parts, *(path for path in rows if path is not None and whole.rows)]
    try:
        wanted = msgspec.json.encode(
            [(str(path), (stat := path.stat()).st_size, stat.st_mtime_ns) for path in sources]
        )
        made = [path for path in (whole.results, whole.rows) if path is not None]
        if all(path.exists() for path in made) and stamp.exists() and stamp.read_bytes() == wanted:
            return whole
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        _join(parts, whole.results)
        if whole.rows is not None:
            _join([path for path in rows if path is not None], whole.rows)
        with written_whole(stamp) as file:
            file.write(wanted)
    except OSError as error:
        raise StoreError(
            f"The results of {run_id} cannot be put together in {folder}: {error.strerror}. "
            "Those of its batches are whole; free some space and open it again."
        ) from error
    return whole


def _join(parts: Sequence[Path], target: Path) -> None:
    """One file after the other, each ended by a newline."""
    with written_whole(target) as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole, _CHUNK_BYTES)
                if _lacks_newline(file):
                    whole.write(b"\n")


def _lacks_newline(file: BinaryIO) -> bool:
    """Whether the file just read has a last line without an end."""
    if not file.tell():
        return False
    file.seek(-1, 2)
    return file.read() != b"\n"
