"""A line of the user's own on a batch or a run: its name, or a note."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import resolve
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.runtime import open_runtime
from claude_batch_tui.services.watching.labels import target_of
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace


class _Write(Protocol):
    """Writes the line down, or takes away what was there."""

    def __call__(
        self,
        found: Sequence[TrackedBatch],
        text: str | None,
        /,
        *,
        store: Store,
        workspace: Workspace,
        now: datetime,
    ) -> None:
        """None takes it away."""


async def write_label(word: str, text: str, write: _Write, context: Context) -> int:
    """Write `text` down for what `word` means, blank text to take it away, and print both."""
    async with open_runtime(context.config) as runtime:
        found = await resolve(word, runtime)
        line = " ".join(text.split()) or None
        write(found, line, store=runtime.store, workspace=runtime.known_workspace(), now=runtime.now())
        context.output.line(f"{target_of(found)} {line or ''}".rstrip())
    return ExitCode.GOOD
