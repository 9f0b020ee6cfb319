"""Fetching, at the end of a command, the results that the API is about to delete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.results_files import download
from claude_batch_tui.errors import CbtuiError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime


async def fetch_what_goes(listed: Iterable[TrackedBatch], context: Context, runtime: Runtime) -> None:
    """Fetch the results of these batches that go within 48 hours and are not here; what cannot be is said, not raised."""
    from claude_batch_tui.services.keeping.fetching import about_to_go, claimed
    from claude_batch_tui.wording.batches import no_room_words
    from claude_batch_tui.wording.values import span

    workspace, now = runtime.workspace, runtime.now()
    if workspace is None:
        return
    found = about_to_go(listed, store=runtime.store, config=context.config, now=now)
    if found.without_room:
        context.diagnostics.note(no_room_words(found.without_room, found.needed_bytes, found.free_bytes))
    for tracked in claimed(found.fetched, store=runtime.store, scope_id=workspace.scope_id, now=now):
        left = span(tracked.batch.results_until - now)
        context.diagnostics.note(
            f"{tracked.title}: fetching the results, which the API deletes in {left} (keep = false leaves them there)."
        )
        try:
            await download(tracked, runtime, context)
        except CbtuiError as error:
            context.diagnostics.error(str(error))
