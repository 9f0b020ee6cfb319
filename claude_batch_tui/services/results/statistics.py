"""Statistics over entries of one or several indexes, without reading an answer, and their errors grouped by message.

For a thread: 0.2 s a million entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.failures import filter_of, shape_of
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, Outcome
from claude_batch_tui.domain.results.statistics import Statistics, Tally
from claude_batch_tui.services.results.costs import FEW
from claude_batch_tui.store.results.index import ResultsIndex

if TYPE_CHECKING:
    from claude_batch_tui.store.results.file import ResultsFile

FIRST = 10_000
"""Entries before the first report; each further one stands on sixteen times as many, since it sorts them all."""
_ERRORED = bytes([OUTCOMES.index(Outcome.ERRORED)])
_LOOK_UP_EVERY = 256


def statistics(
    chosen: Sequence[tuple[ResultsIndex, Sequence[int]]], prices: PriceTable
) -> Iterator[Statistics]:
    """The numbers of the entries at these positions, growing; the last ones are of all.

    Of an index that still grows only entries that are described are counted.
    """
    if sum(len(positions) for _, positions in chosen) > FEW:
        yield from _many(chosen, prices)
        return
    known = [
        (index, positions if index.complete else [at for at in positions if at < index.described])
        for index, positions in chosen
    ]
    tally = Tally(prices, sum(len(positions) for _, positions in known))
    for index, positions in known:
        for position in positions:
            entry = index.entry(position)
            answered = entry.outcome is Outcome.SUCCEEDED
            tally.add(
                entry,
                CLASSES[index.classes[position]],
                index.usage(position) if answered else None,
                index.model(position) if answered else "",
            )
    yield tally.statistics()


def _many(chosen: Sequence[tuple[ResultsIndex, Sequence[int]]], prices: PriceTable) -> Iterator[Statistics]:
    """The same over whole columns."""
    import numpy as np  # late: 60 to 90 ms

    from claude_batch_tui.services.results.entry_prices import AT_ONCE
    from claude_batch_tui.services.results.entry_sums import count_entries

    known = []
    for index, positions in chosen:
        places = np.array(positions, np.uint32)
        known.append((index, places if index.complete else places[places < index.described]))
    tally = Tally(prices, sum(len(places) for _, places in known))
    report_at = FIRST
    for index, places in known:
        start = 0
        while start < len(places):
            end = min(start + AT_ONCE, start + report_at - tally.entries, len(places))
            count_entries(tally, index, places[start:end].astype(np.int64))
            start = end
            if tally.entries == report_at:
                report_at *= 16
                yield tally.statistics()
    yield tally.statistics()


class ErrorGroup(msgspec.Struct, frozen=True):
    """Errors of one type whose messages differ in numbers, ids and quoted words alone; `wanted` is their filter."""

    count: int
    kind: str
    shape: str
    wanted: str


def error_groups(results: ResultsFile, stopped: Callable[[], bool] = lambda: False) -> list[ErrorGroup]:
    """All groups, the largest first; about 10 µs an error. For a thread; where it is stopped, those so far."""
    outcomes = bytes(results.index.outcomes)
    found: dict[tuple[str, str], tuple[int, str]] = {}
    at = outcomes.find(_ERRORED)
    number = 0
    while at >= 0:
        number += 1
        if number % _LOOK_UP_EVERY == 0 and stopped():
            break
        result = results.read(at)
        kind, message = result.error[0], "\n".join([result.error[1], *result.error_details])
        key = kind, shape_of(message)
        count, first = found.get(key, (0, message))
        found[key] = count + 1, first
        at = outcomes.find(_ERRORED, at + 1)
    groups = [
        ErrorGroup(count, kind, shape, filter_of(kind, message))
        for (kind, shape), (count, message) in found.items()
    ]
    return sorted(groups, key=lambda group: -group.count)
