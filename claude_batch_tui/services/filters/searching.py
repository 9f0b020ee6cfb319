"""Filters that have to look into answers, block by block: found entries come from the first block on.

A block is about 8 MB of the file. In it the raw bytes are searched for what every match must hold (`Anchor`), and only
the lines that hold it are decoded and asked. A call that keeps the interpreter to itself takes about a
millisecond, so that other threads wait no longer than they do for any Python code.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from claude_batch_tui.services.filters.search_nodes import Asked, Block, Node, node_of

if TYPE_CHECKING:
    from claude_batch_tui.domain.filters.tree import Filter
    from claude_batch_tui.services.filters.raw_lines import RawLines
    from claude_batch_tui.services.filters.selecting import Columns, Mask

BLOCK_BYTES = 1 << 23


def search(
    wanted: Filter, table: Columns, lines: RawLines, *, start: int = 0
) -> Iterator[tuple[int, list[int]]]:
    """Go through the entries of a table from `start` on.

    Yields after each block how many entries are decided, from the first of the file on, and which of the block were
    let through. Raises SourceError where the file has become shorter.
    """
    node = node_of(wanted, table)
    offsets, count = table.index.offsets, table.count
    while start < count:
        end = max(bisect_left(offsets, offsets[start] + BLOCK_BYTES, start, count), start + 1)
        yield end, _of_block(node, lines, start, end, table.within)
        start = end


def _of_block(node: Node, lines: RawLines, start: int, end: int, within: Mask | None) -> list[int]:
    import numpy as np

    allowed = np.ones(end - start, dtype=bool) if within is None else within[start:end]
    if not allowed.any():
        return []
    surely, perhaps = node.bounds(Block(lines, start, end), allowed)
    return [
        start + place
        for place in np.flatnonzero(perhaps & allowed).tolist()
        if surely[place] or node.holds(Asked(start + place, lines))
    ]
