"""A process that makes and packs rows of an export for another one; `row_processes` starts it, and says what for."""

from __future__ import annotations

import os
import sys
from array import array
from io import BufferedReader
from typing import BinaryIO, cast

from claude_batch_tui.exports.packing import packing
from claude_batch_tui.services.exporting.row_making import Order, RowMaking
from claude_batch_tui.services.exporting.rows import RowReader
from claude_batch_tui.store.results.line_places import LinePlaces, read_places
from claude_batch_tui.store.results.messages import read_message, tell_message


def main() -> None:
    """Do what is ordered on stdin, and tell it on stdout, until nobody asks any more."""
    try:
        tell_rows(cast("BufferedReader", sys.stdin.buffer), sys.stdout.buffer)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is flushed at the end


def tell_rows(asked: BufferedReader, out: BinaryIO) -> None:
    """Read the order and then, block by block, where its lines are; write what their rows were packed to."""
    order = read_message(asked, Order)
    wanted, picked = order.wanted, order.wanted.picked()
    making = RowMaking(wanted, RowReader(order.prices), picked)
    columns = wanted.columns if picked is None else picked.columns
    pack = packing(wanted.form, columns, csv_raw=wanted.csv_raw)
    while asked.peek(1):
        slot, count = read_message(asked, tuple[int, int])
        offsets, lengths = array("Q"), array("I")
        for kept, at in ((offsets, slot), (lengths, slot + 8 * count)):
            kept.frombytes(os.pread(order.places, count * kept.itemsize, at))
        lines = read_places(order.descriptor, LinePlaces(offsets, lengths))
        if [*map(len, lines)] != [*lengths]:  # another file under its number, or one that was cut meanwhile
            return
        tell_message(out, [pack(rows) for rows in making.rows(lines)])
