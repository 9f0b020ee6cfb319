"""The poller: one list request a tick for all batches, by the one process that leads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from claude_batch_tui.domain.batch import Batch
from claude_batch_tui.domain.forecast import Forecast
from claude_batch_tui.domain.notifying import Notice
from claude_batch_tui.domain.polling import ASKED_FLOOR, FLOOR, backoff, has_slept, interval, jittered
from claude_batch_tui.domain.tracked import Event, LinkState, TrackedBatch
from claude_batch_tui.domain.turnaround import Turnarounds
from claude_batch_tui.engine.board import Board
from claude_batch_tui.engine.budget import Budget
from claude_batch_tui.engine.clock import Clock
from claude_batch_tui.engine.submitter import Submitter
from claude_batch_tui.errors import AuthenticationError, CbtuiError, ConfigError, StoreError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.notify import claim_ends, past_ends
from claude_batch_tui.services.watch import Poll, heard_from_others, poll
from claude_batch_tui.store import batches
from claude_batch_tui.store.batches import Change
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.wording import notice_words

_log = logging.getLogger(__name__)
_SLICE = 15.0
_FOLLOW_EVERY = 1.0
_ENDS_REMEMBERED = 50


class Poller:
    """Polls while this process leads, and follows the store while another does."""

    def __init__(
        self,
        runtime: Runtime,
        board: Board,
        submitter: Submitter,
        *,
        on_ended: Callable[[str], None],
        clock: Clock | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget
        self._clock = clock or Clock()
        self._runtime = runtime
        self._board = board
        self._submitter = submitter
        self._lock = FileLock(runtime.locations.engine_lock(runtime.hint))
        self._wake = asyncio.Event()
        self._asked = False
        self._forced = False
        self._paused = False
        self._first_time = True
        self._failures = 0
        self._looked_at: datetime | None = None
        self._store_version = 0
        self._ends_until: datetime | None = None
        self._last_request = float("-inf")
        self._turnarounds = Turnarounds()
        self._learned: tuple[TrackedBatch, ...] = ()
        self._on_ended = on_ended
        self.on_notice: Callable[[Notice], None] = lambda _: None

    def wake(self) -> None:
        """Poll as soon as the floor allows; by a user's key or after something of ours changed."""
        self._asked = True
        self._wake.set()

    def pause(self, paused: bool) -> None:
        """Stop polling, or go on."""
        self._paused = paused
        self._board.set_link(state=LinkState.PAUSED if paused else LinkState.CONNECTING, next_poll_at=None)
        self._wake.set()

    async def run(self) -> None:
        """Poll or follow for ever. Nothing but cancellation ends it: what goes wrong is shown, logged and waited out."""
        trouble: Exception | None = None
        try:
            while True:
                try:
                    if trouble is not None:
                        waited_out, trouble = trouble, None
                        await self._wait_out(waited_out)
                    if not self._paused and self._lock.try_acquire():
                        await self._lead()
                    else:
                        await self._follow()
                except Exception as error:  # noqa: BLE001 — shown and logged; polling goes on
                    trouble = error
        finally:
            self._lock.release()

    async def _wait_out(self, error: Exception) -> None:
        """Show what went wrong, and wait as long as it asks."""
        if isinstance(error, ConfigError):
            await self._stand_still(LinkState.NO_CREDENTIALS, error)
        elif isinstance(error, AuthenticationError):
            await self._stand_still(LinkState.REFUSED, error)
        elif isinstance(error, CbtuiError):
            await self._back_off(str(error), getattr(error, "retry_after", None))
        else:
            _log.error("The poller stumbled and goes on", exc_info=error)
            await self._back_off(f"Polling stumbled and goes on: {type(error).__name__}: {error}", None)

    async def _lead(self) -> None:
        runtime, board = self._runtime, self._board
        if not self._forced and (left := self._heard_from_others()) is not None:
            self._reload()
            self._tell_ends()
            board.set_link(
                state=self._resting_state(left), next_poll_at=runtime.now() + timedelta(seconds=left)
            )
            await self._sleep(left)
            return
        await self._take_turn()
        self._forced = self._asked = False
        self._wake.clear()
        self._looked_at = runtime.now()
        api = await runtime.connect()
        board.base_url, board.credential = api.base_url, api.credential
        self._last_request = self._clock.monotonic()
        found = await poll(
            api=api,
            store=runtime.store,
            hint=runtime.hint,
            scope=runtime.scope,
            now=runtime.now(),
            first_time=self._first_time,
        )
        self._take_in(found)
        await self._submitter.look_at_absent()
        self._failures = 0
        now = runtime.now()
        wait = self._interval(found.asked_wait)
        board.set_link(
            state=self._resting_state(wait),
            polled_at=now,
            next_poll_at=None if wait is None else now + timedelta(seconds=wait),
            interval=wait,
            failures=0,
            error=None,
            is_leader=True,
        )
        await self._sleep(wait)

    async def _take_turn(self) -> None:
        """Where several workspaces are watched, wait until it is this one's turn."""
        if self._budget is not None and (wait := self._budget.wait(self._clock.monotonic())) > 0:
            await self._clock.wait(asyncio.Event(), wait)

    def _heard_from_others(self) -> float | None:
        """Seconds until a look is due where another process, a headless watch, has looked for us; else None."""
        runtime, wished = self._runtime, self._board.link.interval
        if runtime.scope is None or self._looked_at is None or wished is None:
            return None
        now = runtime.now()
        if not heard_from_others(runtime.store, runtime.scope, self._looked_at, now, wished):
            return None
        self._looked_at = batches.last_poll_at(runtime.store.database, runtime.scope.scope_id) or now
        return max(wished - (now - self._looked_at).total_seconds(), 0.5)

    def _interval(self, asked: float) -> float | None:
        """Seconds until the next poll, where the API asks to wait at least so many; None where nothing is unfinished."""
        unfinished = [tracked.batch for tracked in self._board.unfinished]
        fixed = self._runtime.config.poll_interval
        wished = interval(unfinished, self._runtime.now(), fixed=fixed, likely=self._likely)
        if wished is None or fixed is not None:
            return wished
        return jittered(max(wished, asked), self._runtime.random())

    def _likely(self, batch: Batch) -> Forecast | None:
        """How long batches like this one took, as all ended ones known here teach it."""
        known = self._board.batches
        if known is not self._learned:
            self._turnarounds.learn(known)
            self._learned = known
        tracked = self._board.find(batch.id)
        return self._turnarounds.forecast(batch, tracked.model if tracked else None)

    def _resting_state(self, wait: float | None) -> LinkState:
        if self._paused:
            return LinkState.PAUSED
        return LinkState.IDLE if wait is None else LinkState.LIVE

    def _take_in(self, found: Poll) -> None:
        board, runtime = self._board, self._runtime
        is_new_scope = runtime.scope is None or runtime.scope.scope_id != found.scope.scope_id
        runtime.scope = found.scope
        board.workspace_id = found.scope.workspace_id
        if is_new_scope or self._first_time:
            board.has_older, board.older_after = found.has_older, found.last_id
        if is_new_scope:
            board.clear()
        board.catch_up(runtime.store.database, found.scope.scope_id)
        for change in found.changes:
            self._tell(change)
        self._first_time = False
        self._tell_ends()

    def _tell_ends(self) -> None:
        """Tell the ends nobody has told yet, whoever saw them first."""
        runtime = self._runtime
        if runtime.scope is None:
            return
        for notice in claim_ends(runtime.store, runtime.scope.scope_id, runtime.now()):
            self._board.tell(
                notice_words(notice),
                batch_id=notice.batch_ids[0] if notice.batch_ids else None,
                is_error=not notice.is_good,
                rings=notice.matters(runtime.config.notify_on),
            )
            self.on_notice(notice)

    def remember_ends(self) -> None:
        """Put the ends that were told before, or by another process, into the log of events."""
        runtime = self._runtime
        if runtime.scope is None:
            return
        past = past_ends(runtime.store, runtime.scope.scope_id, _ENDS_REMEMBERED, self._ends_until)
        self._ends_until = past[-1][0] if past else self._ends_until
        self._board.remember(
            Event(at, notice_words(notice), notice.batch_ids[0], is_error=not notice.is_good, is_quiet=True)
            for at, notice in past
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

    async def _follow(self) -> None:
        """Show what others write to the store; take over when nobody leads. While paused others may lead."""
        runtime, board = self._runtime, self._board
        if self._paused:
            self._lock.release()
            board.set_link(state=LinkState.PAUSED)
        else:
            board.set_link(state=LinkState.LIVE, is_leader=False)
        version = -1
        while self._paused or not self._lock.try_acquire():
            if self._asked and self._clock.monotonic() - self._last_request >= ASKED_FLOOR:
                self._asked = False
                await self._look_once()
            current = runtime.store.database.data_version()
            if current != version:
                version = current
                self._reload()
            self._wake.clear()
            await self._clock.wait(self._wake, _FOLLOW_EVERY)
        board.set_link(is_leader=True)

    async def _look_once(self) -> None:
        """Poll because the user asked, though another process leads or polling is paused."""
        runtime = self._runtime
        api = await runtime.connect()
        self._last_request = self._clock.monotonic()
        self._take_in(
            await poll(
                api=api,
                store=runtime.store,
                hint=runtime.hint,
                scope=runtime.scope,
                now=runtime.now(),
                first_time=self._first_time,
            )
        )
        self._failures = 0
        self._board.set_link(polled_at=runtime.now(), error=None, failures=0)

    def _reload(self) -> None:
        runtime = self._runtime
        if runtime.scope is None:
            runtime.recall_scope()  # the leader may have had the first answer of all
        if runtime.scope is None:
            return
        scope_id = runtime.scope.scope_id
        self._board.workspace_id, self._board.base_url = runtime.scope.workspace_id, runtime.scope.base_url
        self._board.catch_up(runtime.store.database, scope_id)
        self._submitter.reload()
        self.remember_ends()
        polled_at = batches.last_poll_at(runtime.store.database, scope_id)
        next_poll_at = self._board.link.next_poll_at if self._lock.is_held else None
        self._board.set_link(polled_at=polled_at, next_poll_at=next_poll_at)

    async def _stand_still(self, state: LinkState, error: Exception) -> None:
        """Nothing helps but the user: wait for a key."""
        self._board.set_link(state=state, error=str(error), next_poll_at=None)
        await self._sleep(None)

    async def _back_off(self, told: str, retry_after: float | None) -> None:
        self._failures += 1
        runtime = self._runtime
        wait = backoff(self._failures, runtime.random(), retry_after)
        now = runtime.now()
        self._board.set_link(
            state=LinkState.OFFLINE,
            error=told,
            failures=self._failures,
            next_poll_at=now + timedelta(seconds=wait),
        )
        _log.warning("Poll failed (%d in a row): %s", self._failures, told)
        if runtime.scope is not None:
            with contextlib.suppress(StoreError):  # it may be what went wrong
                batches.record_poll(runtime.store.database, runtime.scope.scope_id, now, 0.0, None, told)
        await self._sleep(wait)

    def _is_submitted_elsewhere(self, seconds: float | None) -> bool:
        """Whether another process has brought a batch that wants a look sooner than was planned."""
        current = self._runtime.store.database.data_version()
        if current == self._store_version:
            return False
        self._store_version = current
        before = len(self._board.unfinished)
        self._reload()
        unfinished = len(self._board.unfinished)
        return unfinished > before and (seconds is None or seconds > FLOOR)

    async def _sleep(self, seconds: float | None) -> None:
        """Sleep until it is time, somebody asks, or the machine wakes up from a sleep of its own."""
        clock = self._clock
        started, wall = clock.monotonic(), clock.wall()
        while seconds is None or clock.monotonic() - started < seconds:
            left = _SLICE if seconds is None else min(seconds - (clock.monotonic() - started), _SLICE)
            if await clock.wait(self._wake, left):
                self._wake.clear()
                since = clock.monotonic() - self._last_request
                if self._asked and since < ASKED_FLOOR:
                    await clock.wait(asyncio.Event(), ASKED_FLOOR - since)
                self._forced, self._asked = self._asked, False
                return
            if has_slept(clock.wall() - wall, clock.monotonic() - started):
                _log.info("The machine slept; polling goes on at once")
                self._runtime.renew()
                return
            if self._lock.is_held and self._is_submitted_elsewhere(seconds):
                return
