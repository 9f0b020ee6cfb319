"""Telling of ends from a headless watch: the same ends, ways and filter as in the dashboard, each end once."""

from __future__ import annotations

import asyncio
import os

from claude_batch_tui.cli.command import Context
from claude_batch_tui.domain.batches.notices import Notice, terminal_notification, words
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.services.watching.notify import claim_ends, osc9_way, run_hook
from claude_batch_tui.wording import notice_words


class Telling:
    """Tells the ends of the watched batches that nobody has told yet."""

    def __init__(self, runtime: Runtime, context: Context, watched: frozenset[str]) -> None:
        self._runtime = runtime
        self._context = context
        self._watched = watched
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self) -> None:
        """Begin to tell what has ended; returns at once."""
        runtime, config = self._runtime, self._context.config
        if runtime.workspace is None:
            return
        notices = claim_ends(runtime.store, runtime.workspace.scope_id, runtime.now(), self._watched)
        wanted = [notice for notice in notices if notice.matters(config.notify_on)]
        if wanted and "bell" in words(config.notify):
            self._context.diagnostics.control("\a")
        for notice in wanted:
            self._tasks.add(asyncio.create_task(self._tell(notice)))

    async def finish(self) -> None:
        """Wait until everything begun is done; hooks are limited in time."""
        await asyncio.gather(*self._tasks)

    async def _tell(self, notice: Notice) -> None:
        config, diagnostics = self._context.config, self._context.diagnostics
        if diagnostics.is_terminal and "osc9" in words(config.notify):
            way = await in_thread(lambda: osc9_way(config.osc9, os.environ))
            if way != "no":
                message = f"cbtui: {notice_words(notice)}"
                diagnostics.control(terminal_notification(message, in_tmux=way == "tmux"))
        if config.hook:
            trouble = await run_hook(config.hook, notice, timeout=config.hook_timeout)
            if trouble is not None:
                diagnostics.note(trouble)
