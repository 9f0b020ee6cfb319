"""What many entries cost, over the columns of an index at once: to the last bit what `pricing.entry_cost` says of each.

The need: statistics and costs of a million entries at once. They take 0.2 s of the processor here, and 5 s entry by entry;
the tests compare the two.

Importing this module imports numpy (60 to 90 ms): do it late.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from claude_batch_tui.domain.results.result import OUTCOMES, Outcome
from claude_batch_tui.store.results.arrays import picked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from claude_batch_tui.domain.money.pricing import ModelPrice, PriceTable, Rates
    from claude_batch_tui.store.results.columns import Additions, AnsweredBy
    from claude_batch_tui.store.results.index import ResultsIndex

AT_ONCE: Final = 1 << 16
"""Entries taken at once: a dozen numbers are held for each of them meanwhile."""
_SUCCEEDED: Final = OUTCOMES.index(Outcome.SUCCEEDED)
_MILLION: Final = 1_000_000


class Priced(NamedTuple):
    """What each of some entries cost in a batch, outside of one, and in a batch with every cached token as fresh input.

    Not a number where a model that took part has no price.
    """

    batch: NDArray[Any]
    standard: NDArray[Any]
    uncached: NDArray[Any]


class Added(NamedTuple):
    """Rows of the additions of an index, in their order, and to which of some entries each belongs."""

    rows: NDArray[Any]
    entries: NDArray[Any]


def priced(index: ResultsIndex, positions: NDArray[Any], prices: PriceTable) -> Priced:
    """What the entries at these positions, which have to be described, cost. What did not succeed costs nothing."""
    numbers, answered_by = picked(index.models, positions), [*index.answered_by]
    tokens, uncached = _tokens_costs(index, positions, answered_by, prices)
    added = added_to(index, positions)
    if len(added.rows):
        more, more_uncached = _tokens_costs(index.additions, added.rows, answered_by, prices)
        np.add.at(tokens, added.entries, more)
        np.add.at(uncached, added.entries, more_uncached)
    geo = np.array([prices.us_factor if one.in_us else 1.0 for one in answered_by])[numbers]
    searches = prices.web_search * picked(index.searches, positions)
    costs = Priced(
        prices.batch_factor * geo * tokens + searches,
        geo * tokens + searches,
        prices.batch_factor * geo * uncached + searches,
    )
    costs_something = picked(index.outcomes, positions) == _SUCCEEDED
    costs_something &= np.array([one.is_billed for one in answered_by])[numbers]
    for column in costs:
        column[~costs_something] = 0.0
    return costs


def summed(total: float, values: NDArray[Any]) -> float:
    """The total with values added one after the other, as a loop adds them: every way to a sum of money is the same."""
    return float(np.add.accumulate(np.concatenate(([total], values)))[-1])


def added_to(index: ResultsIndex, positions: NDArray[Any]) -> Added:
    """What the totals of the entries at these positions leave out."""
    of = index.additions.entries
    if not of or not len(positions):
        return Added(np.zeros(0, np.int64), np.zeros(0, np.int64))
    first, last = bisect_left(of, positions.min()), bisect_right(of, positions.max())
    wanted = np.asarray(of[first:last]).astype(np.int64)
    order = np.argsort(positions, kind="stable")
    places = np.minimum(np.searchsorted(positions, wanted, sorter=order), len(positions) - 1)
    entries = order[places]
    rows: NDArray[Any] = np.flatnonzero(positions[entries] == wanted)
    return Added(rows + first, entries[rows])


def _tokens_costs(
    columns: ResultsIndex | Additions,
    places: NDArray[Any],
    answered_by: Sequence[AnsweredBy],
    prices: PriceTable,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """What the tokens of inferences cost outside of a batch, and with all of their input fresh.

    The order of the sums is that of `pricing.entry_cost`: sums of fractions depend on it.
    """
    numbers = picked(columns.models, places)
    costs, uncached = np.full(len(places), np.nan), np.full(len(places), np.nan)
    for number in np.unique(numbers).tolist():
        price = prices.find(answered_by[number].model)
        if price is None:
            continue
        at: NDArray[Any] = np.flatnonzero(numbers == number)
        of_model = places[at]
        read, output = _tokens(columns.cache_read_tokens, of_model), _tokens(columns.output_tokens, of_model)
        written_5m = _tokens(columns.cache_write_5m_tokens, of_model)
        written_1h = _tokens(columns.cache_write_1h_tokens, of_model)
        cached = read + written_5m + written_1h
        fresh = np.maximum(_tokens(columns.input_tokens, of_model) - cached, 0.0)
        for rates, some in _rates(price, fresh + cached):
            of_output = rates.output * output[some]
            costs[at[some]] = (
                rates.input * fresh[some]
                + rates.cache_write_5m * written_5m[some]
                + rates.cache_write_1h * written_1h[some]
                + rates.cache_read * read[some]
                + of_output
            ) / _MILLION
            uncached[at[some]] = (rates.input * (fresh + cached)[some] + of_output) / _MILLION
    return costs, uncached


def _tokens(column: Any, places: NDArray[Any]) -> NDArray[Any]:
    return picked(column, places).astype(np.float64)


def _rates(price: ModelPrice, prompts: NDArray[Any]) -> Iterator[tuple[Rates, Any]]:
    """The rates of a model, each with the rows they are for, by the tokens of their prompts."""
    if price.long is None:
        yield price, slice(None)
        return
    is_long = prompts > price.long.above
    yield price, np.flatnonzero(~is_long)
    yield price.long, np.flatnonzero(is_long)
