"""What entries cost, by the usage in the index and a price table.

`EntryCosts.column` prices 100,000 entries in 10 to 20 ms, `EntryCosts.of` one after the other in 250; they say the same.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.spend import Bill, Spend, spent
from claude_batch_tui.domain.results.result import OUTCOMES, Outcome
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.store.results.opening import open_indexed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from claude_batch_tui.domain.money.pricing import ModelPrice, PriceTable
    from claude_batch_tui.store.results.columns import Additions
    from claude_batch_tui.store.results.index import ResultsIndex

_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)
_MILLION = 1_000_000
_AT_ONCE = 1 << 16
"""Entries priced at once: a dozen numbers are held for each of them meanwhile."""


class _Computed(NamedTuple):
    """What each of some entries cost in a batch and outside of one, and what the cache saved in a batch."""

    batch: NDArray[Any]
    standard: NDArray[Any]
    cache_saved: NDArray[Any]


class EntryCosts:
    """Costs of the described entries of an index. What did not succeed costs nothing; numpy is imported late."""

    def __init__(self, index: ResultsIndex, prices: PriceTable) -> None:
        self._index = index
        self._prices = prices
        self._known: NDArray[Any] | None = None
        self._summed = 0
        self._total = Bill(0.0, 0.0, 0.0, 0)
        self._lock = threading.Lock()  # a filter, a sort and the total may ask at the same time

    def of(self, position: int) -> float | None:
        """What one entry cost; None where its model has no price, or it is not described yet."""
        return self._index.cost(position, self._prices) if position < self._index.described else None

    def column(self, count: int) -> NDArray[Any]:
        """What each of the first `count` entries cost, which have to be described; not a number where it is not known."""
        import numpy as np  # late: 60 to 90 ms

        with self._lock:
            known = np.zeros(0) if self._known is None else self._known
            if len(known) < count:
                longer = np.empty(count)
                longer[: len(known)] = known
                for start in range(len(known), count, _AT_ONCE):
                    end = min(start + _AT_ONCE, count)
                    longer[start:end] = self._computed(start, end).batch
                known = self._known = longer
        return known[:count]

    def total(self) -> Bill:
        """What all described entries cost together; what each of them cost is not kept for that."""
        with self._lock:
            for start in range(self._summed, end := self._index.described, _AT_ONCE):
                self._summed = min(start + _AT_ONCE, end)
                one, before = self._bill(start, self._summed), self._total
                self._total = Bill(
                    before.usd + one.usd,
                    before.standard + one.standard,
                    before.uncached + one.uncached,
                    before.unpriced + one.unpriced,
                )
            return self._total

    def _bill(self, start: int, end: int) -> Bill:
        import numpy as np  # late: 60 to 90 ms

        costs = self._computed(start, end)
        known = ~np.isnan(costs.batch)
        usd, standard, saved = (float(column.sum(where=known)) for column in costs)
        return Bill(usd=usd, standard=standard, uncached=usd + saved, unpriced=int(np.count_nonzero(~known)))

    def _computed(self, start: int, end: int) -> _Computed:
        """What the entries from `start` up to `end` cost, by the rules of `pricing.entry_cost`."""
        import numpy as np  # late: 60 to 90 ms

        index, added = self._index, self._index.additions
        paid = np.array([one.is_billed for one in [*index.answered_by]])
        succeeded = np.frombuffer(bytes(index.outcomes[start:end]), np.uint8) == _SUCCEEDED
        succeeded &= paid[np.frombuffer(index.models[start:end], np.uint16)]
        searches = np.frombuffer(index.searches[start:end], np.uint16) * self._prices.web_search
        costs = _Computed(*(np.where(succeeded, first, 0.0) for first in (searches, searches, 0.0)))
        entries: NDArray[Any] = np.flatnonzero(succeeded)
        self._add(costs, index, slice(start, end), entries, entries)
        rows = slice(bisect_left(added.entries, start), bisect_left(added.entries, end))
        if rows.start < rows.stop:
            of = np.frombuffer(added.entries[rows], np.uint32).astype(np.int64) - start
            answers: NDArray[Any] = np.flatnonzero(succeeded[of])
            self._add(costs, added, rows, answers, of[answers])
        return costs

    def _add(
        self,
        costs: _Computed,
        columns: ResultsIndex | Additions,
        within: slice,
        rows: NDArray[Any],
        entries: NDArray[Any],
    ) -> None:
        """Add what the tokens of some rows within a slice of columns cost to the entries they belong to."""
        import numpy as np  # late: 60 to 90 ms

        models = np.frombuffer(columns.models[within], np.uint16)[rows]
        for number, (model, in_us, _) in enumerate([*self._index.answered_by]):
            places: NDArray[Any] = np.flatnonzero(models == number)
            if not len(places):
                continue
            price = self._prices.find(model)
            if price is None:
                for column in costs:
                    column[entries[places]] = np.nan
                continue
            priced = self._priced(price, columns, within, rows[places], in_us=in_us)
            for column, more in zip(costs, priced, strict=True):
                np.add.at(column, entries[places], more)

    def _priced(
        self,
        price: ModelPrice,
        columns: ResultsIndex | Additions,
        within: slice,
        rows: NDArray[Any],
        *,
        in_us: bool,
    ) -> _Computed:
        """What the tokens of rows of one model cost."""
        import numpy as np  # late: 60 to 90 ms

        def column(name: str) -> NDArray[Any]:
            # A slice of a growing column is a copy; a view would keep it from growing.
            numbers: NDArray[Any] = np.frombuffer(getattr(columns, name)[within], np.uint32)[rows]
            return numbers.astype(np.float64)

        read, output = column("cache_read_tokens"), column("output_tokens")
        written_5m, written_1h = column("cache_write_5m_tokens"), column("cache_write_1h_tokens")
        cached = read + written_5m + written_1h
        fresh = np.maximum(column("input_tokens") - cached, 0.0)
        is_long = fresh + cached > price.long.above if price.long is not None else np.zeros(len(rows), bool)

        def rate(name: str) -> NDArray[Any]:
            long = getattr(price.long, name) if price.long is not None else 0.0
            return np.where(is_long, long, getattr(price, name)) / _MILLION

        geo = self._prices.us_factor if in_us else 1.0
        of_cache = (
            rate("cache_read") * read
            + rate("cache_write_5m") * written_5m
            + rate("cache_write_1h") * written_1h
        )
        tokens = geo * (rate("input") * fresh + of_cache + rate("output") * output)
        factor = self._prices.batch_factor
        return _Computed(factor * tokens, tokens, factor * geo * (rate("input") * cached - of_cache))


def spend_of(results: Path, prices: PriceTable, cache: Path | None = None) -> Spend:
    """The bill of a results file; `cache` as in `opening`. Lines that cannot be read cost nothing.

    Raises SourceError where the file cannot be read.
    """
    with open_indexed(results, cache) as opened:
        index = opened.index
        answers = (
            (index.usage(place), index.model(place))
            for place in range(index.count)
            if index.outcomes[place] == _SUCCEEDED
        )
        return spent(answers, prices)


def spend_where_priced(results: Path, config: Config, cache: Path) -> Spend | None:
    """The bill by the prices in force; None where the price table or the file cannot be read.

    A table of the user's that cannot be used must not lose a download; `check` and `build` say what is wrong with it.
    """
    try:
        return spend_of(results, read_prices(config), cache)
    except (ConfigError, SourceError):
        return None
