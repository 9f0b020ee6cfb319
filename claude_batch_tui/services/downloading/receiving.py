"""One try at a batch's results: from the first byte to the last, and then from the first line to the last.

While bytes arrive they are written, and ids and outcomes are read from them, a block at a time. What every line says
is read while the network is waited for, and to the end in a second pass over the file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Final

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.ledger import Ledger
from claude_batch_tui.domain.batches.tracked import Download, DownloadState
from claude_batch_tui.errors import UnavailableError
from claude_batch_tui.services.downloading.part_file import PartFile
from claude_batch_tui.services.results.ledger import ledger_of
from claude_batch_tui.store.results.index import MARGIN, ResultsIndex
from claude_batch_tui.store.results.passes import index_file, second_pass

FEW_LINES: Final = 2_000
"""Up to here every line is read exactly as it comes, and numpy is not imported for it."""
_UPDATE_EVERY = 0.1
_BLOCK: Final = 2 << 20
"""Bytes that are written and indexed at once where they arrive quickly."""
_FAST: Final = 1e8
"""Bytes a second: what comes faster is not kept waiting to have its lines read."""
_MOST_SPARE: Final = 0.1


class Downloaded(msgspec.Struct, frozen=True):
    """What a finished download left: the file, its facts, and what is wrong with it, if anything."""

    path: Path
    bytes: int
    lines: int
    sha256: str
    ledger: Ledger
    input_tokens: int = 0
    output_tokens: int = 0
    classes: dict[str, int] = {}
    """How many entries there are of each ledger class."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What does not add up, a phrase each."""
        return tuple(self.ledger.problems())


class Flow(msgspec.Struct, frozen=True):
    """What is too slow, in bytes a second; after how many seconds of it that is said, and after how many it ends."""

    slowest: float = 1_000.0
    says_after: float = 10.0
    ends_after: float = 60.0


class Step(msgspec.Struct, frozen=True):
    """Progress of a download; the last one of a whole or a problematic file carries `finished`."""

    update: Download
    finished: Downloaded | None = None


class Attempt:
    """One try, with an index of its own."""

    def __init__(self, batch: Batch, part: PartFile, flow: Flow | None = None) -> None:
        self.index = ResultsIndex()
        self._flow = flow or Flow()
        self._slow_for = 0.0
        self._batch = batch
        self._part = part
        self._total: int | None = None
        self._started = time.monotonic()
        self._seconds = 0.0
        self._sha256 = ""

    def receive(
        self, api: BatchesApi, stopped: Callable[[], bool], *, exactly: Callable[[], bool]
    ) -> Iterator[Step]:
        """Write the stream to the file, which has begun, and index it; a step about ten times a second.

        `exactly` says whether what comes now is to be read line by line, without a scan of whole blocks.
        """
        blocks = _Blocks(self._part, self.index, exactly)
        due = spare = 0.0
        flow, well_at, well_bytes = self._flow, time.monotonic(), 0
        with api.open_results(self._batch.id, silence=flow.ends_after) as stream:
            self._total = stream.content_length
            asked = time.monotonic()
            for piece in stream:
                now = time.monotonic()
                spare = min(spare + now - asked - len(piece) / _FAST, _MOST_SPARE)
                blocks.take(piece)
                if now >= due:
                    blocks.flush()
                if stopped():
                    break
                if now >= due:
                    due = now + _UPDATE_EVERY
                    yield Step(self.update(DownloadState.RUNNING))
                if spare > 0 and self.index.described < self.index.count:
                    spare -= self._read_for(spare)
                if self._part.bytes - well_bytes >= flow.slowest * (now - well_at):
                    well_at, well_bytes = now, self._part.bytes
                self._slow_for = now - well_at
                if self._slow_for >= flow.ends_after:
                    raise UnavailableError(
                        f"The results came at less than {flow.slowest:,.0f} bytes a second for {self._slow_for:.0f} s."
                    )
                asked = time.monotonic()
        blocks.finish()
        self._seconds = time.monotonic() - self._started
        if self._total is not None and self._part.bytes < self._total and not stopped():
            raise UnavailableError("The results were cut off.")
        self._part.flush_beside()

    def read(self, stopped: Callable[[], bool]) -> Iterator[Step]:
        """Read every line of what was received, and hash it; ends early where it is stopped."""
        yield from self._read(second_pass(self._part.fileno(), self.index), stopped)
        if not stopped():
            self.index.finish()

    def read_again(self, stopped: Callable[[], bool]) -> Iterator[Step]:
        """Index and hash a file of an earlier try from its beginning."""
        self._total = self._part.bytes
        yield from self._read(index_file(self._part.fileno(), self.index), stopped)

    def ledger(self, sent_ids: frozenset[str] | None) -> Ledger:
        """What has arrived, held against what the batch counts and what was sent; exact once all lines are read."""
        return ledger_of(self.index, self._batch.request_counts, sent_ids)

    def finished(self, path: Path, sent_ids: frozenset[str] | None) -> Downloaded:
        """What is there once all lines are read."""
        return Downloaded(
            path,
            self._part.bytes,
            self.index.count,
            self._sha256,
            self.ledger(sent_ids),
            sum(self.index.input_tokens),
            sum(self.index.output_tokens),
            self.index.class_counts(),
        )

    def update(self, state: DownloadState, error: str | None = None) -> Download:
        """Where the attempt is."""
        seconds = self._seconds or max(time.monotonic() - self._started, 1e-6)
        return Download(
            batch_id=self._batch.id,
            state=state,
            bytes_done=self._part.bytes,
            total_bytes=self._total,
            lines=self.index.count,
            lines_expected=self._batch.request_counts.total,
            bytes_per_second=self._part.bytes / seconds,
            error=error,
            lines_read=self.index.described,
            slow_for=self._slow_for if self._slow_for >= self._flow.says_after else 0.0,
        )

    def _read_for(self, seconds: float) -> float:
        """Read lines for so long, the step that goes over it to its end; how long it took."""
        started = now = time.monotonic()
        for _ in second_pass(self._part.fileno(), self.index):
            now = time.monotonic()
            if now - started >= seconds:
                break
        return now - started

    def _read(self, steps: Iterator[None], stopped: Callable[[], bool]) -> Iterator[Step]:
        hashed = self._part.hash_beside()
        due = 0.0
        for _ in steps:
            if stopped():
                return
            if (now := time.monotonic()) >= due:
                due = now + _UPDATE_EVERY
                yield Step(self.update(DownloadState.READING))
        while not hashed.done():
            if stopped():
                return
            wait((hashed,), timeout=_UPDATE_EVERY)
            yield Step(self.update(DownloadState.READING))
        self._sha256 = hashed.result()


class _Blocks:
    """A buffer for what arrives, which is written and indexed a block at a time."""

    def __init__(self, part: PartFile, index: ResultsIndex, exactly: Callable[[], bool]) -> None:
        self._part = part
        self._index = index
        self._exactly = exactly
        self._buffer = bytearray(MARGIN)
        self._filled = 0
        self._written = 0
        """Bytes at the beginning of the buffer that are on the disk: those of a line that has no end yet."""

    def take(self, piece: bytes) -> None:
        """Add the next bytes."""
        end = self._filled + len(piece)
        if end + MARGIN > len(self._buffer):
            self._buffer.extend(bytes(end + MARGIN))
        self._buffer[self._filled : end] = piece
        self._filled = end
        if self._filled - self._written >= _BLOCK:
            self.flush()

    def flush(self) -> None:
        """Write what has come, and then index its whole lines: a row that the index knows can be read."""
        buffer, filled = self._buffer, self._filled
        if filled == self._written:
            return
        with memoryview(buffer) as view, view[self._written : filled] as new:
            self._part.write(new)
        end = buffer.rfind(b"\n", self._written, filled) + 1
        if end:
            self._add(end)
            buffer[: filled - end] = buffer[end:filled]
            self._filled -= end
        self._written = self._filled

    def finish(self) -> None:
        """There is no more: take in a last line that has no newline."""
        self.flush()
        if self._filled:
            self._add(self._filled)
            self._filled = self._written = 0

    def _add(self, size: int) -> None:
        if self._exactly():
            self._index.add_exactly(self._buffer, size)
        else:
            self._index.add(self._buffer, size)
