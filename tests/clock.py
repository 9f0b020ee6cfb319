"""A clock that tests move: what waits by it goes on as soon as its time has come, and no sooner."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import NamedTuple

from claude_batch_tui.engine.clock import Clock


class _Wait(NamedTuple):
    until: float
    event: asyncio.Event
    passed: asyncio.Future
    """Done when `until` has come; belongs to the loop of the task that waits."""


class MovedClock(Clock):
    """For any number of engines, each in a thread of its own, and for what runs in the loop of the test.

    Between two waits a task is busy, and while one is, no time passes.
    """

    def __init__(self):
        self.slept = 0.0
        """Seconds the machine slept: they are in the time of day alone."""
        self._start, self._elapsed = time.time(), 0.0
        self._waits: dict[asyncio.Task, _Wait] = {}
        self._busy: set[asyncio.Task] = set()
        self._changed = threading.Condition()
        self._changed_here = asyncio.Event()

    def monotonic(self):
        return self._elapsed

    def wall(self):
        return self._start + self._elapsed + self.slept

    async def wait(self, event, seconds):
        task, passed = asyncio.current_task(), asyncio.get_running_loop().create_future()
        came = asyncio.ensure_future(event.wait())
        self._note(task, _Wait(self._elapsed + seconds, event, passed))
        try:
            await asyncio.wait((came, passed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            came.cancel()
            passed.cancel()
            self._note(task, None)
        return event.is_set()

    def advance(self, seconds):
        """Let so many seconds pass, and wait until nothing is left to do in them; for a thread without a loop."""
        target, deadline = self._elapsed + seconds, time.monotonic() + 30
        with self._changed:
            while not self._step(target):
                assert time.monotonic() < deadline, "somebody is always busy"
                self._changed.wait(0.01)

    async def advance_here(self, seconds):
        """The same in the loop of those who wait."""
        target = self._elapsed + seconds
        async with asyncio.timeout(30):
            while not self._step(target):
                self._changed_here.clear()
                await self._changed_here.wait()

    def until(self, claim, seconds=60.0):
        """Let time pass until a claim has become true: fifty waits a second, in which other threads get on."""
        deadline = time.monotonic() + seconds
        while not claim():
            assert time.monotonic() < deadline, f"never true; busy: {self._busy}, waiting: {self._waits}"
            with self._changed:
                if self._stands():
                    self._move(min(wait.until for wait in self._waits.values()))
            time.sleep(0.02)

    def _note(self, task, wait):
        with self._changed:
            if wait is None:
                del self._waits[task]
                self._busy.add(task)
                task.add_done_callback(self._ended)
            else:
                self._waits[task] = wait
                self._ended(task)

    def _ended(self, task):
        with self._changed:
            self._busy.discard(task)
            self._changed.notify_all()
            self._changed_here.set()

    def _stands(self):
        return (
            self._waits and not self._busy and not any(wait.event.is_set() for wait in self._waits.values())
        )

    def _step(self, target):
        """Go to the next time somebody waits for; whether the target is reached and all stand there."""
        with self._changed:
            if not self._stands():
                return False
            due = min(wait.until for wait in self._waits.values())
            self._move(min(due, target))
            return due > target

    def _move(self, to):
        # A little later than asked, as any clock: the rest of a sum of waits may be too little to be added to it.
        self._elapsed = max(self._elapsed, to + 1e-6)
        for task, wait in self._waits.items():
            if wait.until <= self._elapsed:
                self._busy.add(task)
                wait.passed.get_loop().call_soon_threadsafe(_come, wait.passed)


def _come(passed):
    if not passed.done():
        passed.set_result(None)


class SleptClock:
    """A clock that moves by what is slept and by nothing else; `slept` has every sleep."""

    def __init__(self):
        self.slept = []

    def monotonic(self):
        return sum(self.slept)

    def pause(self, seconds):
        self.slept.append(seconds)

    async def sleep(self, seconds):
        self.pause(seconds)
