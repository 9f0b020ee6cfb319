"""What the results of batches cost, by the usage of every answer, and the limits above which a yes is not enough.

Money is in US dollars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from statistics import median
from typing import TypeVar

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.pricing import (
    Cost,
    Iteration,
    PriceTable,
    Tokens,
    Usage,
    additional,
    entry_cost,
)

_Counted = TypeVar("_Counted", bound=Tokens)
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
    additional_tokens: int = 0
    """Tokens of advisors and compactions, read and written, which no other count here has."""


_SUMS = [name for name in Spend.__struct_fields__ if name not in ("models", "unpriced_models", "as_of")]


class Meter:
    """Adds up answers one by one. What was added up so far may be added to by who has sums of many answers.

    `answers` and `unpriced` count by model, in the order in which models were met.
    """

    def __init__(self, prices: PriceTable) -> None:
        self.prices = prices
        self._standard_prices = msgspec.structs.replace(prices, batch_factor=1.0)
        self.answers: Counter[str] = Counter()
        self.unpriced: Counter[str] = Counter()
        self.usd = self.standard = self.uncached = 0.0
        self.fresh = self.read = self.written = self.output = self.additional = 0

    def add(self, usage: Usage, model: str) -> float | None:
        """One succeeded request; what it cost, or None where its model has no price."""
        fresh, read = usage.input_tokens or 0, usage.cache_read_input_tokens or 0
        written = usage.cache_creation_input_tokens or 0
        self.fresh += fresh
        self.read += read
        self.written += written
        self.output += usage.output_tokens or 0
        self.answers[model] += 1
        more = additional(usage, model) if usage.iterations else []
        for tokens, _ in more:
            self.additional += (tokens.input_tokens or 0) + (tokens.cache_read_input_tokens or 0)
            self.additional += sum(tokens.written) + (tokens.output_tokens or 0)
        usd = uncached = entry_cost(usage, model, self.prices)
        standard = entry_cost(usage, model, self._standard_prices)
        if usd is None or standard is None:
            unpriced = next(
                (by for by in (model, *(by for _, by in more)) if not self.prices.find(by)), model
            )
            self.unpriced[unpriced] += 1
            return None
        self.usd += usd
        self.standard += standard
        if read or written or more:
            plain = _uncached(usage, [_uncached(one) for one in usage.iterations or ()])
            uncached = entry_cost(plain, model, self.prices)
        self.uncached += uncached or 0.0
        return usd

    def spend(self) -> Spend:
        """The sum so far."""
        return Spend(
            usd=self.usd,
            standard=self.standard,
            uncached=self.uncached,
            succeeded=sum(self.answers.values()),
            unpriced=sum(self.unpriced.values()),
            input_tokens=self.fresh,
            cache_read_tokens=self.read,
            cache_written_tokens=self.written,
            output_tokens=self.output,
            models=tuple(sorted(self.answers, key=lambda model: -self.answers[model])),
            unpriced_models=tuple(self.unpriced),
            as_of=self.prices.as_of,
            additional_tokens=self.additional,
        )


def _uncached(tokens: _Counted, iterations: list[Iteration] | None = None) -> _Counted:
    """The same with all that was read from the cache and written to it as fresh input."""
    fresh = (tokens.input_tokens or 0) + (tokens.cache_read_input_tokens or 0) + sum(tokens.written)
    changes: dict[str, object] = {} if iterations is None else {"iterations": iterations}
    return msgspec.structs.replace(
        tokens,
        input_tokens=fresh,
        cache_read_input_tokens=0,
        cache_creation_input_tokens=0,
        cache_creation=None,
        **changes,
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
