"""Two results files joined by custom_id: which answers agree, and what each side cost. For a thread."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import NamedTuple

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.comparison import Agreement, Agreements, Totals, agreement
from claude_batch_tui.domain.results.result import Outcome, Result
from claude_batch_tui.services.results.browse import cost_of, tokens_of
from claude_batch_tui.services.results.joining import NOWHERE, Join
from claude_batch_tui.store.results.file import ResultsFile

ORDER = tuple(Agreement)
"""Agreements by their number in a comparison."""

STEP = 2_000
"""Pairs between two reports of progress."""
_LOOKED_UP_EVERY = 20


class Pair(NamedTuple):
    """A request: where each side has its entry (or NOWHERE), and how they agree."""

    custom_id: str
    left: int
    right: int
    agreement: Agreement


class Comparison:
    """Pairs in the order of the left file, then what only the right one has. Grows while it is made.

    Where a custom_id came twice, its first entry counts. Lines without one are never joined.
    """

    def __init__(self, left: ResultsFile, right: ResultsFile, prices: PriceTable | None) -> None:
        self.prices = prices
        self.left_file = left
        self.right_file = right
        self.total = -1
        """Pairs there will be; -1 while that is not known yet."""
        self.left = array("i")
        self.right = array("i")
        self.agreements = bytearray()
        self.totals = [Totals(), Totals()]
        self._lock = Lock()
        self._is_closed = False

    @property
    def count(self) -> int:
        """Pairs so far."""
        return len(self.agreements)

    @property
    def is_whole(self) -> bool:
        """True when there are no more."""
        return self.count == self.total

    def pair(self, number: int) -> Pair:
        """A pair by its number."""
        left, right = self.left[number], self.right[number]
        file, position = (self.left_file, left) if left != NOWHERE else (self.right_file, right)
        return Pair(file.index.custom_id(position), left, right, ORDER[self.agreements[number]])

    @property
    def is_closed(self) -> bool:
        """True when nothing can be read any more."""
        return self._is_closed

    def read(self, file: ResultsFile, position: int) -> Result | None:
        """An entry of a side, from any thread; None where that side has none, or after `close`."""
        with self._lock:
            return None if position == NOWHERE or self._is_closed else file.read(position)

    def agreed(self) -> Agreements:
        """The counts so far."""
        counts = {each: self.agreements.count(number) for number, each in enumerate(ORDER)}
        return Agreements(counts, self.totals[0], self.totals[1])

    def close(self) -> None:
        """Close both files; what still reads them in a thread gets nothing more."""
        with self._lock:
            if not self._is_closed:
                self.left_file.close()
                if self.right_file is not self.left_file:
                    self.right_file.close()
            self._is_closed = True


def compare(
    left: ResultsFile,
    right: ResultsFile,
    *,
    prices: PriceTable | None,
    chosen: Sequence[int] | None = None,
) -> Iterator[Comparison]:
    """Join two files; the same growing comparison is given again and again. `chosen` positions of the left limit it.

    Entries that only the right file has are in it where nothing was chosen.
    """
    comparison = Comparison(left, right, prices)
    join = Join(left.index, right.index, chosen)
    for number, _ in enumerate(join.making()):
        if comparison.is_closed:
            return
        if number % _LOOKED_UP_EVERY == 0:
            yield comparison
    comparison.total = join.count
    yield comparison
    for number, (position, other) in enumerate(join.pairs(), 1):
        if comparison.is_closed:
            return
        _add(comparison, position, other)
        if number % STEP == 0:
            yield comparison
    yield comparison


def compare_entries(results: ResultsFile, first: int, second: int, prices: PriceTable | None) -> Comparison:
    """Two entries of one file as a comparison of one pair."""
    comparison = Comparison(results, results, prices)
    comparison.total = 1
    _add(comparison, first, second)
    return comparison


def _add(comparison: Comparison, left: int, right: int) -> None:
    first = comparison.read(comparison.left_file, left)
    second = comparison.read(comparison.right_file, right)
    if first is None:
        found = Agreement.ONLY_RIGHT
    elif second is None:
        found = Agreement.ONLY_LEFT
    else:
        found = agreement(first, second)
    comparison.totals = [
        total if result is None else _with(total, result, comparison.prices)
        for total, result in zip(comparison.totals, (first, second), strict=True)
    ]
    comparison.left.append(left)
    comparison.right.append(right)
    comparison.agreements.append(ORDER.index(found))


def _with(totals: Totals, result: Result, prices: PriceTable | None) -> Totals:
    cost = cost_of(result, prices)
    tokens_in, tokens_out = tokens_of(result)
    return Totals(
        totals.entries + 1,
        totals.succeeded + (result.outcome == Outcome.SUCCEEDED),
        totals.input_tokens + tokens_in,
        totals.output_tokens + tokens_out,
        totals.usd + (cost or 0.0),
        totals.priced + (cost is not None),
    )
