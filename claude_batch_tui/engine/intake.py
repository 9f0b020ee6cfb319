"""What polls found and other processes wrote, onto the board; ends are told once, whoever saw them first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.notices import Notice
from claude_batch_tui.domain.batches.tracked import Event
from claude_batch_tui.engine.board import Board
from claude_batch_tui.engine.submitter import Submitter
from claude_batch_tui.engine.warner import warning_text
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.watching.notify import claim_ends, past_ends, past_warnings
from claude_batch_tui.services.watching.watch import Poll, poll
from claude_batch_tui.store import polls
from claude_batch_tui.store.batches import Change
from claude_batch_tui.wording.batches import notice_words

_ENDS_REMEMBERED = 50


class Intake:
    """Looks at the API and at the store, and shows what is there."""

    def __init__(
        self,
        runtime: Runtime,
        board: Board,
        submitter: Submitter,
        *,
        on_ended: Callable[[str], None] = lambda _: None,
        on_notice: Callable[[Notice], None] = lambda _: None,
    ) -> None:
        """`on_ended` hears of every batch that a poll of ours found ended, `on_notice` of every end that is told here."""
        self._runtime = runtime
        self._board = board
        self._submitter = submitter
        self._on_ended = on_ended
        self._on_notice = on_notice
        self._first_time = True
        self._ends_until: datetime | None = None
        self._warned_until: datetime | None = None

    async def look(self, api: BatchesApi) -> Poll:
        """Ask the API once for all batches. Raises ApiError and StoreError."""
        runtime = self._runtime
        found = await poll(
            api=api,
            store=runtime.store,
            hint=runtime.hint,
            workspace=runtime.workspace,
            now=runtime.now(),
            first_time=self._first_time,
        )
        self._take_in(found)
        return found

    def _take_in(self, found: Poll) -> None:
        board, runtime = self._board, self._runtime
        is_new_workspace = runtime.workspace is None or runtime.workspace.scope_id != found.workspace.scope_id
        runtime.workspace = found.workspace
        board.workspace_id = found.workspace.workspace_id
        if is_new_workspace or self._first_time:
            board.has_older, board.older_after = found.has_older, found.last_id
        if is_new_workspace:
            board.clear()
        board.catch_up(runtime.store.database, found.workspace.scope_id)
        for change in found.changes:
            self._tell(change)
        self._first_time = False
        self.tell_ends()

    def tell_ends(self) -> None:
        """Tell the ends nobody has told yet, whoever saw them first."""
        runtime, workspace = self._runtime, self._runtime.workspace
        if workspace is None:
            return
        for notice in claim_ends(runtime.store, workspace.scope_id, runtime.now()):
            self._board.tell(
                notice_words(notice),
                batch_id=notice.batch_ids[0] if notice.batch_ids else None,
                is_error=not notice.is_good,
                rings=notice.matters(runtime.config.notify_on),
            )
            self._on_notice(notice)

    def remember_told(self) -> None:
        """Put what was told before, or by another process, into the log of events."""
        store, workspace = self._runtime.store, self._runtime.workspace
        if workspace is None:
            return
        past = past_ends(store, workspace.scope_id, _ENDS_REMEMBERED, self._ends_until)
        self._ends_until = past[-1][0] if past else self._ends_until
        self._board.remember(
            Event(at, notice_words(notice), notice.batch_ids[0], is_error=not notice.is_good, is_quiet=True)
            for at, notice in past
        )
        warned = past_warnings(store, workspace.scope_id, _ENDS_REMEMBERED, self._warned_until)
        self._warned_until = warned[-1][0] if warned else self._warned_until
        self._board.remember(
            Event(at, *warning_text(about, at_risk, at), is_error=True, is_quiet=True)
            for at, about, at_risk in warned
        )

    def _tell(self, change: Change) -> None:
        after = change.after
        if change.before is None or change.before.processing_status == after.processing_status:
            return
        tracked = self._board.find(after.id)
        title = tracked.title if tracked else after.id
        if after.has_ended:
            self._on_ended(after.id)
        else:
            self._board.tell(f"{title}: {after.processing_status}", batch_id=after.id)

    def reload(self, *, is_leading: bool) -> None:
        """Show what others wrote to the store."""
        runtime, workspace = self._runtime, self._runtime.workspace
        if workspace is None:  # not even the leader has had an answer yet
            return
        scope_id = workspace.scope_id
        self._board.workspace_id, self._board.base_url = workspace.workspace_id, workspace.base_url
        self._board.catch_up(runtime.store.database, scope_id)
        self._submitter.reload()
        self.remember_told()
        polled_at = polls.last_poll_at(runtime.store.database, scope_id)
        next_poll_at = self._board.link.next_poll_at if is_leading else None
        self._board.set_link(polled_at=polled_at, next_poll_at=next_poll_at)
