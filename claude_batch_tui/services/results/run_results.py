"""The results of all batches of a run in one file, so that they are filtered, read and taken away as one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.errors import StoreError
from claude_batch_tui.services.results.local_files import read_results, rows_path
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_CHUNK_BYTES = 1 << 20


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
