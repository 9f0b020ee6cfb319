"""Many entries of an index taken into a tally at once: what it says is to the last bit what it says of them one by one.

The need is that of `entry_prices`. Importing this module imports numpy (60 to 90 ms): do it late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, Outcome
from claude_batch_tui.services.results.entry_prices import added_to, priced, summed
from claude_batch_tui.store.results.arrays import picked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from claude_batch_tui.domain.money.pricing import PriceTable
    from claude_batch_tui.domain.money.spend import Meter
    from claude_batch_tui.domain.results.statistics import Tally
    from claude_batch_tui.store.results.index import ResultsIndex

_NONE = "(none)"
_TOKENS = ("cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens")


def count_entries(tally: Tally, index: ResultsIndex, positions: NDArray[Any]) -> None:
    """Take in the entries at these positions, which have to be described."""
    outcomes = picked(index.outcomes, positions)
    answers = positions[outcomes == OUTCOMES.index(Outcome.SUCCEEDED)]
    failed = positions[outcomes == OUTCOMES.index(Outcome.ERRORED)]
    tally.entries += len(positions)
    _count(tally.outcomes, outcomes, [str(outcome) for outcome in OUTCOMES])
    _count(tally.classes, picked(index.classes, answers), CLASSES)
    _count(tally.stops, picked(index.stops, answers), [name or _NONE for name in [*index.stop_reasons]])
    _count(tally.errors, picked(index.errors, failed), [name or _NONE for name in [*index.error_types]])
    for values, column in ((tally.input, index.input_tokens), (tally.output, index.output_tokens)):
        values.frombytes(picked(column, answers).astype(np.uint32).tobytes())
    costs = meter_answers(tally.meter, index, answers)
    tally.costs.frombytes(costs.tobytes())


def meter_answers(meter: Meter, index: ResultsIndex, answers: NDArray[Any]) -> NDArray[Any]:
    """Add up answers, all of which succeeded; what each of those with a price cost."""
    names, numbers = [one.model for one in [*index.answered_by]], picked(index.models, answers)
    _count(meter.answers, numbers, names)
    tokens = {name: picked(getattr(index, name), answers).astype(np.int64) for name in _TOKENS}
    read, five, hour = tokens.values()
    meter.read += _sum(read)
    meter.written += _sum(five) + _sum(hour)
    # Input tokens hold what was cached, unless they are more than their column holds.
    meter.fresh += _sum(np.maximum(picked(index.input_tokens, answers) - (read + five + hour), 0))
    meter.output += _sum(picked(index.output_tokens, answers))
    _add_additional(meter, index, answers)
    costs = priced(index, answers, meter.prices)
    is_known = ~np.isnan(costs.batch)
    if not is_known.all():
        _count(meter.unpriced, _unpriced(index, answers[~is_known], meter.prices), names)
    batch: NDArray[Any] = costs.batch[is_known]
    meter.usd = summed(meter.usd, batch)
    meter.standard = summed(meter.standard, costs.standard[is_known])
    meter.uncached = summed(meter.uncached, costs.uncached[is_known])
    return batch


def _add_additional(meter: Meter, index: ResultsIndex, answers: NDArray[Any]) -> None:
    """Count the tokens that the totals leave out."""
    rows, added = added_to(index, answers).rows, index.additions
    cached = sum((picked(getattr(added, name), rows).astype(np.int64) for name in _TOKENS), np.int64(0))
    meter.additional += _sum(np.maximum(picked(added.input_tokens, rows), cached))
    meter.additional += _sum(picked(added.output_tokens, rows))


def _unpriced(index: ResultsIndex, answers: NDArray[Any], prices: PriceTable) -> NDArray[Any]:
    """For each of these answers the number of the first model that has no price."""
    has_price = np.array([prices.find(one.model) is not None for one in [*index.answered_by]])
    numbers: NDArray[Any] = picked(index.models, answers)  # a copy
    added = added_to(index, answers)
    models = picked(index.additions.models, added.rows)
    without = ~has_price[models] & has_price[numbers[added.entries]]
    # Of several rows of one entry the first stays: it is written last.
    numbers[added.entries[without][::-1]] = models[without][::-1]
    return numbers


def _count(into: Counter[str], numbers: NDArray[Any], names: Sequence[str]) -> None:
    """Count what numbers stand for, in the order in which they come."""
    values, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    for at in np.argsort(first).tolist():
        into[names[int(values[at])]] += int(counts[at])


def _sum(values: NDArray[Any]) -> int:
    return int(values.sum(dtype=np.int64))
