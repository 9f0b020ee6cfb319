"""What `watch` shows on a terminal: a bar a batch, drawn in place, and notifications of ends, as the dashboard gives them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import datetime

from claude_batch_tui.cli.command import Context
from claude_batch_tui.domain.batches.batch import PROCESSING_WINDOW, Batch
from claude_batch_tui.domain.batches.notices import Notice, terminal_notification, words
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.services.watching.notify import claim_ends, osc9_way, run_hook
from claude_batch_tui.wording.batches import notice_words, progress_words

_BAR = 16
_NAME = 33
_MARKS = {False: ("█", "▒", "░"), True: ("#", ":", ".")}


def bars(
    batches: Sequence[Batch],
    names: Mapping[str, str],
    now: datetime,
    *,
    columns: int,
    rows: int,
    ascii_only: bool,
) -> list[str]:
    """A line a batch, none wider than `columns`; those that still run come first where `rows` are too few."""
    ordered = sorted(batches, key=lambda batch: batch.has_ended) if len(batches) > rows else list(batches)
    shown = ordered if len(ordered) <= rows else ordered[: max(rows - 1, 1)]
    width = min(max((len(clean_line(names[batch.id])) for batch in shown), default=0), _NAME)
    lines = [_line(batch, clean_line(names[batch.id]), width, now, ascii_only=ascii_only) for batch in shown]
    if len(shown) < len(ordered):
        left = ordered[len(shown) :]
        lines.append(
            f"and {len(left):,} more, {sum(not batch.has_ended for batch in left):,} of them running"
        )
    return [line[: columns - 1] for line in lines]


def _line(batch: Batch, name: str, width: int, now: datetime, *, ascii_only: bool) -> str:
    label = name if len(name) <= width else name[: width - 1] + (">" if ascii_only else "…")
    said = progress_words(batch, now)
    return f"{label:<{width}} {bar(batch, now, ascii_only=ascii_only)} {said.replace('·', '-') if ascii_only else said}"


def bar(batch: Batch, now: datetime, *, ascii_only: bool) -> str:
    """Requests done, once the API counts them; until then, in another shade, the time used of the 24 hours."""
    counts = batch.request_counts
    full, used, empty = _MARKS[ascii_only]
    if batch.has_ended or counts.done:
        share, mark = counts.done / max(counts.total, 1), full
    else:
        share, mark = (now - batch.created_at) / PROCESSING_WINDOW, used
    filled = int(min(max(share, 0.0), 1.0) * _BAR)
    return mark * filled + empty * (_BAR - filled)


class Notifier:
    """Notifies of the ends of the watched batches, each once, whichever cbtui sees it first."""

    def __init__(self, runtime: Runtime, context: Context, watched: frozenset[str]) -> None:
        self._runtime = runtime
        self._context = context
        self._watched = watched
        self._tasks: set[asyncio.Task[None]] = set()

    def notify(self) -> None:
        """Begin to notify of what has ended; returns at once."""
        runtime, config = self._runtime, self._context.config
        if runtime.workspace is None:
            return
        notices = claim_ends(runtime.store, runtime.workspace.scope_id, runtime.now(), self._watched)
        wanted = [notice for notice in notices if notice.matters(config.notify_on)]
        if wanted and "bell" in words(config.notify):
            self._context.diagnostics.control("\a")
        for notice in wanted:
            self._tasks.add(asyncio.create_task(self._notify(notice)))

    async def finish(self) -> None:
        """Wait until everything begun is done; hooks are limited in time."""
        await asyncio.gather(*self._tasks)

    async def _notify(self, notice: Notice) -> None:
        config, diagnostics = self._context.config, self._context.diagnostics
        if diagnostics.is_terminal and "osc9" in words(config.notify):
            way = await in_thread(lambda: osc9_way(config.osc9, os.environ))
            if way != "no":
                message = f"cbtui: {notice_words(notice)}"
                diagnostics.control(terminal_notification(message, way))
        if config.hook:
            trouble = await run_hook(config.hook, notice, timeout=config.hook_timeout)
            if trouble is not None:
                diagnostics.note(trouble)
