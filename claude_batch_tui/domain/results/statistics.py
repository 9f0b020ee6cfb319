"""Results in numbers: outcomes, stop reasons, errors, how tokens and cost are spread, what the cache did."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, fsum

import msgspec

from claude_batch_tui.domain.money.pricing import PriceTable, Usage
from claude_batch_tui.domain.money.spend import Meter, Spend
from claude_batch_tui.domain.results.result import Entry, Outcome

_STEPS = [digit * 10.0**power for power in range(-9, 16) for digit in (1, 2, 5)]
_NEAR = 20
"""Values of which the most is at most so many times the least are shown in even steps."""
_EVEN = 12
_FINEST = 250
"""Even steps are no smaller than this part of the most."""
_FEW = 50_000


class Bucket(msgspec.Struct, frozen=True):
    """How many values are above `low` and at most `high`; of the first, `low` itself too."""

    low: float
    high: float
    count: int


class Distribution(msgspec.Struct, frozen=True):
    """How values are spread: half of them are at most `median`, nine of ten at most `ninth_tenth`."""

    count: int
    total: float
    least: float
    median: float
    ninth_tenth: float
    most: float
    buckets: tuple[Bucket, ...]
    """From the least to the most, without a gap; in even steps, or with borders at 1, 2, 5, 10, 20 and so on."""


class Statistics(msgspec.Struct, frozen=True):
    """Numbers over `entries` of `expected` (more are to come until both are the same).

    Counts have the most frequent first; `answers` tells by ledger class apart what succeeded. Tokens and `cost` (US
    dollars, where the model has a price) are of answers; input counts cached tokens too.
    """

    entries: int
    expected: int
    outcomes: dict[str, int]
    answers: dict[str, int]
    stop_reasons: dict[str, int]
    error_types: dict[str, int]
    input_tokens: Distribution
    output_tokens: Distribution
    cost: Distribution
    spend: Spend

    @property
    def succeeded(self) -> int:
        """How many entries are answers."""
        return self.outcomes.get(Outcome.SUCCEEDED, 0)

    @property
    def all_input(self) -> int:
        """Input tokens, fresh, read from the cache and written to it."""
        spend = self.spend
        return spend.input_tokens + spend.cache_read_tokens + spend.cache_written_tokens

    @property
    def cache_used(self) -> bool:
        """Whether any answer read from the cache or wrote to it."""
        return bool(self.spend.cache_read_tokens or self.spend.cache_written_tokens)


class Tally:
    """Counts entries one by one. What was counted so far may be added to by who has counts of many."""

    def __init__(self, prices: PriceTable, expected: int) -> None:
        self._expected = expected
        self.entries = 0
        self.outcomes: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        self.stops: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.meter = Meter(prices)
        self.input, self.output = array("I"), array("I")
        self.costs = array("d")

    def add(self, entry: Entry, ledger_class: str, usage: Usage | None, model: str) -> None:
        """One entry; `usage` and `model` of an answer."""
        self.entries += 1
        self.outcomes[str(entry.outcome)] += 1
        if entry.outcome is Outcome.SUCCEEDED:
            self.classes[ledger_class] += 1
            self.stops[entry.stop_reason or "(none)"] += 1
            self.input.append(entry.input_tokens)
            self.output.append(entry.output_tokens)
            if usage is not None and (cost := self.meter.add(usage, model)) is not None:
                self.costs.append(cost)
        elif entry.outcome is Outcome.ERRORED:
            self.errors[entry.error_type or "(none)"] += 1

    def statistics(self) -> Statistics:
        """The numbers so far."""
        return Statistics(
            entries=self.entries,
            expected=self._expected,
            outcomes=dict(self.outcomes.most_common()),
            answers=dict(self.classes.most_common()),
            stop_reasons=dict(self.stops.most_common()),
            error_types=dict(self.errors.most_common()),
            input_tokens=distribution(self.input),
            output_tokens=distribution(self.output),
            cost=distribution(self.costs),
            spend=self.meter.spend(),
        )


def distribution(values: Sequence[float]) -> Distribution:
    """How values of 0 and more are spread."""
    if not values:
        return Distribution(0, 0.0, 0.0, 0.0, 0.0, 0.0, ())
    ordered = _sorted(values)
    last = len(ordered) - 1
    borders = list(_borders(ordered))
    places = [0, *(bisect_right(ordered, border) for border in borders[1:])]
    counts = [end - start for start, end in pairwise(places)]
    buckets = tuple(
        Bucket(low, high, count) for (low, high), count in zip(pairwise(borders), counts, strict=True)
    )
    return Distribution(
        len(ordered),
        fsum(ordered),
        float(ordered[0]),
        float(ordered[last // 2]),
        float(ordered[-(-9 * last // 10)]),
        float(ordered[last]),
        buckets,
    )


def _sorted(values: Sequence[float]) -> Sequence[float]:
    if len(values) <= _FEW:
        return sorted(values)
    import numpy as np  # late: 60 to 90 ms, less than sorting takes without it

    return memoryview(np.sort(np.asarray(values)).data)


def _borders(ordered: Sequence[float]) -> Iterator[float]:
    """Borders around sorted values: even steps where they are near one another, else 1, 2, 5, 10, 20 and so on."""
    least, most = ordered[0], ordered[-1]
    if most == 0:
        yield from (0.0, 1.0)
    elif least and most <= _NEAR * least:
        finest = 1.0 if isinstance(least, int) and isinstance(most, int) else 0.0  # tokens are whole
        step = next(
            step
            for step in _STEPS
            if step >= finest and step * _EVEN >= most - least and step * _FINEST >= most
        )
        number = ceil(least / step) - 1
        number -= number * step >= least  # a quotient of fractions may be rounded up
        while number * step < most:
            yield number * step
            number += 1
        yield number * step
    else:
        start = bisect_right(ordered, 0)
        if start:
            yield 0.0
        first = max(bisect_left(_STEPS, ordered[start]) - 1, 0)
        last = min(bisect_left(_STEPS, most), len(_STEPS) - 1)
        yield from _STEPS[first : max(last, first + 1) + 1]
