"""Downloads of the engine: two at a time, each in a thread, going on whatever screen is open."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from claude_batch_tui.domain.tracked import Download, DownloadState
from claude_batch_tui.engine.board import Board
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.store import batches
from claude_batch_tui.store.results_index import ResultsIndex
from claude_batch_tui.wording import outcome_counts

_AT_A_TIME = 2


class Downloader:
    """Starts, shows and stops downloads."""

    def __init__(self, runtime: Runtime, board: Board) -> None:
        self._runtime = runtime
        self._board = board
        self._slots = asyncio.Semaphore(_AT_A_TIME)
        self._stops: dict[str, threading.Event] = {}
        self.growing: dict[str, tuple[ResultsIndex, Path]] = {}
        """Indexes of downloads that are under way, and their files: rows can be read while they arrive."""

    async def download(self, batch_id: str) -> None:
        """Download a batch's results unless that is already going on."""
        tracked = self._board.find(batch_id)
        if batch_id in self._stops or tracked is None:
            return
        stop = self._stops[batch_id] = threading.Event()
        total = tracked.batch.request_counts.total
        self._show(Download(batch_id, DownloadState.RUNNING, lines_expected=total))
        try:
            async with self._slots:
                await self._runtime.connect()

                def growing(index: ResultsIndex, part: Path) -> None:
                    self.growing[batch_id] = (index, part)

                async for update in self._runtime.download(tracked, stop.is_set, growing):
                    self._show(update)
            self._finish(batch_id)
        except CbtuiError as error:
            self._fail(batch_id, str(error))
        except OSError as error:
            self._fail(batch_id, f"The results cannot be written: {error.strerror or error}.")
        finally:
            self._stops.pop(batch_id, None)
            self.growing.pop(batch_id, None)

    def stop(self, batch_id: str) -> None:
        """Ask a download to stop; what has arrived is kept."""
        if batch_id in self._stops:
            self._stops[batch_id].set()

    def stop_all(self) -> None:
        """Ask every download to stop."""
        for stop in self._stops.values():
            stop.set()

    def _show(self, update: Download) -> None:
        self._board.downloads[update.batch_id] = update
        self._board.touch()

    def _finish(self, batch_id: str) -> None:
        board, runtime = self._board, self._runtime
        last = board.downloads[batch_id]
        if runtime.scope is not None:
            tracked = batches.find(runtime.store.database, runtime.scope.scope_id, batch_id)
            if tracked is not None:
                board.put_batches([tracked])
        tracked = board.find(batch_id)
        if tracked is None or last.state is DownloadState.STOPPED:
            return
        if last.state is DownloadState.COMPLETE:
            board.tell(
                f"{tracked.title}: results downloaded, {outcome_counts(tracked.batch.request_counts, tracked.flawed)}",
                batch_id=batch_id,
            )
        else:
            board.tell(f"{tracked.title}: {last.error}", batch_id=batch_id, is_error=True)

    def _fail(self, batch_id: str, sentence: str) -> None:
        before = self._board.downloads[batch_id]
        failed = Download(
            batch_id,
            DownloadState.FAILED,
            bytes_done=before.bytes_done,
            lines=before.lines,
            lines_expected=before.lines_expected,
            error=sentence,
        )
        self._show(failed)
        self._board.tell(f"Download of {batch_id}: {sentence}", batch_id=batch_id, is_error=True)
