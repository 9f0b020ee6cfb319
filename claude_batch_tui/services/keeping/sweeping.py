"""What processes that died have left in the data folder, and caches that grew old: removed once a day.

Only what is surely ours, dead, and of no use to anybody; never what another process holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from claude_batch_tui.store.files import is_process
from claude_batch_tui.store.locations import BUILT, Locations
from claude_batch_tui.store.results.file import incomplete_path
from claude_batch_tui.store.results.opening import prune_cache

_DEAD: Final = timedelta(days=2)
"""What was not written for so long is not being written."""
_MADE_AGAIN: Final = timedelta(days=30)
_TEMPORARY: Final = re.compile(r".+\.(\d+)\.part(?:-journal)?")


def sweep_once_a_day(locations: Locations, now: datetime) -> None:
    """Sweep, and write down that it was done. Blocks; raises nothing: what the disk refuses is tried another day."""
    with contextlib.suppress(OSError):
        locations.swept.touch(0o600)
        os.utime(locations.swept, (now.timestamp(), now.timestamp()))
        sweep(locations, now)


def sweep(locations: Locations, now: datetime) -> int:
    """Remove what `dead` finds, and what of the cache is old or too much; the bytes that were freed."""
    freed = 0
    for path in dead(locations, now):
        freed += remove(path)
    return freed + prune_cache(locations.cache, now.timestamp())


def dead(locations: Locations, now: datetime) -> Iterator[Path]:
    """Files that nobody needs: half-written ones of processes that are gone, indexes without results, and the like."""
    for folder in (locations.spool, locations.results, locations.results / "runs", locations.cache):
        for path in _files(folder):
            found = _TEMPORARY.fullmatch(path.name)
            if found and not is_process(int(found[1])) and _age(path, now) > timedelta(minutes=1):
                yield path
    for path in _files(locations.cache):
        if path.name.startswith(BUILT) and _age(path, now) > _DEAD:
            yield path
    for path in _files(locations.results):
        is_index_alone = path.suffix in (".index", ".judged") and not path.with_suffix("").exists()
        is_part = path.name.endswith(".jsonl.part")
        whole = path.with_name(path.name.removesuffix(".incomplete"))
        is_replaced = path == incomplete_path(whole) and whole.exists() and _age(path, now) > _age(whole, now)
        if (is_index_alone or is_part or is_replaced) and _age(path, now) > _DEAD:
            yield path
    together = [*_files(locations.results / "runs")]
    for run in {path.name.partition(".")[0] for path in together}:
        files = [path for path in together if path.name.partition(".")[0] == run]
        if all(_age(path, now) > _MADE_AGAIN for path in files):
            yield from files


def remove(path: Path) -> int:
    """Remove a file, unless another process has it locked; the bytes that were freed."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
    return 0


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    except OSError:
        return []


def _age(path: Path, now: datetime) -> timedelta:
    """How long ago it was written; nothing for one that is gone."""
    try:
        return timedelta(seconds=now.timestamp() - path.stat().st_mtime)
    except OSError:
        return timedelta()
