"""The poller: one list request a tick for all batches, by the one process that leads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta

from claude_batch_tui.domain.batches.polling import ASKED_FLOOR, ATTENDED, FLOOR, backoff, has_slept
from claude_batch_tui.domain.batches.tracked import LinkState
from claude_batch_tui.engine.board import Board
from claude_batch_tui.engine.budget import Budget
from claude_batch_tui.engine.clock import Clock
from claude_batch_tui.engine.intake import Intake
from claude_batch_tui.engine.schedule import Schedule
from claude_batch_tui.engine.submitter import Submitter
from claude_batch_tui.errors import (
    AuthenticationError,
    CbtuiError,
    ConfigError,
    DamagedStoreError,
    StoreError,
)
from claude_batch_tui.logs import log_path
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.store import polls
from claude_batch_tui.store.locks import FileLock

_log = logging.getLogger(__name__)
_SLICE = 15.0
_FOLLOW_EVERY = 1.0


class Poller:
    """Polls while this process leads, and follows the store while another does."""

    def __init__(
        self,
        runtime: Runtime,
        board: Board,
        submitter: Submitter,
        intake: Intake,
        *,
        clock: Clock | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget
        self._clock = clock or Clock()
        self._runtime = runtime
        self._board = board
        self._submitter = submitter
        self._lock = FileLock(runtime.store.locations.engine_lock(runtime.hint))
        self._wake = asyncio.Event()
        self._asked = False
        self._forced = False
        self._due: float | None = None
        """When the sleep between two polls ends, by the monotonic clock; None where only a key ends it."""
        self._paused = False
        self._had_turn = False
        self._failures = 0
        self._store_version = 0
        self._last_request = float("-inf")
        self._schedule = Schedule(runtime, board)
        self._intake = intake

    def wake(self) -> None:
        """Poll as soon as the floor allows; by a user's key or after something of ours changed."""
        self._asked = True
        self._wake.set()

    def attend(self) -> None:
        """Somebody typed: where nothing is running the next poll comes a minute after the last one, and not after ten."""
        link = self._board.link
        if link.state is not LinkState.IDLE or link.polled_at is None:
            return
        if not link.is_leader:  # the one that leads does not hear of these keys
            if (self._runtime.now() - link.polled_at).total_seconds() >= ATTENDED:
                self.wake()
        elif self._due is not None and self._due > (due := self._last_request + ATTENDED):
            self._due = due
            self._board.set_link(
                next_poll_at=max(link.polled_at + timedelta(seconds=ATTENDED), self._runtime.now())
            )
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
                is_waiting = trouble is not None
                try:
                    if trouble is not None:
                        waited_out, trouble = trouble, None
                        await self._wait_out(waited_out)
                        is_waiting = False
                    if not self._paused and self._lock.try_acquire():
                        await self._lead()
                    else:
                        await self._follow()
                except Exception as error:  # noqa: BLE001 — shown and logged; polling goes on
                    trouble = error
                    if is_waiting:
                        # Its frames hold what was waited out, and that what was before. Nothing here can fail.
                        trouble = error.with_traceback(None)
                        await self._clock.wait(asyncio.Event(), ASKED_FLOOR)
        finally:
            self._lock.release()

    async def _wait_out(self, error: Exception) -> None:
        """Show what went wrong, and wait as long as it asks."""
        if isinstance(error, ConfigError):
            await self._stand_still(LinkState.NO_CREDENTIALS, error)
        elif isinstance(error, AuthenticationError):
            await self._stand_still(LinkState.REFUSED, error)
        elif isinstance(error, DamagedStoreError):
            # Its workspaces may be numbered otherwise in the next one, so nothing here goes on with that.
            with contextlib.suppress(DamagedStoreError), self._runtime.store.database.set_aside_if_damaged():
                raise error
            await self._stand_still(LinkState.OFFLINE, error)
        else:
            await self._back_off(error)

    async def _lead(self) -> None:
        runtime, board = self._runtime, self._board
        if not self._forced and (left := self._schedule.heard_from_others()) is not None:
            self._intake.reload(is_leading=True)
            self._intake.tell_ends()
            board.set_link(state=self._resting_state(), next_poll_at=runtime.now() + timedelta(seconds=left))
            await self._sleep(left)
            return
        await self._take_turn()
        self._forced = self._asked = False
        self._wake.clear()
        self._schedule.looked()
        api = await runtime.connect_once()
        board.base_url, board.credential = api.base_url, api.credential
        self._last_request = self._clock.monotonic()
        found = await self._intake.look(api)
        await self._submitter.look_at_open()
        self._failures = 0
        now = runtime.now()
        wait = self._schedule.interval(found.asked_wait)
        board.set_link(
            state=self._resting_state(),
            polled_at=now,
            next_poll_at=now + timedelta(seconds=wait),
            interval=wait,
            failures=0,
            error=None,
            is_leader=True,
        )
        await self._sleep(wait)

    async def _take_turn(self) -> None:
        """Where several workspaces are watched, wait until it is this one's turn; the first poll of each waits for none."""
        is_first, self._had_turn = not self._had_turn, True
        if (
            not is_first
            and self._budget is not None
            and (wait := self._budget.wait(self._clock.monotonic())) > 0
        ):
            await self._clock.wait(asyncio.Event(), wait)

    def _resting_state(self) -> LinkState:
        if self._paused:
            return LinkState.PAUSED
        return LinkState.LIVE if self._board.unfinished else LinkState.IDLE

    async def _follow(self) -> None:
        """Show what others write to the store; take over when nobody leads. While paused others may lead."""
        runtime, board = self._runtime, self._board
        if self._paused:
            self._lock.release()
            board.set_link(state=LinkState.PAUSED)
        else:
            board.set_link(state=self._resting_state(), is_leader=False)
        version = -1
        while self._paused or not self._lock.try_acquire():
            if self._asked and self._clock.monotonic() - self._last_request >= ASKED_FLOOR:
                self._asked = False
                await self._look_once()
            current = runtime.store.database.data_version()
            if current != version:
                version = current
                self._intake.reload(is_leading=self._lock.is_held)
                board.set_link(state=self._resting_state())
            self._wake.clear()
            await self._clock.wait(self._wake, _FOLLOW_EVERY)
        board.set_link(is_leader=True)

    async def _look_once(self) -> None:
        """Poll because the user asked, though another process leads or polling is paused."""
        runtime = self._runtime
        api = await runtime.connect_once()
        self._last_request = self._clock.monotonic()
        await self._intake.look(api)
        self._failures = 0
        self._board.set_link(polled_at=runtime.now(), error=None, failures=0)

    async def _stand_still(self, state: LinkState, error: Exception) -> None:
        """Nothing helps but the user: wait for a key."""
        self._board.set_link(state=state, error=str(error), next_poll_at=None)
        await self._sleep(None)

    async def _back_off(self, error: Exception) -> None:
        self._failures += 1
        runtime = self._runtime
        wait = backoff(self._failures, runtime.random(), getattr(error, "retry_after", None))
        told, now = str(error), runtime.now()
        if not isinstance(error, CbtuiError):
            _log.error("Internal error while polling", exc_info=error)
            told = f"Internal error while polling ({type(error).__name__}); retrying in {wait:.0f} s. Details: {log_path(runtime.config)}"
        self._board.set_link(
            state=LinkState.OFFLINE,
            error=told,
            failures=self._failures,
            next_poll_at=now + timedelta(seconds=wait),
        )
        _log.warning("Poll failed (%d in a row): %s", self._failures, told)
        with contextlib.suppress(StoreError):  # it may be what went wrong
            if (workspace := runtime.workspace) is not None:
                polls.record_poll(runtime.store.database, workspace.scope_id, now, 0.0, None, told)
        await self._sleep(wait)

    def _is_submitted_elsewhere(self, seconds: float | None) -> bool:
        """Whether another process has brought a batch that wants a look sooner than was planned."""
        current = self._runtime.store.database.data_version()
        if current == self._store_version:
            return False
        self._store_version = current
        before = len(self._board.unfinished)
        self._intake.reload(is_leading=self._lock.is_held)
        unfinished = len(self._board.unfinished)
        return unfinished > before and (seconds is None or seconds > FLOOR)

    async def _sleep(self, seconds: float | None) -> None:
        """Sleep until it is time, somebody asks, or the machine wakes up from a sleep of its own."""
        clock = self._clock
        started, wall = clock.monotonic(), clock.wall()
        self._due = None if seconds is None else started + seconds
        while self._due is None or clock.monotonic() < self._due:
            left = _SLICE if self._due is None else min(self._due - clock.monotonic(), _SLICE)
            if await clock.wait(self._wake, left):
                self._wake.clear()
                if self._board.link.state is LinkState.IDLE and not self._asked:
                    continue  # it is due sooner
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
