from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.money.spend import Meter
from claude_batch_tui.domain.results.statistics import Tally
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.results.costs import EntryCosts, bill_of
from claude_batch_tui.services.results.entry_sums import count_entries, meter_answers
from claude_batch_tui.services.results.statistics import statistics
from claude_batch_tui.store.results.index import ResultsIndex

PRICES = built_in_prices()
LONG = next((price for price in PRICES.model if price.long is not None), PRICES.model[0])

tokens = st.integers(0, 400_000)
usages = st.fixed_dictionaries(
    {"input_tokens": tokens, "output_tokens": tokens},
    optional={
        "cache_read_input_tokens": tokens,
        "cache_creation": st.fixed_dictionaries(
            {"ephemeral_5m_input_tokens": tokens, "ephemeral_1h_input_tokens": tokens}
        ),
        "cache_creation_input_tokens": tokens,
        "server_tool_use": st.fixed_dictionaries({"web_search_requests": st.integers(0, 9)}),
        "inference_geo": st.sampled_from(["us", "global"]),
        "iterations": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.sampled_from(["message", "compaction", "advisor_message"]),
                    "model": st.sampled_from(["claude-opus-5-5", "unknown", None]),
                    "input_tokens": tokens,
                    "cache_read_input_tokens": tokens,
                }
            ),
            max_size=3,
        ),
    },
)
models = st.sampled_from(["claude-haiku-4-5", "claude-opus-4-5", LONG.ids[0], "unknown"])


def line(number, model, usage, outcome):
    result = {"type": outcome}
    if outcome == "succeeded":
        result["message"] = {"model": model, "usage": usage, "stop_reason": "end_turn"}
    return json.dumps({"custom_id": str(number), "result": result}).encode() + b"\n"


@pytest.mark.slow
@given(
    st.lists(st.tuples(models, usages, st.sampled_from(["succeeded", "expired"])), max_size=9),
    st.integers(0, 9),
)
@settings(deadline=None, max_examples=200)
def test_the_costs_of_all_entries_at_once_are_those_of_each_alone(entries, cut):
    index = ResultsIndex()
    for number, (model, usage, outcome) in enumerate(entries):
        index.feed(line(number, model, usage, outcome))
    index.finish()
    costs = EntryCosts(index, PRICES)
    costs.column(min(cut, index.count))  # in two pieces
    alone = [costs.of(position) for position in range(index.count)]
    column = [None if math.isnan(cost) else cost for cost in costs.column(index.count).tolist()]
    assert column == alone  # to the last bit
    total = costs.total()
    assert total.usd == sum(cost for cost in alone if cost is not None)
    assert total.unpriced == alone.count(None)


outcomes = st.sampled_from(["succeeded", "succeeded", "expired", "errored", "strange"])
stops = st.sampled_from([None, "end_turn", "max_tokens", "refusal", "unheard-of"])


def told_apart(number, model, usage, outcome, stop):
    result = {"type": outcome}
    if outcome == "succeeded":
        content = [{"type": "text", "text": "x" * (number % 2)}]
        result["message"] = {"model": model, "usage": usage, "stop_reason": stop, "content": content}
    if outcome == "errored" and number % 3:
        result["error"] = {"type": "error", "error": {"type": f"e{number % 2}", "message": "m"}}
    return json.dumps({"custom_id": str(number), "result": result}).encode() + b"\n"


@pytest.mark.slow
@given(st.lists(st.tuples(models, usages, outcomes, stops), max_size=12), st.randoms(), st.integers(0, 12))
@settings(deadline=None, max_examples=300)
def test_the_numbers_of_many_entries_at_once_are_those_of_one_after_the_other(entries, dice, cut):
    index = ResultsIndex()
    for number, entry in enumerate(entries):
        index.feed(told_apart(number, *entry))
    index.finish()
    positions = [*range(index.count)]
    dice.shuffle(positions)
    *_, alone = statistics([(index, positions)], PRICES)
    tally = Tally(PRICES, index.count)
    for some in (positions[:cut], positions[cut:]):
        count_entries(tally, index, np.array(some, np.int64))
    at_once = tally.statistics()
    assert at_once == alone
    for name in ("outcomes", "answers", "stop_reasons", "error_types"):
        assert [*getattr(at_once, name)] == [*getattr(alone, name)]  # in one order
    meter = Meter(PRICES)
    answers = [at for at in range(index.count) if index.outcomes[at] == 0]
    meter_answers(meter, index, np.array(answers, np.int64))
    assert meter.spend() == bill_of(index, PRICES)


def test_the_standard_price_and_what_the_cache_saved_stand_beside_the_cost():
    index = ResultsIndex()
    usage = {"input_tokens": 0, "cache_read_input_tokens": 1_000_000, "output_tokens": 0}
    index.feed(line(1, "claude-haiku-4-5", usage, "succeeded"))
    index.finish()
    price = PRICES.find("claude-haiku-4-5")
    total = EntryCosts(index, PRICES).total()
    assert total.standard == pytest.approx(price.cache_read)
    assert total.usd == pytest.approx(price.cache_read * PRICES.batch_factor)
    assert total.cache_saved == pytest.approx((price.input - price.cache_read) * PRICES.batch_factor)
