"""What an engine works with once it talks to the API: loaded together, after the first frame."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from claude_batch_tui.domain.batches.notices import Notice
from claude_batch_tui.engine.board import Board
from claude_batch_tui.engine.budget import Budget
from claude_batch_tui.engine.clock import Clock
from claude_batch_tui.engine.downloader import Downloader
from claude_batch_tui.engine.intake import Intake
from claude_batch_tui.engine.poller import Poller
from claude_batch_tui.engine.submitter import Submitter
from claude_batch_tui.engine.warner import Warner
from claude_batch_tui.runtime import Runtime


class Parts:
    """Those that poll, warn, submit and download; all in the engine's loop."""

    def __init__(
        self,
        runtime: Runtime,
        board: Board,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        budget: Budget | None,
        clock: Clock,
        on_notice: Callable[[Notice], None],
    ) -> None:
        """`spawn` begins something that is canceled at the engine's end; `on_notice` hears of every end told here."""
        self._spawn = spawn
        self.submitter = Submitter(runtime, board)
        self.downloader = Downloader(runtime, board)
        on_ended = self._save if runtime.config.auto_download else lambda _: None
        self._intake = Intake(runtime, board, self.submitter, on_ended=on_ended, on_notice=on_notice)
        self.poller = Poller(runtime, board, self.submitter, self._intake, clock=clock, budget=budget)
        self.submitter.on_created = self.poller.wake
        self.warner = Warner(runtime, board, save=self._save)

    def begin(self) -> None:
        """Begin to poll and to warn, and go on looking for what was submitted."""
        self._intake.remember_told()
        self.submitter.recover_interrupted()
        self._spawn(self.poller.run())
        self._spawn(self.warner.run())
        self._spawn(self.submitter.resolve_open())

    def _save(self, batch_id: str) -> None:
        self._spawn(self.downloader.download(batch_id))
