"""A large results file read by several processes, each every so many ranges of it; what they find comes in its order.

The need: one core decodes a line in 2 to 5 µs, and a million of them in seconds. On two cores with more to do than they can,
1,000,000 short lines take 0.75 of the time. What a process does not tell (it was ended, it cannot import the package) is
left to whoever asked. A screen, which shows ids and outcomes first, reads in a thread: there it was no faster.
"""

from __future__ import annotations

import subprocess
from typing import Any, BinaryIO, Final, Self, TypeVar, cast

import msgspec

from claude_batch_tui.store.results.messages import read_message
from claude_batch_tui.store.results.parts import Descriptions, Places
from claude_batch_tui.store.results.worker_processes import ended, processes, started

WORTH_BYTES: Final = 100_000_000
"""From here on starting processes (0.07 s of the processor each) takes less than it saves."""
RANGE_BYTES: Final = 8 << 20
_T = TypeVar("_T")


class Order(msgspec.Struct, frozen=True):
    """Which ranges of `step` bytes between two places of an open file are read: every `of`th one, from `number` on."""

    descriptor: int
    start: int
    end: int
    step: int
    number: int
    of: int

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Where each of them begins and ends."""
        starts = range(self.start + self.number * self.step, self.end, self.of * self.step)
        return [(start, min(start + self.step, self.end)) for start in starts]


class LostError(Exception):
    """A process has ended before it told everything."""


class Ranges:
    """The ranges of an open file between two places, while they are read. Raises LostError."""

    def __init__(self, descriptor: int, start: int, end: int) -> None:
        step = RANGE_BYTES
        self.count = -(-(end - start) // step)
        of = min(processes(), self.count)
        self._running: list[subprocess.Popen[bytes]] = []
        try:
            for number in range(of):
                self._running.append(_started(Order(descriptor, start, end, step, number, of)))
        except OSError as error:
            self.close()
            raise LostError from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what still runs."""
        ended(self._running)

    def places(self, number: int) -> Places:
        """The first pass over a range; to be asked for before the second, one range after the other. Raises LostError."""
        return self._told(number, Places)

    def descriptions(self, number: int) -> Descriptions | None:
        """The second pass over it; None where that has to be made in the order of the file. Raises LostError."""
        kind: Any = Descriptions | None
        found: Descriptions | None = self._told(number, kind)
        return found

    def _told(self, number: int, kind: type[_T]) -> _T:
        pipe = self._running[number % len(self._running)].stdout
        try:
            return read_message(cast("BinaryIO", pipe), kind)
        except (OSError, OverflowError, MemoryError, msgspec.MsgspecError) as error:
            raise LostError from error


def _started(order: Order) -> subprocess.Popen[bytes]:
    return started("claude_batch_tui.store.results.range_worker", order, order.descriptor)
