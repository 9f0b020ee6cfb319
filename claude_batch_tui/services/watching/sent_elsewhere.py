"""What another program sent as a batch, taken on as if it had been sent from here: in both faces."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.services.submitting.known_requests import remember_sent, require_sent
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.services.watching.labels import adopt
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace


async def keep_sent(
    tracked: TrackedBatch,
    requests: Path,
    results: Path,
    *,
    name: str | None,
    store: Store,
    workspace: Workspace,
    now: datetime,
) -> str:
    """Adopt a batch with the requests it was sent, the id of its run; one that was adopted without them keeps its run.

    Raises DraftError where the file is not what the batch was sent, as its `results` show, and SourceError where it is no
    requests file.
    """

    def check() -> None:
        with open_indexed(results, store.locations.cache) as opened:
            require_sent(tracked, requests, opened.index.all_ids())

    await in_thread(check)
    run_id = tracked.run_id or adopt([tracked], name=name, store=store, workspace=workspace, now=now)
    await in_thread(
        lambda: remember_sent(tracked, requests, run_id, store=store, workspace=workspace, now=now)
    )
    return run_id
