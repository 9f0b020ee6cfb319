"""Downloading results: to `.part`, indexed while they arrive, verified, and only then under their own name.

A cut, short, doubled or broken download is never complete. It is begun again (that costs nothing), and where the
server gives the same bytes three times they are kept as `.incomplete` with the reasons.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batch import Batch, RequestCounts
from claude_batch_tui.domain.ledger import Ledger
from claude_batch_tui.domain.polling import backoff
from claude_batch_tui.domain.tracked import Download, DownloadState
from claude_batch_tui.errors import (
    NotFoundError,
    RateLimitedError,
    ResultsUnavailableError,
    UnavailableError,
)
from claude_batch_tui.services.part_file import PartFile, own_part
from claude_batch_tui.store.index_file import save_index
from claude_batch_tui.store.results_file import results_path
from claude_batch_tui.store.results_index import ResultsIndex

_UPDATE_EVERY = 0.1
_PIECE = 1 << 19
"""Bytes that are written, hashed and indexed at once where they arrive quickly."""
_SAME_TRIES = 3
_TRIES = 8
_SLOWEST = 1_000.0
_SLOWEST_WINDOW = 60.0


class Downloaded(msgspec.Struct, frozen=True):
    """What a finished download left: the file, its facts, and what is wrong with it, if anything."""

    path: Path
    bytes: int
    lines: int
    sha256: str
    ledger: Ledger
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def problems(self) -> tuple[str, ...]:
        """What does not add up, a phrase each."""
        return tuple(self.ledger.problems())


class Step(msgspec.Struct, frozen=True):
    """Progress of a download; the last one of a whole or a problematic file carries `finished`."""

    update: Download
    finished: Downloaded | None = None


def download(
    batch: Batch,
    *,
    api: BatchesApi,
    folder: Path,
    sent_ids: frozenset[str] | None,
    stopped: Callable[[], bool],
    random: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
    index_made: Callable[[ResultsIndex, Path], None] | None = None,
) -> Iterator[Step]:
    """Download a batch's results; for a thread. `index_made` hears of the growing index and its `.part` file.

    Raises ResultsUnavailableError where there are none, ApiError where the API stays out of reach, StoreError where
    the disk is full or another process downloads the same batch.
    """
    target = results_path(folder, batch.id)
    expected = batch.request_counts
    seen: list[str] = []
    failures = 0
    with own_part(target) as part:
        while True:
            attempt = _Attempt(batch.id, expected, part)
            try:
                if index_made is not None:
                    index_made(attempt.index, part.path)
                yield from attempt.receive(api, stopped)
                if stopped():
                    yield Step(attempt.update(DownloadState.STOPPED))
                    return
                yield Step(attempt.update(DownloadState.VERIFYING))
            except NotFoundError as error:
                raise ResultsUnavailableError(
                    f"There are no results for {batch.id}: {error} They can be read once it has ended, for 29 days."
                ) from error
            except (RateLimitedError, UnavailableError) as error:
                failures += 1
                if failures >= _TRIES:
                    raise
                yield Step(attempt.update(DownloadState.RUNNING, f"{error} Starting over."))
                _pause(backoff(failures, random(), getattr(error, "retry_after", None)), stopped, sleep)
                continue
            finished = attempt.finished(target, sent_ids)
            if finished.ledger.is_complete:
                part.keep_as(target)
                save_index(attempt.index, target)
                yield Step(attempt.update(DownloadState.COMPLETE), finished)
                return
            seen.append(finished.sha256)
            if seen.count(finished.sha256) >= _SAME_TRIES:
                incomplete = target.with_name(target.name + ".incomplete")
                part.keep_as(incomplete)
                save_index(attempt.index, incomplete)
                words = "; ".join(finished.problems)
                problem = f"the results are not whole: {words}. They are kept as {incomplete}."
                kept = msgspec.structs.replace(finished, path=incomplete)
                yield Step(attempt.update(DownloadState.PROBLEMS, problem), kept)
                return
            words = "; ".join(finished.problems)
            yield Step(attempt.update(DownloadState.RUNNING, f"Not whole ({words}): starting over."))
            _pause(backoff(len(seen), random()), stopped, sleep)


class _Attempt:
    """One try from the first byte on."""

    def __init__(self, batch_id: str, expected: RequestCounts, part: PartFile) -> None:
        self.index = ResultsIndex()
        self._batch_id = batch_id
        self._expected = expected
        self._part = part
        self._received = 0
        self._total: int | None = None
        self._started = time.monotonic()

    def receive(self, api: BatchesApi, stopped: Callable[[], bool]) -> Iterator[Step]:
        """Write the stream to the file, hash and index it; a step about ten times a second."""
        self._part.begin()
        due = 0.0
        window_start, window_bytes = time.monotonic(), 0
        held: list[bytes] = []
        held_bytes = 0
        with api.open_results(self._batch_id) as stream:
            self._total = stream.content_length
            for chunk in stream.chunks():
                held.append(chunk)
                held_bytes += len(chunk)
                now = time.monotonic()
                if held_bytes >= _PIECE or now >= due:
                    self._take(b"".join(held))
                    held, held_bytes = [], 0
                if stopped():
                    break
                if now >= due:
                    due = now + _UPDATE_EVERY
                    yield Step(self.update(DownloadState.RUNNING))
                if now - window_start >= _SLOWEST_WINDOW:
                    if (self._received - window_bytes) / (now - window_start) < _SLOWEST:
                        raise UnavailableError("The results arrive at less than 1 kB a second.")
                    window_start, window_bytes = now, self._received
        self._take(b"".join(held))
        if self._total is not None and self._received < self._total and not stopped():
            raise UnavailableError("The results were cut off.")

    def finished(self, path: Path, sent_ids: frozenset[str] | None) -> Downloaded:
        """What has arrived, held against what the batch counts and what was sent."""
        self.index.finish()
        ids = self.index.all_ids()
        unique = set(ids)
        unique.discard("")
        ledger = Ledger(
            outcomes=self.index.outcome_counts(),
            expected=self._expected,
            duplicates=len(ids) - ids.count("") - len(unique),
            missing=None if sent_ids is None else len(sent_ids - unique),
            extra=None if sent_ids is None else len(unique - sent_ids),
        )
        return Downloaded(
            path,
            self._received,
            self.index.count,
            self._part.sha256(),
            ledger,
            sum(self.index.input_tokens),
            sum(self.index.output_tokens),
        )

    def update(self, state: DownloadState, error: str | None = None) -> Download:
        """Where the attempt is."""
        seconds = max(time.monotonic() - self._started, 1e-6)
        return Download(
            batch_id=self._batch_id,
            state=state,
            bytes_done=self._received,
            total_bytes=self._total,
            lines=self.index.count,
            lines_expected=self._expected.total,
            bytes_per_second=self._received / seconds,
            error=error,
        )

    def _take(self, piece: bytes) -> None:
        """Write first: a row that the index knows can be read."""
        self._part.write(piece)
        self._received += len(piece)
        self.index.feed(piece)


def _pause(seconds: float, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
    """Sleep in slices, so that a stop is heard."""
    left = seconds
    while left > 0 and not stopped():
        sleep(min(left, 0.5))
        left -= 0.5
