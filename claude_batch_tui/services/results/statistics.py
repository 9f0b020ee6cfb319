"""Statistics over entries of one or several indexes, without reading an answer. For a thread: 3 s a million entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.result import CLASSES, Outcome
from claude_batch_tui.domain.results.statistics import Statistics, Tally
from claude_batch_tui.store.results.index import ResultsIndex

FIRST = 10_000
"""Entries before the first report; each further one stands on twice as many, since it sorts them all."""


def statistics(
    chosen: Sequence[tuple[ResultsIndex, Sequence[int]]], prices: PriceTable
) -> Iterator[Statistics]:
    """The numbers of the entries at these positions, growing; the last ones are of all.

    Of an index that still grows only entries that are described are counted.
    """
    known = [
        (index, positions if index.complete else [at for at in positions if at < index.described])
        for index, positions in chosen
    ]
    tally = Tally(prices, sum(len(positions) for _, positions in known))
    done, report_at = 0, FIRST
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
            done += 1
            if done == report_at:
                report_at *= 2
                yield tally.statistics()
    yield tally.statistics()
