"""Finding entries while a filter is typed: what was found for the filter before is used for the next."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from claude_batch_tui.domain.filter_tree import Filter
from claude_batch_tui.domain.narrowing import narrows
from claude_batch_tui.services.searching import search
from claude_batch_tui.services.selecting import is_indexed, mask_of, positions_of

if TYPE_CHECKING:
    from claude_batch_tui.services.raw_lines import RawLines
    from claude_batch_tui.services.search_nodes import Costs
    from claude_batch_tui.services.selecting import Mask
    from claude_batch_tui.store.results_file import ResultsFile

_PAINT_EVERY = 0.1
"""Seconds."""


class Found(NamedTuple):
    """What a filter lets through of the first `decided` entries; all there are when it `is_exact`.

    `positions`, in file order, grows from one to the next.
    """

    positions: array[int]
    decided: int
    is_exact: bool


class _Known(NamedTuple):
    """What an earlier filter was found to let through of the first `decided` entries."""

    wanted: Filter
    decided: int
    positions: array[int]
    found: int
    """How many of the positions are meant; a search that goes on adds others."""


class Finder:
    """Filters over one results file, which may still grow."""

    def __init__(self, results: ResultsFile, costs: Costs) -> None:
        self._results = results
        self._costs = costs
        self._known: _Known | None = None
        self._lines: RawLines | None = None

    def find(self, wanted: Filter | None) -> Iterator[Found]:
        """What the filter lets through, from the first match on; the last one is exact.

        For a thread: leaving the iteration stops the search, and what it found is kept for the next.
        """
        count = self._results.index.count
        if wanted is None:
            yield Found(array("I", range(count)), count, is_exact=True)
        elif is_indexed(wanted):
            known = self._known
            within = None
            if known is not None and known.decided >= count and narrows(wanted, known.wanted):
                within = _mask(known, count)
            mask = mask_of(wanted, self._results.index, count, within)
            positions = positions_of(mask if within is None else mask & within)
            self._known = _Known(wanted, count, positions, len(positions))
            yield Found(positions, count, is_exact=True)
        else:
            yield from self._searched(wanted, count)

    def _searched(self, wanted: Filter, count: int) -> Iterator[Found]:
        known = self._known
        positions, decided, within = array("I"), 0, None
        if known is not None and known.wanted == wanted and known.decided <= count:
            positions, decided = known.positions[: known.found], known.decided
        elif known is not None and narrows(wanted, known.wanted):
            within = _mask(known, count)
        index, lines, costs = self._results.index, self._raw_lines(), self._costs
        for end, found in search(wanted, index, lines, count, costs, start=decided, within=within):
            positions.extend(found)
            self._known = _Known(wanted, end, positions, len(positions))
            if end < count:
                yield Found(positions, end, is_exact=False)
        yield Found(positions, count, is_exact=True)

    def _raw_lines(self) -> RawLines:
        """The file's bytes, mapped once: the first search pays for that."""
        if self._lines is None:
            from claude_batch_tui.services.raw_lines import RawLines

            self._lines = RawLines(self._results)
        return self._lines


def worth_showing(founds: Iterator[Found], stopped: Callable[[], bool]) -> Iterator[Found]:
    """Of what is found, what a screen should paint: the first match at once, then ten times a second, and the end."""
    last, count = 0.0, 0
    for found in founds:
        if stopped():
            return
        grown, now = len(found.positions) > count, time.monotonic()
        if found.is_exact or (grown and count == 0) or now - last >= _PAINT_EVERY:
            last, count = now, len(found.positions)
            yield found if found.is_exact else found._replace(positions=found.positions[:])


def find_all(results: ResultsFile, wanted: Filter | None, costs: Costs) -> array[int]:
    """All positions the filter lets through, in file order."""
    positions = array("I")
    for found in Finder(results, costs).find(wanted):
        positions = found.positions
    return positions


def _mask(known: _Known, count: int) -> Mask:
    import numpy as np

    mask = np.ones(count, dtype=bool)
    mask[: known.decided] = False
    mask[np.frombuffer(known.positions[: known.found], np.uint32)] = True
    return mask
