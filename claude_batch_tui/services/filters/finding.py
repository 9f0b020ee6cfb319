"""Finding entries while a filter is typed: what was found for the filter before is used for the next."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from claude_batch_tui.domain.filters.narrowing import narrows
from claude_batch_tui.domain.filters.tree import Filter
from claude_batch_tui.services.filters.raw_lines import RawLines
from claude_batch_tui.services.filters.search_nodes import Block, DecodedEntry, Node, node_of
from claude_batch_tui.services.filters.selecting import (
    EntryTable,
    is_indexed,
    is_settled,
    known_count,
    mask_of,
    positions_of,
)

if TYPE_CHECKING:
    from claude_batch_tui.services.filters.selecting import Mask
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.store.results.file import ResultsFile

BLOCK_BYTES = 1 << 23
"""Bytes of the file that are searched at once: a call that keeps the interpreter to itself takes about a millisecond."""
_PAINT_EVERY = 0.1
"""Seconds."""


class Matches(NamedTuple):
    """What a filter lets through of the first `decided` entries; all there are when it `is_exact`.

    `positions`, in file order, grows from one to the next.
    """

    positions: array[int]
    decided: int
    is_exact: bool
    is_final: bool = True
    """Whether what is said of these entries stays so."""


class _Earlier(NamedTuple):
    """What an earlier filter was found to let through of the first `decided` entries."""

    wanted: Filter
    decided: int
    positions: array[int]
    found: int
    """How many of the positions are meant; a search that goes on adds others."""
    is_settled: bool

    def mask(self, count: int) -> Mask:
        """The entries that a narrower filter has to look at: those found, and those not decided."""
        import numpy as np  # late: 60 to 90 ms

        mask = np.ones(count, dtype=bool)
        mask[: self.decided] = False
        mask[np.frombuffer(self.positions[: self.found], np.uint32)] = True
        return mask


class Finder:
    """Filters over one results file, which may still grow or be indexed."""

    def __init__(self, results: ResultsFile, costs: EntryCosts) -> None:
        self._results = results
        self._costs = costs
        self._known: _Earlier | None = None
        self._lines: RawLines | None = None

    def find(self, wanted: Filter | None, own: ResultsFile | None = None) -> Iterator[Matches]:
        """What the filter lets through, from the first match on; the last one is exact for the entries there are.

        For a thread: leaving the iteration stops the search, and what it found is kept for the next. `own` is a duplicate
        of the file, where that may be closed meanwhile.
        """
        index = self._results.index
        count = known_count(wanted, index)
        if wanted is None:
            yield Matches(array("I", range(count)), count, is_exact=True, is_final=index.complete)
            return
        settled = is_settled(wanted, index)
        final = settled and index.complete
        table = EntryTable(index, self._costs, count)
        known = self._known
        if known is not None and (known.decided > count or not (known.is_settled or not index.is_final)):
            known = None
        if is_indexed(wanted):
            if known is not None and known.decided == count and narrows(wanted, known.wanted):
                table = msgspec.structs.replace(table, within=known.mask(count))
            mask = mask_of(wanted, table)
            positions = positions_of(mask if table.within is None else mask & table.within)
            self._known = _Earlier(wanted, count, positions, len(positions), settled)
            yield Matches(positions, count, is_exact=True, is_final=final)
            return
        positions, decided = array("I"), 0
        if known is not None and known.wanted == wanted:
            positions, decided = known.positions[: known.found], known.decided
        elif known is not None and narrows(wanted, known.wanted):
            table = msgspec.structs.replace(table, within=known.mask(count))
        for end, found in _search(wanted, table, self._raw_lines(own or self._results), start=decided):
            positions.extend(found)
            self._known = _Earlier(wanted, end, positions, len(positions), settled)
            if end < count:
                yield Matches(positions, end, is_exact=False)
        yield Matches(positions, count, is_exact=True, is_final=final)

    def forget(self) -> None:
        """Begin the next search from nothing, whatever was found before."""
        self._known = None

    def _raw_lines(self, results: ResultsFile) -> RawLines:
        """The file's bytes, mapped once: the first search pays for that."""
        if self._lines is None:
            self._lines = RawLines(results)
        return self._lines


def _search(
    wanted: Filter, table: EntryTable, lines: RawLines, *, start: int = 0
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
    import numpy as np  # late: 60 to 90 ms

    allowed = np.ones(end - start, dtype=bool) if within is None else within[start:end]
    if not allowed.any():
        return []
    surely, perhaps = node.bounds(Block(lines, start, end), allowed)
    return [
        start + place
        for place in np.flatnonzero(perhaps & allowed).tolist()
        if surely[place] or node.holds(DecodedEntry(start + place, lines))
    ]


def worth_showing(matches: Iterator[Matches], stopped: Callable[[], bool]) -> Iterator[Matches]:
    """Of what is found, what a screen should paint: the first match at once, then ten times a second, and the end."""
    last, count = 0.0, 0
    for found in matches:
        if stopped():
            return
        grown, now = len(found.positions) > count, time.monotonic()
        if found.is_exact or (grown and count == 0) or now - last >= _PAINT_EVERY:
            last, count = now, len(found.positions)
            yield found if found.is_exact else found._replace(positions=found.positions[:])


def find_all(results: ResultsFile, wanted: Filter | None, costs: EntryCosts) -> array[int]:
    """All positions the filter lets through, in file order."""
    positions = array("I")
    for found in Finder(results, costs).find(wanted):
        positions = found.positions
    return positions
