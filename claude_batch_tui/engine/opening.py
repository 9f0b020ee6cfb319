"""What the store knows, put on the board: what the first frame shows at once, and the rest after it."""

from __future__ import annotations

import asyncio

from claude_batch_tui.engine.board import Board
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.store import batches, submissions

_FIRST_SHOWN = 120
"""Batches read before the first frame; the rest of a long history follows it."""
_LOADED_AT_ONCE = 500
_BETWEEN_LOADS = 0.005
"""Seconds between two pages, in which keys are answered."""


def show_newest(board: Board, runtime: Runtime) -> None:
    """Put the newest batches of the workspace on the board, when it was polled, and submissions that are open."""
    board.submissions = submissions.unsettled(runtime.store, runtime.scope)
    if runtime.scope is None:
        return
    database, scope_id = runtime.store.database, runtime.scope.scope_id
    board.workspace_id = runtime.scope.workspace_id
    board.base_url = runtime.scope.base_url
    board.revision = batches.revision(database, scope_id)
    board.put_batches(batches.tracked(database, scope_id, limit=_FIRST_SHOWN))
    board.has_older = True  # until a page says that there are none
    board.link = type(board.link)(polled_at=batches.last_poll_at(database, scope_id))


async def load_rest(board: Board, runtime: Runtime) -> None:
    """Put all others on the board, a page at a time."""
    while runtime.scope is not None and board.batches:
        page = batches.tracked(
            runtime.store.database,
            runtime.scope.scope_id,
            limit=_LOADED_AT_ONCE,
            older_than=board.batches[-1],
        )
        if not page:
            return
        board.put_batches(page)
        await asyncio.sleep(_BETWEEN_LOADS)
