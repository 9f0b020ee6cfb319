"""What the results of batches cost, by the usage of every answer, and the limits above which a yes is not enough.

Money is in US dollars.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from statistics import median

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.pricing import Cost, PriceTable, Usage, answer_cost

LEAST_SUCCEEDED = 1
"""Batches of which fewer requests succeeded say nothing of what a request costs."""


class Bill(msgspec.Struct, frozen=True):
    """What answers cost together, as far as prices are known.

    `usd` is what they cost in a batch, `standard` outside of a batch, `uncached` what the batch would have cost with
    every cached token paid as fresh input. `unpriced` answers are in no sum.
    """

    usd: float
    standard: float
    uncached: float
    unpriced: int

    @property
    def cache_saved(self) -> float:
        """What the cache saved; negative where writing it cost more than reading it saved."""
        return self.uncached - self.usd


class Spend(Bill, frozen=True):
    """The bill of a batch, with what it was made up from. Answers of `unpriced_models` are in no sum."""

    succeeded: int
    input_tokens: int
    """Fresh input; cached tokens are counted apart."""
    cache_read_tokens: int
    cache_written_tokens: int
    output_tokens: int
    models: tuple[str, ...]
    """Models that answered, the one of most answers first."""
    unpriced_models: tuple[str, ...]
    as_of: date


_SUMS = [name for name in Spend.__struct_fields__ if name not in ("models", "unpriced_models", "as_of")]


class Meter:
    """Adds up answers one by one."""

    def __init__(self, prices: PriceTable) -> None:
        self._prices = prices
        self._standard_prices = msgspec.structs.replace(prices, batch_factor=1.0)
        self._answers: dict[str, int] = {}
        self._unpriced: dict[str, int] = {}
        self._usd = self._standard = self._uncached = 0.0
        self._fresh = self._read = self._written = self._output = 0

    def add(self, usage: Usage, model: str) -> float | None:
        """One succeeded request; what it cost, or None where its model has no price."""
        fresh, read = usage.input_tokens or 0, usage.cache_read_input_tokens or 0
        written = usage.cache_creation_input_tokens or 0
        self._fresh += fresh
        self._read += read
        self._written += written
        self._output += usage.output_tokens or 0
        self._answers[model] = self._answers.get(model, 0) + 1
        price = self._prices.find(model)
        if price is None:
            self._unpriced[model] = self._unpriced.get(model, 0) + 1
            return None
        usd = uncached = answer_cost(usage, price, self._prices)
        self._usd += usd
        self._standard += answer_cost(usage, price, self._standard_prices)
        if read or written:
            plain = msgspec.structs.replace(
                usage,
                input_tokens=fresh + read + written,
                cache_read_input_tokens=0,
                cache_creation_input_tokens=0,
                cache_creation=None,
            )
            uncached = answer_cost(plain, price, self._prices)
        self._uncached += uncached
        return usd

    def spend(self) -> Spend:
        """The sum so far."""
        return Spend(
            usd=self._usd,
            standard=self._standard,
            uncached=self._uncached,
            succeeded=sum(self._answers.values()),
            unpriced=sum(self._unpriced.values()),
            input_tokens=self._fresh,
            cache_read_tokens=self._read,
            cache_written_tokens=self._written,
            output_tokens=self._output,
            models=tuple(sorted(self._answers, key=lambda model: -self._answers[model])),
            unpriced_models=tuple(self._unpriced),
            as_of=self._prices.as_of,
        )


def spent(answers: Iterable[tuple[Usage, str]], prices: PriceTable) -> Spend:
    """What answers cost in a batch, from the usage and model of each succeeded one."""
    meter = Meter(prices)
    for usage, model in answers:
        meter.add(usage, model)
    return meter.spend()


def sum_spends(spends: Sequence[Spend]) -> Spend:
    """The bills of several batches, at least one, as one; as old as the oldest of their prices."""
    summed = {name: sum(getattr(spend, name) for spend in spends) for name in _SUMS}
    return Spend(
        **summed,
        models=tuple(dict.fromkeys(model for spend in spends for model in spend.models)),
        unpriced_models=tuple(dict.fromkeys(model for spend in spends for model in spend.unpriced_models)),
        as_of=min(spend.as_of for spend in spends),
    )


def likely_cost(requests: int, earlier: Sequence[tuple[int, float]]) -> float | None:
    """What so many requests are likely to cost, by the median cost of an answer in `earlier` batches.

    `earlier` holds succeeded requests and dollars of batches like this one; None where there are none.
    """
    each = [usd / succeeded for succeeded, usd in earlier if succeeded >= LEAST_SUCCEEDED]
    return median(each) * requests if each else None


def over_limits(at_most: Cost, in_flight: float, config: Config) -> str | None:
    """Why a submission asks for its count to be typed, as a phrase; None where it does not.

    `in_flight` is in US dollars.
    """
    if at_most.unpriced or at_most.open_ended:
        return "it is not known what this costs"
    usd = at_most.batch
    if usd > config.confirm_above:
        return f"this is over your limit of ${config.confirm_above:,.2f} (confirm_above)"
    if usd + in_flight > config.confirm_in_flight:
        return (
            f"with ${in_flight:,.2f} in flight this is over your limit of ${config.confirm_in_flight:,.2f} "
            "(confirm_in_flight)"
        )
    return None
