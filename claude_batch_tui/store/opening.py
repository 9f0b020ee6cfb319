"""Opening a results file of any size, whoever made it: its first rows at once, the rest a step at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from claude_batch_tui.domain.result import Outcome
from claude_batch_tui.errors import SourceError
from claude_batch_tui.store.index_file import index_path, load_index, save_index
from claude_batch_tui.store.indexing import index_file
from claude_batch_tui.store.results_file import ResultsFile
from claude_batch_tui.store.results_index import ResultsIndex

_GZIP: Final = b"\x1f\x8b"
_KEPT_SECONDS: Final = 30 * 86400


def open_indexed(path: Path, cache: Path | None = None) -> ResultsFile:
    """A results file with its whole index. Raises SourceError with what to do."""
    results: ResultsFile | None = None
    for results in opening(path, cache):  # noqa: B007 — every step yields the same file
        pass
    if results is None:
        raise SourceError(f"{path} is not a results file: no line of it has a custom_id and a result.")
    return results


def opening(path: Path, cache: Path | None = None) -> Iterator[ResultsFile]:
    """Open a file: it is yielded with its first rows, and again after every step until its index is complete.

    The index is read from beside the file or from the `cache` folder, and kept there for the next time. The file
    belongs to the caller, who closes it. Raises SourceError with what to do.
    """
    _check(path)
    place = _index_place(path, cache)
    index = load_index(path) or (load_index(path, place) if place else None)
    if index is not None:
        if place is not None and place.exists():
            os.utime(place)
        yield ResultsFile(path, index)
        return
    results = ResultsFile(path, ResultsIndex())
    stat = os.fstat(results.fileno())
    descriptor = os.dup(results.fileno())  # the caller may close the file while it is being indexed
    try:
        yield from _indexed(results, descriptor)
    except OSError as error:
        raise SourceError(f"Cannot read {path}: {error.strerror}.") from error
    except SourceError:
        results.close()
        raise
    finally:
        os.close(descriptor)
    if place is not None:
        with contextlib.suppress(OSError):  # a cache that cannot be written is made again the next time
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            save_index(results.index, path, place, stat=stat)
            _prune(place.parent)


def _indexed(results: ResultsFile, descriptor: int) -> Iterator[ResultsFile]:
    index = results.index
    is_results = False
    for _ in index_file(descriptor, index):
        is_results = is_results or index.outcome_counts()[Outcome.UNPARSED] < index.count
        if is_results:
            yield results
    if index.count and not is_results:
        raise SourceError(
            f"{results.path} is not a results file: no line of it has a custom_id and a result."
        )
    if not index.count:
        yield results


def _check(path: Path) -> None:
    if path.is_dir():
        raise SourceError(f"{path} is a folder: name a results file.")
    try:
        with path.open("rb") as file:
            if file.read(2) == _GZIP:
                raise SourceError(f"{path} is compressed: run `gunzip -k {path}` and open what that leaves.")
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


def _prune(cache: Path) -> None:
    """Forget what was not opened for a month."""
    for index in cache.glob("*.index"):
        if time.time() - index.stat().st_mtime > _KEPT_SECONDS:
            index.unlink(missing_ok=True)
            index.with_suffix("").unlink(missing_ok=True)
