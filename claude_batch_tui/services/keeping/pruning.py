"""Taking files out of the data folder: what can be made again or is past its time (`prune`), and a run (`forget`).

Journal, store and digests of requests stay: they are what keeps the same requests from being paid for twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState, TrackedBatch
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.services.keeping.sweeping import dead, remove
from claude_batch_tui.services.submitting.spool import places_path
from claude_batch_tui.store import batches, downloads, labels, submissions
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.results.file import incomplete_path, results_path
from claude_batch_tui.store.results.index_file import index_path
from claude_batch_tui.store.results.schema_cache import judged_path
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_SETTLED: Final = (SubmissionState.CREATED, SubmissionState.REFUSED, SubmissionState.ABANDONED)


class Removable(msgspec.Struct, frozen=True):
    """Files of one kind that may go; with `needs_asking` they are answers nobody has exported."""

    what: str
    paths: tuple[Path, ...]
    bytes: int
    needs_asking: bool = False


def sizes(locations: Locations) -> dict[str, tuple[int, int]]:
    """Files and bytes of each part of the data folder, the largest first."""
    parts = {
        "bodies": [locations.spool],
        "results": [locations.results],
        "caches": [locations.cache],
        "store and journal": [locations.data],
    }
    found: dict[str, tuple[int, int]] = {}
    for name, folders in parts.items():
        files = [path for folder in folders for path in _below(folder, deep=folder != locations.data)]
        found[name] = len(files), _bytes_of(files)
    return dict(sorted(found.items(), key=lambda part: -part[1][1]))


def removable(store: Store, *, keep_days: int | None, now: datetime) -> list[Removable]:
    """What `prune` would take: what can be made again, and of ended batches what is older than `keep_days`."""
    locations = store.locations
    found = leftovers(locations, now)
    if keep_days is not None:
        before = now - timedelta(days=keep_days)
        old = [one for one in submissions.every(store) if _is_over(one, store) and one.created_at < before]
        exported, others = _old_results(store, before)
        found += [
            _removable(f"bodies older than {keep_days} days", [path for one in old for path in _sent(one)]),
            _removable(f"exported results older than {keep_days} days", exported),
            _removable(
                f"results older than {keep_days} days that were never exported", others, needs_asking=True
            ),
        ]
    return [each for each in found if each.paths]


def leftovers(locations: Locations, now: datetime) -> list[Removable]:
    """What is made again when it is needed, and what is of use to nobody."""
    made_again = [path for path in _below(locations.cache) if not path.name.endswith(".part")]
    made_again += _below(locations.results / "runs")
    left = [*dead(locations, now), *locations.data.glob("store.db.damaged-*")]
    found = [
        _removable("caches, which are made again", made_again),
        _removable(
            "left by processes that died, and damaged stores",
            [path for path in left if path not in made_again],
        ),
    ]
    return [each for each in found if each.paths]


def prune(chosen: Iterable[Removable], store: Store) -> int:
    """Remove files; the bytes that were freed. Raises StoreError where a submission is under way."""
    with FileLock(store.locations.submit_lock).held("Nothing was removed"):
        return sum(remove(path) for each in chosen for path in each.paths)


class Forgettable(msgspec.Struct, frozen=True):
    """What would be forgotten of some batches: their files here."""

    batches: tuple[TrackedBatch, ...]
    paths: tuple[Path, ...]
    bytes: int
    unexported: int
    """Of how many the results are nowhere else: not exported, and no longer, or not much longer, at the API."""


def forgettable(targets: Sequence[TrackedBatch], *, store: Store, workspace: Workspace) -> Forgettable:
    """What is here of batches that have ended. Raises ConfigError where one has not, or may not be ours."""
    for tracked in targets:
        if not tracked.batch.has_ended:
            raise ConfigError(f"{tracked.title} has not ended: cancel it, or wait for its end.")
        if tracked.provisional:
            raise ConfigError(f"{tracked.title} is not yet proven to be ours: read its results first.")
    paths: list[Path] = []
    unexported = 0
    for tracked in targets:
        results = _results(store.locations, tracked.id)
        is_exported = downloads.exported_at(store.database, workspace.scope_id, tracked.id) is not None
        unexported += bool(results) and not is_exported
        ours = submissions.of_batch(store, tracked.id)
        paths += [*results, *(_sent(ours) if ours is not None else ())]
    runs = {tracked.run_id for tracked in targets if tracked.run_id}
    paths += [path for run in runs for path in (store.locations.results / "runs").glob(f"{run}.*")]
    return Forgettable(tuple(targets), tuple(paths), _bytes_of(paths), unexported)


def forget(chosen: Forgettable, *, store: Store, workspace: Workspace, now: datetime) -> int:
    """Remove the files of batches, and hide the batches; the bytes that were freed. Journal and store remember that they
    were paid for. Raises StoreError where a submission is under way.
    """
    with FileLock(store.locations.submit_lock).held("Nothing was forgotten"):
        ids = [tracked.id for tracked in chosen.batches]
        labels.hide(store, workspace, ids, hidden=True, now=now)
        freed = sum(remove(path) for path in chosen.paths)
        downloads.forget_results(store.database, workspace.scope_id, ids)
        return freed


def _old_results(store: Store, before: datetime) -> tuple[list[Path], list[Path]]:
    """The results of batches that were made before a time: exported ones, and others."""
    exported, others = list[Path](), list[Path]()
    for batch_id, is_exported in batches.ended_before(store.database, before):
        (exported if is_exported else others).extend(_results(store.locations, batch_id))
    return exported, others


def _results(locations: Locations, batch_id: str) -> list[Path]:
    whole = results_path(locations.results, batch_id)
    files = (whole, incomplete_path(whole))
    beside = [path for file in files for path in (file, index_path(file), judged_path(file))]
    return [path for path in beside if path.exists()]


def _sent(submission: Submission) -> Iterator[Path]:
    """Body, places and rows of a submission; its digests stay."""
    body = Path(submission.body_path)
    rows = [Path(submission.rows_path)] if submission.rows_path else []
    yield from (path for path in (body, places_path(body), *rows) if path.exists())


def _is_over(submission: Submission, store: Store) -> bool:
    """Whether nothing more is to be found out of it: its outcome is known, proven, and its batch has ended."""
    if submission.state not in _SETTLED or submission.provisional:
        return False
    return submission.batch_id is None or batches.has_ended(store.database, submission.batch_id)


def _removable(what: str, paths: Iterable[Path], *, needs_asking: bool = False) -> Removable:
    every = tuple(dict.fromkeys(paths))
    return Removable(what, every, _bytes_of(every), needs_asking)


def _below(folder: Path, *, deep: bool = True) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in (folder.rglob("*") if deep else folder.iterdir()) if path.is_file()]


def _bytes_of(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except OSError:  # gone meanwhile
            continue
    return total
