"""Downloads of the engine: some at a time, each in a thread, going on whatever screen is open; others wait."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

from claude_batch_tui.domain.batches.tracked import Download, DownloadState
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.engine.board import Board
from claude_batch_tui.errors import CbtuiError, unexpected
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.downloading.recording import (
    download_batch,
    read_leftovers,
    read_small_leftovers,
)
from claude_batch_tui.services.results.local_files import unread_path
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.store import batches
from claude_batch_tui.store.notifications import claim_once
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.wording.batches import outcome_counts

_log = logging.getLogger(__name__)
_Steps = Callable[..., AsyncIterator[Download]]


class Downloader:
    """Starts, shows and stops downloads."""

    def __init__(self, runtime: Runtime, board: Board) -> None:
        self._runtime = runtime
        self._board = board
        self._slots = asyncio.Semaphore(runtime.config.downloads_at_once)
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self._stops: dict[str, threading.Event] = {}
        self.growing: dict[str, tuple[ResultsIndex, Path]] = {}
        """Indexes of downloads that are under way, and their files: rows can be read while they arrive."""

    async def index_leftovers(self) -> None:
        """Read the results that are here, and of which a process that died wrote nothing down; of batches that were deleted
        at the API, too, which only costs and history show.
        """
        folder = self._runtime.store.locations.results
        names = await in_thread(lambda: {path.name.split(".")[0] for path in folder.glob("*.jsonl*")})
        for batch_id in names:
            tracked = self._board.find(batch_id)
            try:
                if tracked is not None and unread_path(tracked, self._runtime.store) is not None:
                    await self._follow(batch_id, read_leftovers, is_asked=False)
            except Exception as error:  # noqa: BLE001 — logged and told; one file must not keep the others waiting
                _log.exception("%s could not be read", batch_id)
                self._board.tell(
                    f"The results of {batch_id} cannot be read: {clean_line(unexpected(error))}.",
                    batch_id=batch_id,
                    is_error=True,
                )
        runtime = self._runtime
        if (workspace := runtime.workspace) is not None:
            await read_small_leftovers(
                batches.deleted_without_results(runtime.store.database, workspace.scope_id),
                store=runtime.store,
                scope_id=workspace.scope_id,
                config=runtime.config,
                now=runtime.now,
            )

    async def download(self, batch_id: str) -> None:
        """Download a batch's results unless that is already going on."""
        runtime = self._runtime
        await self._follow(batch_id, partial(download_batch, connect=runtime.connect, random=runtime.random))
        self._offer_auto_download()

    async def _follow(self, batch_id: str, steps: _Steps, *, is_asked: bool = True) -> None:
        """Show the steps, and tell what they end with; what nobody asked for may fail in silence."""
        runtime, tracked = self._runtime, self._board.find(batch_id)
        if batch_id in self._stops or tracked is None:
            return
        stop = self._stops[batch_id] = threading.Event()
        total = tracked.batch.request_counts.total
        self._show(Download(batch_id, DownloadState.WAITING, lines_expected=total))
        try:
            if not await self._has_slot(batch_id):
                self._show(Download(batch_id, DownloadState.STOPPED, lines_expected=total))
                return
            try:
                self._show(Download(batch_id, DownloadState.RUNNING, lines_expected=total))

                def growing(index: ResultsIndex, part: Path) -> None:
                    self.growing[batch_id] = (index, part)

                async for update in steps(
                    tracked,
                    store=runtime.store,
                    scope_id=runtime.known_workspace().scope_id,
                    config=runtime.config,
                    now=runtime.now,
                    stopped=stop.is_set,
                    index_made=growing,
                ):
                    self._show(update)
            finally:
                self._slots.release()
            self._finish(batch_id)
        except CbtuiError as error:
            if is_asked:
                self._fail(batch_id, str(error))
            else:
                _log.info("%s", error)
                self._board.downloads.pop(batch_id)
        except OSError as error:
            self._fail(batch_id, f"The results cannot be written: {error.strerror or error}.")
        except Exception as error:  # noqa: BLE001 — shown and logged; else it would seem to run for ever
            _log.exception("The download of %s failed", batch_id)
            self._fail(
                batch_id,
                f"It ended with an error of cbtui, {clean_line(unexpected(error))}.",
            )
        finally:
            self._stops.pop(batch_id, None)
            self.growing.pop(batch_id, None)

    def stop(self, batch_id: str) -> None:
        """Ask a download to stop; what has arrived is kept."""
        if batch_id in self._stops:
            self._stops[batch_id].set()
        if batch_id in self._waiting:
            self._waiting[batch_id].cancel()

    def stop_all(self) -> None:
        """Ask every download to stop."""
        for batch_id in tuple(self._stops):
            self.stop(batch_id)

    async def _has_slot(self, batch_id: str) -> bool:
        """Wait until fewer than the limit are under way; False where it was stopped before."""
        waiting = self._waiting[batch_id] = asyncio.ensure_future(self._slots.acquire())
        try:
            return await waiting
        except asyncio.CancelledError:
            if self._stops[batch_id].is_set():
                return False
            raise
        finally:
            del self._waiting[batch_id]

    def _show(self, update: Download) -> None:
        self._board.downloads[update.batch_id] = update
        self._board.touch()

    def _finish(self, batch_id: str) -> None:
        board, workspace = self._board, self._runtime.workspace
        last = board.downloads[batch_id]
        if workspace is not None:
            tracked = batches.find(self._runtime.store.database, workspace.scope_id, batch_id)
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

    def _offer_auto_download(self) -> None:
        """Say once, after results were downloaded by hand, that this can be had without the key."""
        runtime, workspace = self._runtime, self._runtime.workspace
        if runtime.config.auto_download or workspace is None:
            return
        offer = [("auto_download", "offered")]
        if claim_once(runtime.store.database, workspace.scope_id, offer, runtime.now()):
            self._board.tell("auto_download = true in config.toml downloads results as batches end.")
