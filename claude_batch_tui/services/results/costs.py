"""What entries cost, by the usage in the index and a price table.

`EntryCosts.column` prices 100,000 entries in 10 to 20 ms, `EntryCosts.of` one after the other in 250; they say the same.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.spend import Bill, Spend, spent
from claude_batch_tui.domain.results.result import OUTCOMES, Outcome
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.services.prices import read_prices
from claude_batch_tui.store.results.opening import open_indexed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from claude_batch_tui.domain.money.pricing import ModelPrice, PriceTable
    from claude_batch_tui.store.results.index import ResultsIndex

_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)
_MILLION = 1_000_000
_AT_ONCE = 1 << 16
"""Entries priced at once: a dozen numbers are held for each of them meanwhile."""


class _Computed(NamedTuple):
    """What each of some entries cost in a batch; what all cost outside of one; what the cache saved of it."""

    batch: NDArray[Any]
    standard: float
    cache_saved: float


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
        unknown = np.isnan(costs.batch)
        usd = float(costs.batch.sum(where=~unknown))
        return Bill(
            usd=usd,
            standard=costs.standard,
            uncached=usd + costs.cache_saved,
            unpriced=int(np.count_nonzero(unknown)),
        )

    def _computed(self, start: int, end: int) -> _Computed:
        import numpy as np  # late: 60 to 90 ms

        index, standard, cache_saved = self._index, 0.0, 0.0
        models = np.frombuffer(index.models[start:end], np.uint16)
        succeeded = np.frombuffer(bytes(index.outcomes[start:end]), np.uint8) == _SUCCEEDED
        costs = np.where(succeeded, np.nan, 0.0)
        for number, (model, in_us) in enumerate([*index.answered_by]):
            price = self._prices.find(model)
            if price is not None:
                places: NDArray[Any] = np.flatnonzero(succeeded & (models == number))
                priced = self._priced(price, places, start, end, in_us=in_us)
                costs[places] = priced.batch
                standard += priced.standard
                cache_saved += priced.cache_saved
        return _Computed(costs, standard, cache_saved)

    def _priced(
        self, price: ModelPrice, places: NDArray[Any], start: int, end: int, *, in_us: bool
    ) -> _Computed:
        """What the entries of one model cost, by the rules of `pricing.answer_cost`."""
        import numpy as np  # late: 60 to 90 ms

        def column(name: str, kind: Any = np.uint32) -> NDArray[Any]:
            # A slice of a growing column is a copy; a view would keep it from growing.
            numbers: NDArray[Any] = np.frombuffer(getattr(self._index, name)[start:end], kind)[places]
            return numbers.astype(np.float64)

        read, output = column("cache_read_tokens"), column("output_tokens")
        written_5m, written_1h = column("cache_write_5m_tokens"), column("cache_write_1h_tokens")
        cached = read + written_5m + written_1h
        fresh = np.maximum(column("input_tokens") - cached, 0.0)
        is_long = fresh + cached > price.long.above if price.long is not None else np.zeros(len(places), bool)

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
        searches = self._prices.web_search * column("searches", np.uint16)
        factor = self._prices.batch_factor
        return _Computed(
            factor * tokens + searches,
            standard=float((tokens + searches).sum()),
            cache_saved=float((factor * geo * (rate("input") * cached - of_cache)).sum()),
        )


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
