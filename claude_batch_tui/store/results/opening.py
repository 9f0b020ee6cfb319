"""Opening a results file of any size, whoever made it: its first rows at once, the rest indexed a step at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final

from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.errors import SourceError, StoreError
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.gzip import is_gzip, require_results, unzipped_path, unzipping
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.index_file import index_path, load_index, save_index
from claude_batch_tui.store.results.passes import index_file
from claude_batch_tui.store.results.run_file import is_run_file

_KEPT_SECONDS: Final = 30 * 86400
MOST_CACHED: Final = 10_000_000_000
"""Bytes of caches that are kept together."""


def open_indexed(
    path: Path, cache: Path | None = None, on_step: Callable[[ResultsFile], None] | None = None
) -> ResultsFile:
    """A results file with its whole index; `on_step` hears how far it is. Raises SourceError with what to do."""
    results: ResultsFile | None = None
    for step in opening(path, cache, in_order=True):  # nobody waits for ids alone
        if results is not None and step is not results:
            results.close()
        results = step
        if on_step is not None:
            on_step(results)
    if results is None:
        raise SourceError(f"{path} could not be read.")
    return results


def opening(
    path: Path, cache: Path | None = None, *, in_order: bool = False
) -> Generator[ResultsFile, None, None]:
    """Open a file, plain or gzipped: it is yielded with its first rows, and again after every step until its index is
    complete. Where a kept index turns out to be damaged, another one is yielded in its place.

    With `in_order` each step gives some entries wholly, from the first of the file on, instead of ids and outcomes of
    all before the rest. The index is read from beside the file or from the `cache` folder, and kept there for the next time. The file
    belongs to the caller, who closes it. Raises SourceError with what to do.
    """
    is_packed = _is_packed(path)
    if is_packed and cache is None:
        raise SourceError(f"{path} is compressed: run `gunzip -k {path}` and open what that leaves.")
    shown = False
    results: ResultsFile | None = None
    try:
        for results in _steps(path, cache, is_packed=is_packed, in_order=in_order):
            index = results.index
            shown = shown or index.complete or index.outcome_counts()[Outcome.UNPARSED] < index.count
            if shown:
                yield results
    except SourceError:
        if results is not None and not shown:
            results.close()
        raise
    if cache is not None:
        prune_cache(cache, time.time())


def _steps(path: Path, cache: Path | None, *, is_packed: bool, in_order: bool) -> Iterator[ResultsFile]:
    place = _index_place(path, cache)
    if is_packed and cache is not None:
        path, packed = unzipped_path(path, cache), path
        place = index_path(path)
        if not path.exists():
            try:
                yield from unzipping(packed, path)
            except OSError as error:
                raise SourceError(f"Cannot decompress {packed} into {cache}: {error.strerror}.") from error
            return
    index = load_index(path) or (load_index(path, place) if place else None)
    if index is not None:
        yield ResultsFile(path, index, is_unpacked=is_packed)
        if index.is_intact():
            if place is not None and place.exists():
                os.utime(place)
            return
        for damaged in (index_path(path), place):
            if damaged is not None:
                damaged.unlink(missing_ok=True)
    if is_run_file(path):
        path.unlink(missing_ok=True)
        raise SourceError(
            f"What {path} says of its batches is damaged: open the run again, which makes it anew."
        )
    yield from _indexing(path, place, is_unpacked=is_packed, in_order=in_order)


def _indexing(path: Path, place: Path | None, *, is_unpacked: bool, in_order: bool) -> Iterator[ResultsFile]:
    results = ResultsFile(path, ResultsIndex(), is_unpacked=is_unpacked)
    index, stat = results.index, os.fstat(results.fileno())
    descriptor = os.dup(results.fileno())  # the caller may close the file while it is being indexed
    try:
        for _ in index_file(descriptor, index, in_order=in_order):
            results.progress = _progress(index, max(stat.st_size, 1))
            if index.complete:
                require_results(index, path)
            yield results
    except OSError as error:
        raise SourceError(f"Cannot read {path}: {error.strerror}.") from error
    finally:
        os.close(descriptor)
    if place is None:
        return
    with contextlib.suppress(
        OSError, StoreError
    ):  # a cache that cannot be written is made again the next time
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        save_index(index, path, place, stat=stat)
    # What is kept takes half the memory, and most of it is mapped: who waits for the whole gets that instead.
    if in_order and (kept := load_index(path, place)) is not None:
        yield ResultsFile(path, kept, is_unpacked=is_unpacked)


def _progress(index: ResultsIndex, size: int) -> float:
    """The share of the work: the first pass is about a fifth of it."""
    places = [index.offsets[count - 1] if count else 0 for count in (index.count, index.described)]
    return (0.2 * places[0] + 0.8 * places[1]) / size


def _is_packed(path: Path) -> bool:
    if path.is_dir():
        raise SourceError(f"{path} is a folder: name a results file.")
    try:
        return is_gzip(path)
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.") from error
    except OSError as error:
        raise SourceError(f"Cannot read {path}: {error.strerror}.") from error


def _index_place(path: Path, cache: Path | None) -> Path | None:
    """Where the index of a file is kept that is not ours."""
    if cache is None:
        return None
    name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]
    return index_path(cache / name)


def prune_cache(cache: Path, now: float) -> int:
    """Remove what was not opened for a month, and the oldest of what is more than `MOST_CACHED` bytes; the bytes freed."""
    groups: dict[str, list[tuple[Path, os.stat_result]]] = {}
    with contextlib.suppress(OSError):
        for path in cache.iterdir():
            if path.suffix == ".part":  # being written, or swept
                continue
            with contextlib.suppress(FileNotFoundError):
                groups.setdefault(path.name.partition(".")[0], []).append((path, path.stat()))
    kept, freed = 0, 0
    for files in sorted(groups.values(), key=lambda files: -max(stat.st_mtime for _, stat in files)):
        size = sum(stat.st_size for _, stat in files)
        is_old = now - max(stat.st_mtime for _, stat in files) > _KEPT_SECONDS
        if is_old or (kept and kept + size > MOST_CACHED):
            for path, _ in files:
                with contextlib.suppress(OSError):
                    path.unlink()
            freed += size
        else:
            kept += size
    return freed
