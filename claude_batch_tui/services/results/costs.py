"""What entries cost, by the usage in the index and a price table; of many at once by `entry_prices`, which says the same."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.spend import Bill, Meter, Spend, spent
from claude_batch_tui.domain.results.result import OUTCOMES, Outcome
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.store.results.opening import open_indexed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from claude_batch_tui.domain.money.pricing import PriceTable
    from claude_batch_tui.store.results.index import ResultsIndex

_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)
FEW = 4_000
"""Up to so many entries are added up one by one, which takes no longer than importing numpy."""


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

        from claude_batch_tui.services.results.entry_prices import AT_ONCE, priced  # it imports numpy

        with self._lock:
            known = np.zeros(0) if self._known is None else self._known
            if len(known) < count:
                longer = np.empty(count)
                longer[: len(known)] = known
                for start in range(len(known), count, AT_ONCE):
                    end = min(start + AT_ONCE, count)
                    longer[start:end] = priced(self._index, np.arange(start, end), self._prices).batch
                known = self._known = longer
        return known[:count]

    def total(self) -> Bill:
        """What all described entries cost together; what each of them cost is not kept for that."""
        from claude_batch_tui.services.results.entry_prices import AT_ONCE  # it imports numpy

        with self._lock:
            for start in range(self._summed, end := self._index.described, AT_ONCE):
                self._summed = min(start + AT_ONCE, end)
                self._total = self._bill(start, self._summed, self._total)
            return self._total

    def _bill(self, start: int, end: int, before: Bill) -> Bill:
        """The bill before with that of some entries added."""
        import numpy as np  # late: 60 to 90 ms

        from claude_batch_tui.services.results.entry_prices import priced, summed  # it imports numpy

        costs = priced(self._index, np.arange(start, end), self._prices)
        is_known = ~np.isnan(costs.batch)
        return Bill(
            usd=summed(before.usd, costs.batch[is_known]),
            standard=summed(before.standard, costs.standard[is_known]),
            uncached=summed(before.uncached, costs.uncached[is_known]),
            unpriced=before.unpriced + int(np.count_nonzero(~is_known)),
        )


def spend_of(results: Path, prices: PriceTable, cache: Path | None = None) -> Spend:
    """The bill of a results file; `cache` as in `opening`. Lines that cannot be read cost nothing.

    Raises SourceError where the file cannot be read.
    """
    with open_indexed(results, cache) as opened:
        return bill_of(opened.index, prices)


def bill_of(index: ResultsIndex, prices: PriceTable) -> Spend:
    """The bill of all entries of an index that is complete."""
    if index.count <= FEW:
        answers = [at for at in range(index.count) if index.outcomes[at] == _SUCCEEDED]
        return spent(((index.usage(at), index.model(at)) for at in answers), prices)
    import numpy as np  # late: 60 to 90 ms

    from claude_batch_tui.services.results.entry_prices import AT_ONCE
    from claude_batch_tui.services.results.entry_sums import meter_answers

    meter = Meter(prices)
    for start in range(0, index.count, AT_ONCE):
        outcomes = np.asarray(memoryview(index.outcomes[start : start + AT_ONCE]))
        meter_answers(meter, index, np.flatnonzero(outcomes == _SUCCEEDED) + start)
    return meter.spend()


def spend_where_priced(results: Path, config: Config, cache: Path) -> Spend | None:
    """The bill by the prices in force; None where the price table or the file cannot be read.

    A table of the user's that cannot be used must not lose a download; `check` and `build` say what is wrong with it.
    """
    try:
        return spend_of(results, read_prices(config), cache)
    except (ConfigError, SourceError):
        return None
