"""What requests cost: before, at most; after, by the usage of every result. Money is in US dollars.

The API tells no prices. They come from a dated table (`prices.toml`) that the user can override; a model without a
row has no price, and none is guessed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from statistics import median
from typing import TypeVar

import msgspec

from claude_batch_tui.domain.requests.draft import LONG_PROMPT_BYTES, ModelTotals
from claude_batch_tui.errors import ConfigError

BYTES_PER_TOKEN_AT_LEAST = 2
"""For the cost at most: one token for every 2 UTF-8 bytes of params. Ordinary text has 3 to 5 bytes a token with
the tokenizer of 4.7 and later; dense digits and rare scripts come near 2."""
BYTES_PER_TOKEN_ABOUT = 3.6
"""For the likely input, ±25 %."""
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


class OutputHistory(msgspec.Struct, frozen=True):
    """How long answers were before: the median over `batches` of the mean output tokens of a request."""

    batches: int
    tokens_per_request: float


class InputCount(msgspec.Struct, frozen=True):
    """Input as the API counts it, from `sampled` requests: `tokens` of all, right within `margin` (0.05 is ±5 %)."""

    tokens: int
    sampled: int
    margin: float
    params_bytes: int

    @property
    def bytes_per_token(self) -> float:
        """UTF-8 bytes of params for one token."""
        return self.params_bytes / max(self.tokens, 1)


class CostForecast(msgspec.Struct, frozen=True):
    """Everything said of a cost before it is paid: at most, the input alone, and what is likely where that is known."""

    at_most: Cost
    about: Cost
    likely: Cost | None = None
    counted: InputCount | None = None
    history: OutputHistory | None = None
    not_counted: str = ""
    """Why the API did not count the input although it was asked to, as a sentence."""


class CacheCreation(msgspec.Struct, frozen=True, gc=False):
    """Tokens written to the cache, by how long they stay."""

    ephemeral_5m_input_tokens: int | None = 0
    ephemeral_1h_input_tokens: int | None = 0


class ServerToolUse(msgspec.Struct, frozen=True, gc=False):
    """Calls of server tools that cost something of their own."""

    web_search_requests: int | None = 0


class Usage(msgspec.Struct, frozen=True, gc=False):
    """`message.usage` of a result, as far as it costs. `input_tokens` excludes cached ones."""

    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cache_creation_input_tokens: int | None = 0
    cache_read_input_tokens: int | None = 0
    cache_creation: CacheCreation | None = None
    server_tool_use: ServerToolUse | None = None
    inference_geo: str | None = None


def load_prices(data: bytes, override: bytes | None = None) -> PriceTable:
    """The table from the bytes of `prices.toml`, with the user's own rows before it."""
    table = _decode(data, PriceTable, "the built-in price table")
    if override is None:
        return table
    own = _decode(override, _Override, "your prices.toml")
    settings = ("as_of", "batch_factor", "us_factor", "web_search")
    changes = {name: value for name in settings if (value := getattr(own, name)) is not None}
    return msgspec.structs.replace(table, model=own.model + table.model, **changes)


def cost_at_most(totals: Iterable[ModelTotals], prices: PriceTable) -> Cost:
    """What the requests cost if every answer takes its `max_tokens` and the input is as dense as text can be.

    Input is one token for every 2 bytes of params, at the dearest rate that applies: the 1-hour cache write where
    a request uses the cache, the long-prompt rate where its prompt could be that long, US inference where asked.
    """
    return _cost(totals, prices, BYTES_PER_TOKEN_AT_LEAST, dearest=True)


def cost_about(totals: Iterable[ModelTotals], prices: PriceTable) -> Cost:
    """What the input alone is likely to cost: one token for every 3.6 bytes, cache and long prompts left aside."""
    return _cost(totals, prices, BYTES_PER_TOKEN_ABOUT, dearest=False)


def cost_forecast(
    totals: Iterable[ModelTotals],
    prices: PriceTable,
    *,
    counted: InputCount | None = None,
    history: OutputHistory | None = None,
) -> CostForecast:
    """What the requests will cost, from all that is known.

    What is likely, the cache left aside, is known where `history` tells how long answers were: input by the API's
    count, or one token for every 3.6 bytes, and output as long as in earlier batches like this.
    """
    groups, likely = tuple(totals), None
    if history is not None:
        answers = [
            msgspec.structs.replace(
                group, max_tokens=min(int(history.tokens_per_request * group.requests), group.max_tokens)
            )
            for group in groups
        ]
        bytes_per_token = counted.bytes_per_token if counted else BYTES_PER_TOKEN_ABOUT
        likely = _cost(answers, prices, bytes_per_token, dearest=False, with_answers=True)
    return CostForecast(cost_at_most(groups, prices), cost_about(groups, prices), likely, counted, history)


def output_history(batches: Sequence[tuple[int, int]]) -> OutputHistory | None:
    """From succeeded requests and output tokens of earlier batches; None where there are none."""
    if not batches:
        return None
    return OutputHistory(len(batches), median(output / succeeded for succeeded, output in batches))


def entry_cost(usage: Usage, model: str, prices: PriceTable) -> float | None:
    """What one succeeded request cost in a batch, or None where the model has no price.

    Errored, canceled and expired requests cost nothing. A cache write of unstated length is one of 5 minutes.
    """
    price = prices.find(model)
    return None if price is None else answer_cost(usage, price, prices)


def answer_cost(usage: Usage, price: ModelPrice, prices: PriceTable) -> float:
    """What one succeeded request cost in a batch, in US dollars, by the price of its model.

    `prices` says what batching, a place and a search cost; the price of a model is given, so as to be looked up once.
    """
    written = usage.cache_creation_input_tokens or 0
    creation = usage.cache_creation or CacheCreation(written, 0)
    written_5m, written_1h = (
        creation.ephemeral_5m_input_tokens or 0,
        creation.ephemeral_1h_input_tokens or 0,
    )
    fresh, read = usage.input_tokens or 0, usage.cache_read_input_tokens or 0
    is_long = price.long is not None and fresh + read + written_5m + written_1h > price.long.above
    rates: Rates = price.long if price.long is not None and is_long else price
    tokens = (
        rates.input * fresh
        + rates.cache_write_5m * written_5m
        + rates.cache_write_1h * written_1h
        + rates.cache_read * read
        + rates.output * (usage.output_tokens or 0)
    ) / _MILLION
    geo = prices.us_factor if usage.inference_geo == "us" else 1.0
    searches = (usage.server_tool_use.web_search_requests or 0) if usage.server_tool_use else 0
    return prices.batch_factor * geo * tokens + prices.web_search * searches


def _cost(
    totals: Iterable[ModelTotals],
    prices: PriceTable,
    bytes_per_token: float,
    *,
    dearest: bool,
    with_answers: bool = False,
) -> Cost:
    standard = 0.0
    input_tokens = output_tokens = unpriced_requests = open_ended = 0
    unpriced: dict[str, None] = {}
    for group in totals:
        read = -int(-group.params_bytes // bytes_per_token)
        written = group.max_tokens if dearest or with_answers else 0
        input_tokens += read
        output_tokens += written
        open_ended += group.open_ended
        price = prices.find(group.model)
        if price is None:
            unpriced[group.model] = None
            unpriced_requests += group.requests
            continue
        rates = _dearest_rates(price, group) if dearest else price
        input_rate = rates.cache_write_1h if dearest and group.uses_cache else rates.input
        geo = prices.us_factor if group.in_us else 1.0
        standard += geo * (input_rate * read + rates.output * written) / _MILLION
    return Cost(
        batch=standard * prices.batch_factor,
        standard=standard,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        as_of=prices.as_of,
        unpriced=tuple(unpriced),
        unpriced_requests=unpriced_requests,
        open_ended=open_ended,
    )


def _dearest_rates(price: ModelPrice, group: ModelTotals) -> Rates:
    """The long-prompt rates where a request of the group could reach them."""
    if price.long is None:
        return price
    # Requests were told apart at LONG_PROMPT_BYTES; a row that begins earlier may hold for any of them.
    could_be_long = group.long_prompts or price.long.above * BYTES_PER_TOKEN_AT_LEAST < LONG_PROMPT_BYTES
    return price.long if could_be_long else price


def _decode(data: bytes, kind: type[_T], what: str) -> _T:
    try:
        return msgspec.convert(tomllib.loads(data.decode("utf-8")), kind)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{what} cannot be used: {error}.") from error
