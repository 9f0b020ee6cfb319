"""A process that reads ranges of a results file for another one; `ranges` starts it, and says what for."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

import msgspec

from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.parts import Descriptions, Places, descriptions_of, places_of
from claude_batch_tui.store.results.passes import first_pass, line_start
from claude_batch_tui.store.results.ranges import SIZE_BYTES, Order


def main() -> None:
    """Do what the first argument orders, and tell it on stdout, until nobody listens any more."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    try:
        tell_ranges(order, sys.stdout.buffer)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is flushed at the end


def tell_ranges(order: Order, out: BinaryIO) -> None:
    """Write what both passes over each range find, every message with its size before it.

    Lines are read exactly at once: that takes as long as a scan before, and numpy need not be imported.
    """
    for start, end in order.ranges:
        index = ResultsIndex()
        first = index.position = line_start(order.descriptor, start)
        for _ in first_pass(order.descriptor, index, end, exactly=True):
            pass
        index.finish()
        _tell(out, places_of(index, first))
        _tell(out, descriptions_of(index))


def _tell(out: BinaryIO, message: Places | Descriptions | None) -> None:
    data = msgspec.msgpack.encode(message)
    out.write(len(data).to_bytes(SIZE_BYTES, "little"))
    out.write(data)
    out.flush()
