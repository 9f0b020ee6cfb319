"""A process that reads ranges of a results file for another one; `ranges` starts it, and says what for."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.messages import read_message, tell_message
from claude_batch_tui.store.results.parts import descriptions_of, places_of
from claude_batch_tui.store.results.passes import first_pass, line_start
from claude_batch_tui.store.results.ranges import Order


def main() -> None:
    """Do what is ordered on stdin, and tell it on stdout, until nobody listens any more."""
    try:
        tell_ranges(read_message(sys.stdin.buffer, Order), sys.stdout.buffer)
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
        tell_message(out, places_of(index, first))
        tell_message(out, descriptions_of(index))
