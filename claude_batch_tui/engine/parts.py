"""What an engine works with once it talks to the API: loaded together, after the first frame."""

from __future__ import annotations

import logging
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
from claude_batch_tui.services.watching.notify import run_hook

_log = logging.getLogger(__name__)


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
    ) -> None:
        """`spawn` begins something whose errors are reported, and that is canceled at the engine's end."""
        self._runtime = runtime
        self._board = board
        self._spawn = spawn
        self.submitter = Submitter(runtime, board, spawn=spawn)
        self.downloader = Downloader(runtime, board)
        on_ended = self._save if runtime.config.auto_download else lambda _: None
        self._intake = Intake(runtime, board, self.submitter, on_ended=on_ended, on_notice=self._hook)
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

    def _hook(self, notice: Notice) -> None:
        config = self._runtime.config
        if config.hook and notice.matters(config.notify_on):
            self._spawn(self._run_hook(config.hook, notice))

    async def _run_hook(self, command: str, notice: Notice) -> None:
        trouble = await run_hook(command, notice, timeout=self._runtime.config.hook_timeout)
        if trouble is not None:
            _log.warning("%s", trouble)
            self._board.tell(trouble, is_error=True)
