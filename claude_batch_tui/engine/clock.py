"""The clocks the engine waits by; a test brings its own."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Seconds by two clocks, and waiting. The machine's sleep moves the wall clock on, and the other not."""

    def monotonic(self) -> float:
        """Seconds this machine was awake, from some start."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def now(self) -> datetime:
        """The time of day, in UTC, by the wall clock."""
        return datetime.fromtimestamp(self.wall(), UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait so long."""
        await self.wait(asyncio.Event(), seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for the event, at most so long; whether it came."""
        try:
            # `wait_for` of Python 3.11 loses a cancellation that comes as the event does: a stop then takes its 2 seconds.
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        return True
