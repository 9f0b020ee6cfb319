"""Downloading results: to `.part`, verified while they arrive, then under their own name and read to the last line.

A cut, short, doubled or broken download is never complete. It is begun again (that costs nothing), and where the
server gives the same bytes three times they are kept as `.incomplete` with the reasons. What gives a file its name:
as many lines of each outcome as the batch counts, ids that are unique and those sent, lines that begin and end as
lines do, a stream that ended properly. What is broken inside a line is found right after, when all lines are read;
the name is then taken back. Nobody is told of results before that, and what a kill leaves unread is read by `index_leftovers`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.polling import backoff, wait_for_read
from claude_batch_tui.domain.batches.tracked import DownloadState
from claude_batch_tui.errors import (
    NotFoundError,
    RateLimitedError,
    ResultsUnavailableError,
    UnavailableError,
)
from claude_batch_tui.services.downloading.part_file import PartFile, own_part, own_results
from claude_batch_tui.services.downloading.receiving import FEW_LINES, Attempt, Downloaded, Flow, Step
from claude_batch_tui.services.patience import again_words, tried_words
from claude_batch_tui.store.results.file import incomplete_path, results_path
from claude_batch_tui.store.results.index import ResultsIndex, load_scanner
from claude_batch_tui.store.results.index_file import save_index

_SAME_TRIES = 3
_TRIES = 8
_LIMIT = 60.0
_FLOW = Flow()
IndexMade = Callable[[ResultsIndex, Path], None]
"""Hears of a growing index and where its file is."""


def download(
    batch: Batch,
    *,
    api: BatchesApi,
    folder: Path,
    sent_ids: frozenset[str] | None,
    stopped: Callable[[], bool],
    random: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    limit: float = _LIMIT,
    flow: Flow = _FLOW,
    index_made: IndexMade = lambda _index, _path: None,
) -> Iterator[Step]:
    """Download a batch's results; for a thread.

    It begins again where it breaks, some times, and for at most `limit` seconds where nothing comes at all.

    Raises ResultsUnavailableError where there are none, ApiError where the API stays out of reach, StoreError where
    the disk is full or another process downloads the same batch.
    """
    target = results_path(folder, batch.id)
    seen: list[str] = []
    failures = _Failures(limit, monotonic)
    few = batch.request_counts.total <= FEW_LINES
    loading = threading.Thread(target=load_scanner, name="cbtui-import", daemon=True)
    if not few:
        loading.start()
    with own_part(target) as part:
        while True:
            part.begin()
            attempt = Attempt(batch, part, flow)
            try:
                index_made(attempt.index, part.path)
                yield from attempt.receive(api, stopped, exactly=lambda: few or loading.is_alive())
                yield Step(attempt.update(DownloadState.VERIFYING))
            except NotFoundError as error:
                raise ResultsUnavailableError(_why_none(batch, target, error)) from error
            except (RateLimitedError, UnavailableError) as error:
                wait = failures.wait(error, brought=part.bytes > 0, random=random())
                if wait is None:
                    raise
                yield Step(attempt.update(DownloadState.RUNNING, again_words(error, wait)))
                _pause(wait, stopped, sleep)
                continue
            # Results that are here already, or that were broken before, are not replaced by what is not read yet.
            is_first = not seen and not target.exists()
            if is_first and not stopped() and attempt.ledger(sent_ids).is_complete:
                part.keep_as(target)
                index_made(attempt.index, target)
            yield from attempt.read(stopped)
            if stopped():
                yield Step(attempt.update(DownloadState.STOPPED))
                return
            finished = attempt.finished(target, sent_ids)
            if finished.ledger.is_complete:
                part.keep_as(target)
                save_index(attempt.index, target)
                yield Step(attempt.update(DownloadState.COMPLETE), finished)
                return
            part.take_back()
            seen.append(finished.sha256)
            if seen.count(finished.sha256) >= _SAME_TRIES:
                yield _with_problems(attempt, part, finished)
                return
            words = "; ".join(finished.problems)
            yield Step(attempt.update(DownloadState.RUNNING, f"Not whole ({words}): starting over."))
            _pause(backoff(len(seen), random()), stopped, sleep)


def index_leftovers(
    batch: Batch,
    *,
    folder: Path,
    sent_ids: frozenset[str] | None,
    stopped: Callable[[], bool],
    index_made: IndexMade = lambda _index, _path: None,
) -> Iterator[Step]:
    """Read results that are here, whole or not, and of which nothing is written down; for a thread.

    A process may have died before it was done with them, or the store was lost. What is not whole becomes
    `.incomplete`. Raises StoreError where another process has them.
    """
    target = results_path(folder, batch.id)
    with own_results(target if target.exists() else incomplete_path(target), target) as file:
        attempt = Attempt(batch, file)
        index_made(attempt.index, file.path)
        yield from attempt.read_again(stopped)
        if stopped():
            yield Step(attempt.update(DownloadState.STOPPED))
            return
        finished = attempt.finished(target, sent_ids)
        if finished.ledger.is_complete:
            file.keep_as(target)
            save_index(attempt.index, target)
            yield Step(attempt.update(DownloadState.COMPLETE), finished)
        else:
            yield _with_problems(attempt, file, finished)


def _why_none(batch: Batch, target: Path, error: NotFoundError) -> str:
    """Why the API gives no results out, and what there is in their place."""
    if not batch.has_ended:
        return (
            f"There are no results for {batch.id}: {error} They can be read once it has ended, for 29 days."
        )
    kept = next((path for path in (target, incomplete_path(target)) if path.exists()), None)
    here = (
        f"The file {kept} is not as it was verified, or of another batch: cbtui results {kept} reads it all the same."
        if kept is not None
        else "They were not downloaded here while they could be."
    )
    if batch.archived_at is not None:
        return f"The API has archived {batch.id} on {batch.archived_at:%Y-%m-%d} and gives its results out no more. {here}"
    until = f"{batch.results_until:%Y-%m-%d}"
    return (
        f"There are no results for {batch.id}: {error} It has ended, and they are kept until {until}. {here}"
    )


class _Failures:
    """How often a download broke, and since when nothing at all has come."""

    def __init__(self, limit: float, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._first = self._began = 0.0
        self._silent = self._all = 0

    def wait(
        self, error: RateLimitedError | UnavailableError, *, brought: bool, random: float
    ) -> float | None:
        """Seconds to wait after one that `brought` something or did not; None, and the error says why, to end."""
        now = self._monotonic()
        self._all += 1
        self._first = now if self._all == 1 else self._first
        self._silent = 1 if brought else self._silent + 1
        self._began = now if self._silent == 1 else self._began
        seconds = now - self._began
        wait = wait_for_read(self._silent, seconds, self._limit, random, asked=error.retry_after)
        if wait is None or self._all >= _TRIES:
            asked = error.retry_after if wait is None else None
            error.add(tried_words(self._all, now - self._first, asked, self._limit))
            return None
        return wait


def _with_problems(attempt: Attempt, part: PartFile, finished: Downloaded) -> Step:
    """Keep what is not whole under a name that says so."""
    incomplete = incomplete_path(finished.path)
    part.keep_as(incomplete)
    save_index(attempt.index, incomplete)
    words = "; ".join(finished.problems)
    problem = f"the results are not whole: {words}. They are kept as {incomplete}."
    kept = msgspec.structs.replace(finished, path=incomplete)
    return Step(attempt.update(DownloadState.PROBLEMS, problem), kept)


def _pause(seconds: float, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
    """Sleep in slices, so that a stop is heard."""
    left = seconds
    while left > 0 and not stopped():
        sleep(min(left, 0.5))
        left -= 0.5
