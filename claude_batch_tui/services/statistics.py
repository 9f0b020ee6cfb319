"""Statistics over entries of one or several results files. For a thread: a million entries take seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from claude_batch_tui.domain.entry import CLASSES
from claude_batch_tui.domain.pricing import PriceTable, Usage
from claude_batch_tui.domain.result import Outcome
from claude_batch_tui.domain.statistics import Statistics, Tally
from claude_batch_tui.store.results_file import ResultsFile

FIRST = 10_000
"""Entries before the first report; each further one stands on twice as many, since it sorts them all."""


class _Message(msgspec.Struct):
    model: str = ""
    usage: Usage | None = None


class _Result(msgspec.Struct):
    message: _Message | None = None


class _Line(msgspec.Struct):
    result: _Result


def statistics(
    files: Sequence[tuple[ResultsFile, Sequence[int]]], prices: PriceTable
) -> Iterator[Statistics]:
    """The numbers of the entries at these positions, growing; the last ones are of all."""
    tally = Tally(prices, sum(len(positions) for _, positions in files))
    done, report_at = 0, FIRST
    for results, positions in files:
        for position in positions:
            entry = results.index.entry(position)
            usage, model = None, ""
            if entry.outcome is Outcome.SUCCEEDED:
                usage, model = _used(results.line(position))
            tally.add(entry, CLASSES[results.index.classes[position]], usage, model)
            done += 1
            if done == report_at:
                report_at *= 2
                yield tally.statistics()
    yield tally.statistics()


_decode = msgspec.json.Decoder(_Line).decode


def _used(line: bytes) -> tuple[Usage | None, str]:
    """Usage and model of an answer, as far as they can be read."""
    try:
        message = _decode(line).result.message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, ""
    return (None, "") if message is None else (message.usage, message.model)
