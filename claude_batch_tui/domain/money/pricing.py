"""What requests cost: before, at most; after, by the usage of every result. Money is in US dollars.

The API tells no prices. They come from a dated table (`prices.toml`) that the user can override; a model without a
row has no price, and none is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property, lru_cache
from math import ceil, isfinite
from statistics import median
from typing import TypeVar

import msgspec

from claude_batch_tui.domain.requests.draft import (
    BYTES_PER_TOKEN_ABOUT,
    BYTES_PER_TOKEN_AT_LEAST,
    LONG_PROMPT_TOKENS,
    ModelTotals,
    SharedPrefix,
)
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.nesting import read_toml

ADDITIONAL = ("compaction", "advisor_message")
"""Types of `usage.iterations` whose tokens are not in the totals (types/beta/beta_usage.py of the SDK 2.14)."""
_IN_TOTALS = ("message", "fallback_message")
"""Those that are, or that are not billed: attempts of models that declined."""
_MILLION = 1_000_000
_T = TypeVar("_T")


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Dollars per million tokens at the standard price."""

    input: float
    cache_write_5m: float
    cache_write_1h: float
    cache_read: float
    output: float


class LongRates(Rates, frozen=True, kw_only=True):
    """The rates of a request whose prompt has more than `above` tokens."""

    above: int


class ModelPrice(Rates, frozen=True, kw_only=True):
    """One row of the table: the models it is for, when it was read, and where."""

    ids: tuple[str, ...]
    as_of: date
    source: str = "pricing page"
    long: LongRates | None = None


class PriceTable(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All prices. `batch_factor` and `us_factor` multiply token prices; `web_search` is dollars a search."""

    as_of: date
    batch_factor: float
    us_factor: float
    web_search: float
    model: tuple[ModelPrice, ...] = ()

    def find(self, model: str) -> ModelPrice | None:
        """The price of a model by its exact id, or None. Rows of the override come first."""
        return self._by_id.get(model)

    @cached_property
    def _by_id(self) -> dict[str, ModelPrice]:
        return {model: price for price in reversed(self.model) for model in price.ids}


class _Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    as_of: date | None = None
    batch_factor: float | None = None
    us_factor: float | None = None
    web_search: float | None = None
    model: tuple[ModelPrice, ...] = ()


class Cost(msgspec.Struct, frozen=True):
    """A cost before sending. `unpriced` are the models without a price, whose requests are in no figure here.

    `open_ended` counts requests that fetch files, URLs or search results: those tokens are in no figure either.
    """

    batch: float
    standard: float
    input_tokens: int
    output_tokens: int
    as_of: date
    unpriced: tuple[str, ...] = ()
    unpriced_requests: int = 0
    open_ended: int = 0

    @property
    def total(self) -> float | None:
        """What all of it costs in a batch; None where that of some requests is not known, for want of a price."""
        return None if self.unpriced else self.batch


class OutputHistory(msgspec.Struct, frozen=True):
    """How long answers were before: the median over `batches` of the mean output tokens of a request."""

    batches: int
    tokens_per_request: float


class InputCount(msgspec.Struct, frozen=True):
    """Input as the API counts it, from `sampled` requests: `tokens` of all, right within `margin` (0.05 is ±5 %)."""

    tokens: int
    sampled: int
    margin: float


class Caching(msgspec.Struct, frozen=True):
    """What requests would cost if what all of them begin with, `shared_tokens` of it, were written to the cache once, for
    an hour, and read by all others; every answer at its `max_tokens`.

    It pays from `break_even_requests` on, and where at least the share `break_even_hits` of the requests finds it.
    """

    shared_tokens: int
    share: float
    cost: Cost
    saved: float
    break_even_requests: int
    break_even_hits: float
    is_kept: bool = False
    """Whether the requests ask for it: they have a cache_control with ttl 1h at the end of what they share."""
    write: float = 0.0
    """What writing it to the cache once costs."""
    saved_at_half: float = 0.0
    """What is saved where half of the others find it, those that do not paid as fresh input."""

    @property
    def prime_pays(self) -> bool:
        """Whether a prime is worth offering: what is saved at half the hits is more than the write."""
        return self.is_kept and self.saved_at_half > self.write


class CostForecast(msgspec.Struct, frozen=True):
    """Everything said of a cost before it is paid: at most, the input alone, and what is likely where that is known.

    `counted_at_most` has the input as the API counted it and every answer at its `max_tokens`; `counted_input` the input
    alone. `models_as_of` is the day of what is known of the models.
    """

    at_most: Cost
    about: Cost
    likely: Cost | None = None
    counted: InputCount | None = None
    history: OutputHistory | None = None
    not_counted: str = ""
    """Why the API did not count the input although it was asked to, as a sentence."""
    counted_input: Cost | None = None
    counted_at_most: Cost | None = None
    caching: Caching | None = None
    models_as_of: date | None = None


class CacheCreation(msgspec.Struct, frozen=True, gc=False):
    """Tokens written to the cache, by how long they stay."""

    ephemeral_5m_input_tokens: int | None = 0
    ephemeral_1h_input_tokens: int | None = 0


class ServerToolUse(msgspec.Struct, frozen=True, gc=False):
    """Calls of server tools that cost something of their own."""

    web_search_requests: int | None = 0


class Tokens(msgspec.Struct, frozen=True, gc=False):
    """What one inference read and wrote. `input_tokens` excludes cached ones."""

    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cache_creation_input_tokens: int | None = 0
    cache_read_input_tokens: int | None = 0
    cache_creation: CacheCreation | None = None

    @property
    def written(self) -> tuple[int, int]:
        """Tokens written to the cache for 5 minutes and for an hour; those of unstated length are of 5 minutes."""
        creation = self.cache_creation
        if creation is None:
            return self.cache_creation_input_tokens or 0, 0
        return creation.ephemeral_5m_input_tokens or 0, creation.ephemeral_1h_input_tokens or 0


class Iteration(Tokens, frozen=True, gc=False):
    """One entry of `usage.iterations`: an inference on the way to the answer, and the model that made it."""

    type: str | None = None
    model: str | None = None


class Usage(Tokens, frozen=True, gc=False):
    """`message.usage` of a result, as far as it costs."""

    server_tool_use: ServerToolUse | None = None
    inference_geo: str | None = None
    iterations: list[Iteration] | None = None
    is_billed: bool = True
    """False for a refusal that costs nothing; the API does not say it, see `result.is_billed_refusal`."""

    @property
    def all_input(self) -> int:
        """All input tokens, read from and written to caches too."""
        return (
            (self.input_tokens or 0)
            + (self.cache_creation_input_tokens or 0)
            + (self.cache_read_input_tokens or 0)
        )


def load_prices(data: bytes, override: bytes | None = None) -> PriceTable:
    """The table from the bytes of `prices.toml`, with the user's own rows before it."""
    table = _built_in(data)
    if override is None:
        return table
    own = _decode(override, _Override, "your prices.toml")
    settings = ("as_of", "batch_factor", "us_factor", "web_search")
    changes = {name: value for name in settings if (value := getattr(own, name)) is not None}
    return msgspec.structs.replace(table, model=own.model + table.model, **changes)


def require_own_prices(data: bytes, what: str) -> int:
    """How many models a file of prices has. Raises ConfigError where it is none, has no model, or a price below nothing."""
    own = _decode(data, _Override, what)
    rates = [one for price in own.model for one in (price, price.long) if one is not None]
    numbers = [getattr(one, name) for one in rates for name in Rates.__struct_fields__]
    numbers += [own.batch_factor or 0.0, own.us_factor or 0.0, own.web_search or 0.0]
    if not all(isfinite(number) and number >= 0 for number in numbers):
        raise ConfigError(f"{what} cannot be used: a price is a number of at least 0.")
    if not own.model:
        raise ConfigError(
            f"{what} has no prices: write a table [[model]] with ids, as_of, and dollars per million tokens."
        )
    return sum(len(price.ids) for price in own.model)


def cost_at_most(totals: Iterable[ModelTotals], prices: PriceTable) -> Cost:
    """What the requests cost if every answer takes its `max_tokens` and the input is as dense as text can be.

    Input is one token for every 2 bytes of params, with media as large as they can be, at the dearest rate that applies:
    the 1-hour cache write where a request uses the cache, the long-prompt rate where its prompt could be that long, US
    inference where asked.
    """
    return _cost(
        [(group, _tokens_at_most(group), group.max_tokens) for group in totals], prices, dearest=True
    )


def cost_about(totals: Iterable[ModelTotals], prices: PriceTable) -> Cost:
    """What the input alone is likely to cost: one token for every 3.6 bytes, cache and long prompts left aside."""
    return _cost([(group, _tokens_about(group), 0) for group in totals if group.requests], prices)


def cost_forecast(
    totals: Iterable[ModelTotals],
    prices: PriceTable,
    *,
    counted: InputCount | None = None,
    history: OutputHistory | None = None,
    shared: SharedPrefix | None = None,
    models_as_of: date | None = None,
) -> CostForecast:
    """What the requests will cost, from all that is known.

    What is likely, the cache left aside, is known where `history` tells how long answers were: input by the API's
    count, or one token for every 3.6 bytes, and output as long as in earlier batches like this.
    """
    groups = tuple(totals)
    own = [group for group in groups if group.requests]
    about = sum(map(_tokens_about, own))
    scale = 1.0 if counted is None or not about else counted.tokens / about
    read = [round(_tokens_about(group) * scale) for group in own]
    full = [(group, tokens, group.max_tokens) for group, tokens in zip(own, read, strict=True)]
    alone = [(group, tokens, 0) for group, tokens, _ in full]
    likely = None
    if history is not None:
        answers = [min(int(history.tokens_per_request * group.requests), group.max_tokens) for group in own]
        likely = _cost(list(zip(own, read, answers, strict=True)), prices)
    return CostForecast(
        cost_at_most(groups, prices),
        cost_about(groups, prices),
        likely,
        counted,
        history,
        counted_input=None if counted is None else _cost(alone, prices, writes_cache=True),
        counted_at_most=None if counted is None else _cost(full, prices, writes_cache=True),
        caching=None if shared is None else _caching(own, read, _cost(full, prices), shared, scale, prices),
        models_as_of=models_as_of,
    )


def _caching(
    groups: Sequence[ModelTotals],
    read: Sequence[int],
    without: Cost,
    shared: SharedPrefix,
    scale: float,
    prices: PriceTable,
) -> Caching | None:
    """What the cache would make of it; None where it saves nothing, or what is shared is too short to be cached."""
    requests, price = sum(group.requests for group in groups), prices.find(shared.model)
    tokens = int(shared.bytes / BYTES_PER_TOKEN_ABOUT * scale)
    if price is None or tokens < max(shared.min_cached_tokens or 0, 1) or not sum(read):
        return None
    geo = prices.us_factor if any(group.in_us for group in groups) else 1.0
    fresh, write, reading = price.input, price.cache_write_1h, price.cache_read
    saved = geo * tokens * ((requests - 1) * (fresh - reading) - (write - fresh)) / _MILLION
    if saved <= 0:
        return None
    cost = msgspec.structs.replace(
        without, batch=without.batch - saved * prices.batch_factor, standard=without.standard - saved
    )
    return Caching(
        tokens,
        tokens * requests / sum(read),
        cost,
        saved * prices.batch_factor,
        int((write - reading) / (fresh - reading)) + 1,
        (write - fresh) / (write - reading),
        is_kept=shared.is_kept,
        write=geo * tokens * write * prices.batch_factor / _MILLION,
        saved_at_half=geo
        * tokens
        * (requests - 1)
        * 0.5
        * (fresh - reading)
        * prices.batch_factor
        / _MILLION,
    )


def output_history(batches: Sequence[tuple[int, int]]) -> OutputHistory | None:
    """From succeeded requests and output tokens of earlier batches; None where there are none."""
    if not batches:
        return None
    return OutputHistory(len(batches), median(output / succeeded for succeeded, output in batches))


def entry_cost(usage: Usage, model: str, prices: PriceTable) -> float | None:
    """What one succeeded request cost in a batch, or None where a model that took part has no price.

    Errored, canceled and expired requests cost nothing. A cache write of unstated length is one of 5 minutes.
    """
    if not usage.is_billed:
        return 0.0
    parts = [(usage, model), *additional(usage, model)] if usage.iterations else [(usage, model)]
    tokens = 0.0
    for part, by in parts:
        price = prices.find(by)
        if price is None:
            return None
        tokens += _tokens_cost(part, price)
    geo = prices.us_factor if usage.inference_geo == "us" else 1.0
    searches = (usage.server_tool_use.web_search_requests or 0) if usage.server_tool_use else 0
    return prices.batch_factor * geo * tokens + prices.web_search * searches


def additional(usage: Usage, model: str) -> list[tuple[Tokens, str]]:
    """What the totals of a usage leave out: tokens of advisors and of compactions, each with its model.

    An iteration of a type that is unknown here has no model, and so no price: it may be in the totals or not.
    """
    return [
        (one, model if one.type == "compaction" else (one.model or "") if one.type in ADDITIONAL else "")
        for one in usage.iterations or ()
        if one.type not in _IN_TOTALS
    ]


def _tokens_cost(usage: Tokens, price: ModelPrice) -> float:
    """What the tokens of one inference cost at the standard price, in US dollars."""
    written_5m, written_1h = usage.written
    fresh, read = usage.input_tokens or 0, usage.cache_read_input_tokens or 0
    is_long = price.long is not None and fresh + read + written_5m + written_1h > price.long.above
    rates: Rates = price.long if price.long is not None and is_long else price
    return (
        rates.input * fresh
        + rates.cache_write_5m * written_5m
        + rates.cache_write_1h * written_1h
        + rates.cache_read * read
        + rates.output * (usage.output_tokens or 0)
    ) / _MILLION


def _tokens_at_most(group: ModelTotals) -> int:
    return ceil(group.params_bytes / BYTES_PER_TOKEN_AT_LEAST) + group.more_tokens


def _tokens_about(group: ModelTotals) -> int:
    return ceil(group.params_bytes / BYTES_PER_TOKEN_ABOUT) + group.media_tokens


def _cost(
    groups: Sequence[tuple[ModelTotals, int, int]],
    prices: PriceTable,
    *,
    dearest: bool = False,
    writes_cache: bool = False,
) -> Cost:
    """What groups cost, each with the tokens that it reads and writes.

    With `writes_cache` requests that use the cache write all of their input to it; `dearest` is that, and long prompts
    wherever they may be, not only where the tokens of a request are so many.
    """
    standard = 0.0
    unpriced: dict[str, None] = {}
    unpriced_requests = 0
    for group, read, written in groups:
        price = prices.find(group.model)
        if price is None:
            unpriced[group.model] = None
            unpriced_requests += group.requests
            continue
        rates = _dearest_rates(price, group) if dearest else _rates(price, group, read)
        writes = (dearest or writes_cache) and group.uses_cache
        input_rate = rates.cache_write_1h if writes else rates.input
        geo = prices.us_factor if group.in_us else 1.0
        standard += geo * (input_rate * read + rates.output * written) / _MILLION
    return Cost(
        batch=standard * prices.batch_factor,
        standard=standard,
        input_tokens=sum(read for _, read, _ in groups),
        output_tokens=sum(written for _, _, written in groups),
        as_of=prices.as_of,
        unpriced=tuple(unpriced),
        unpriced_requests=unpriced_requests,
        open_ended=sum(group.open_ended for group, _, _ in groups),
    )


def _rates(price: ModelPrice, group: ModelTotals, read: int) -> Rates:
    """The rates of requests that read so many tokens together, each about as many as the others."""
    is_long = price.long is not None and group.requests and read / group.requests > price.long.above
    return price.long if price.long is not None and is_long else price


def _dearest_rates(price: ModelPrice, group: ModelTotals) -> Rates:
    """The long-prompt rates where a request of the group could reach them."""
    if price.long is None:
        return price
    # Requests were told apart at LONG_PROMPT_TOKENS; a row that begins earlier may hold for any of them.
    could_be_long = group.long_prompts or price.long.above < LONG_PROMPT_TOKENS
    return price.long if could_be_long else price


@lru_cache(maxsize=1)
def _built_in(data: bytes) -> PriceTable:
    return _decode(data, PriceTable, "the built-in price table")


def _decode(data: bytes, kind: type[_T], what: str) -> _T:
    try:
        return msgspec.convert(read_toml(data.decode("utf-8")), kind)
    except (ValueError, msgspec.ValidationError) as error:
        raise ConfigError(f"{what} cannot be used: {error}.") from error
