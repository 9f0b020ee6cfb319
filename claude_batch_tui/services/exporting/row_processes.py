"""Rows made and packed by several processes, while this one writes them in their order.

The need: a row takes 3 to 5 µs to make, and a million of them seconds. What a process does not tell (it was ended, it cannot
import the package) is left to whoever asked, and so is what is too little for it: starting them takes 0.1 s of the processor
each. `row_worker` is what runs in one.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from subprocess import Popen
from typing import BinaryIO, Final, Self, cast

import msgspec

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.exports.table import Packed
from claude_batch_tui.services.exporting.row_making import Order, Wanted
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.line_places import LinePlaces
from claude_batch_tui.store.results.messages import read_message, tell_message
from claude_batch_tui.store.results.worker_processes import ended, processes, started

WORTH_BYTES: Final = 64_000_000
"""From here on starting processes takes less than it saves, an entry counted for `_ENTRY_BYTES` beside its own."""
_ENTRY_BYTES: Final = 1_000
_SAMPLE: Final = 1_000
BLOCK_ROWS: Final = 2_000
BLOCK_BYTES: Final = 1 << 21
SLOT_BYTES: Final = BLOCK_ROWS * 12
"""What the places of a block take: 8 bytes for where a line begins, 4 for how long it is."""
_AHEAD: Final = 2
"""Blocks that a process is given before what it made of the first is taken."""


class RowProcesses:
    """The processes of one results file; they are started once there is enough for them."""

    def __init__(self, results: ResultsFile, wanted: Wanted, prices: PriceTable) -> None:
        self._results, self._wanted, self._prices = results, wanted, prices
        self._running: list[Popen[bytes]] = []
        self._places: int | None = None
        self._asked = self._answered = 0
        self._is_lost = processes() < 2

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        ended(self._running)
        if self._places is not None:
            os.close(self._places)

    def packed(self, positions: Sequence[int]) -> Iterator[tuple[LinePlaces, list[Packed] | None]]:
        """All blocks of the lines at some positions, in their order, with what their rows were packed to; None where that is
        left to whoever asks.
        """
        blocks = (places for _, places in self._results.blocks(positions, BLOCK_ROWS, BLOCK_BYTES))
        if not (self._running or self._is_lost) and self._is_worth(positions):
            self._start()
        if self._is_lost or not self._running:
            yield from ((places, None) for places in blocks)
            return
        waiting: deque[LinePlaces] = deque()
        for places in blocks:
            if len(waiting) >= _AHEAD * max(len(self._running), 1):
                yield waiting.popleft(), self._answer()
            self._ask(places)
            waiting.append(places)
        while waiting:
            yield waiting.popleft(), self._answer()

    def _is_worth(self, positions: Sequence[int]) -> bool:
        sample = positions[:: len(positions) // _SAMPLE + 1]
        size = sum(self._results.index.lengths[at] for at in sample)
        return size * len(positions) > (WORTH_BYTES - _ENTRY_BYTES * len(positions)) * len(sample)

    def _start(self) -> None:
        try:
            with tempfile.TemporaryFile() as places:
                self._places = os.dup(places.fileno())
            descriptors = self._results.fileno(), self._places
            order = Order(*descriptors, self._wanted, self._prices)
            for _ in range(processes()):
                self._running.append(
                    started("claude_batch_tui.services.exporting.row_worker", order, *descriptors)
                )
        except OSError:
            self._is_lost = True

    def _ask(self, places: LinePlaces) -> None:
        """Give a block to the next process. Its places are in the file, since a pipe holds but few of them."""
        if self._is_lost or self._places is None:
            return
        slot = self._asked % (_AHEAD * len(self._running)) * SLOT_BYTES
        process = self._running[self._asked % len(self._running)]
        told = array("Q", places.offsets).tobytes() + array("I", places.lengths).tobytes()
        try:
            if os.pwrite(self._places, told, slot) == len(told):
                tell_message(cast("BinaryIO", process.stdin), (slot, len(places.lengths)))
                self._asked += 1
                return
        except OSError:
            pass
        self._is_lost = True  # the disk is full, or the process has ended

    def _answer(self) -> list[Packed] | None:
        """What was made of the block that was given away first; None where that got lost, as all that follow it."""
        if self._is_lost:
            return None
        process = self._running[self._answered % len(self._running)]
        try:
            packed = read_message(cast("BinaryIO", process.stdout), list[Packed])
        except (OSError, OverflowError, MemoryError, msgspec.MsgspecError):
            self._is_lost = True
            return None
        self._answered += 1
        return packed
