"""What requests cost, against figures worked out by hand from the price page."""

from datetime import date
from importlib import resources

import msgspec
import pytest

from claude_batch_tui.domain.money.pricing import Usage, cost_about, cost_at_most, entry_cost, load_prices
from claude_batch_tui.domain.requests.draft import ModelTotals
from claude_batch_tui.errors import ConfigError

BUILT_IN = (resources.files("claude_batch_tui.domain") / "prices.toml").read_bytes()


@pytest.fixture(scope="module")
def prices():
    return load_prices(BUILT_IN)


def usage(**fields):
    return msgspec.convert(fields, Usage)


def test_the_table_holds_every_model_of_the_price_page_once(prices):
    ids = [name for price in prices.model for name in price.ids]
    assert len(ids) == len(set(ids)) == 21
    assert prices.as_of == date(2026, 11, 29)


def test_cache_columns_follow_the_multipliers_of_the_page(prices):
    for price in prices.model:
        for rates in filter(None, (price, price.long)):
            assert rates.cache_write_5m == pytest.approx(1.25 * rates.input)
            assert rates.cache_write_1h == pytest.approx(2 * rates.input)
            assert rates.output == pytest.approx(5 * rates.input)
    reads = {model: prices.find(model).cache_read / prices.find(model).input for model in (
        "claude-fable-5-2", "claude-fable-5-1", "claude-opus-5-5", "claude-sonnet-5-5", "claude-opus-5"
    )}  # fmt: skip
    assert reads == pytest.approx({
        "claude-fable-5-2": 0.025, "claude-fable-5-1": 0.025, "claude-opus-5-5": 0.05, "claude-sonnet-5-5": 0.05,
        "claude-opus-5": 0.1,
    })  # fmt: skip


@pytest.mark.parametrize("model", ["claude-mythos-preview", "claude-opus-5-20260723", ""])
def test_a_model_without_a_confirmed_price_has_none(prices, model):
    assert prices.find(model) is None
    assert entry_cost(usage(input_tokens=5), model, prices) is None


def test_at_most_is_half_of_input_by_two_bytes_a_token_and_max_tokens(prices):
    # 2,000,000 bytes are at most 1,000,000 tokens at $5; 400,000 tokens out at $25 are $10.
    cost = cost_at_most([ModelTotals("claude-opus-5", 100, 2_000_000, 400_000)], prices)
    assert (cost.standard, cost.batch) == pytest.approx((15.0, 7.5))
    assert (cost.input_tokens, cost.output_tokens) == (1_000_000, 400_000)


def test_at_most_takes_the_dearest_rate_that_applies(prices):
    def batch(**facts):
        return cost_at_most([ModelTotals("claude-haiku-5-5", 1, 2_000_000, 1_000_000, **facts)], prices).batch

    assert batch() == pytest.approx((0.10 + 0.50) / 2)
    assert batch(uses_cache=True) == pytest.approx((0.20 + 0.50) / 2)
    assert batch(long_prompts=True) == pytest.approx((0.50 + 2.50) / 2)
    assert batch(in_us=True) == pytest.approx(1.1 * (0.10 + 0.50) / 2)
    assert batch(uses_cache=True, long_prompts=True, in_us=True) == pytest.approx(1.1 * (1.00 + 2.50) / 2)


def test_about_is_the_input_alone_by_3_6_bytes_a_token(prices):
    cost = cost_about([ModelTotals("claude-sonnet-5", 10, 3_600_000, 999, uses_cache=True)], prices)
    assert (cost.batch, cost.input_tokens, cost.output_tokens) == (pytest.approx(1.0), 1_000_000, 0)


def test_models_without_a_price_are_named_and_in_no_figure(prices):
    groups = [
        ModelTotals("claude-opus-5", 1, 2_000_000, 0),
        ModelTotals("mine", 7, 2_000_000, 9, open_ended=2),
    ]
    cost = cost_at_most(groups, prices)
    assert cost.batch == pytest.approx(2.5)
    assert (cost.unpriced, cost.unpriced_requests, cost.open_ended) == (("mine",), 7, 2)


def test_a_result_costs_half_of_every_kind_of_token(prices):
    # Opus 5: 1000·5 + 2000·6.25 + 3000·10 + 4000·0.50 + 500·25 = 62,000 per million; half of it.
    spent = usage(
        input_tokens=1000,
        cache_creation_input_tokens=5000,
        cache_creation={"ephemeral_5m_input_tokens": 2000, "ephemeral_1h_input_tokens": 3000},
        cache_read_input_tokens=4000,
        output_tokens=500,
        inference_geo="not_available",
        service_tier="batch",
    )
    assert entry_cost(spent, "claude-opus-5", prices) == pytest.approx(0.031)


def test_a_cache_write_of_unstated_length_is_one_of_five_minutes(prices):
    spent = usage(input_tokens=0, cache_creation_input_tokens=1_000_000, cache_creation=None)
    assert entry_cost(spent, "claude-opus-5", prices) == pytest.approx(3.125)


def test_us_inference_costs_a_tenth_more_but_searches_do_not(prices):
    spent = usage(
        input_tokens=1_000_000,
        inference_geo="us",
        server_tool_use={"web_search_requests": 3, "web_fetch_requests": 1},
    )
    assert entry_cost(spent, "claude-sonnet-5", prices) == pytest.approx(1.1 * 1.0 + 0.03)


@pytest.mark.parametrize(
    ("prompt", "cost"),
    [(100_000, (0.1 * 0.10 + 0.01 * 0.50) / 2), (100_001, (0.100001 * 0.50 + 0.01 * 2.50) / 2)],
)
def test_haiku_5_5_costs_more_for_every_token_above_its_threshold(prices, prompt, cost):
    spent = usage(input_tokens=prompt, output_tokens=10_000)
    assert entry_cost(spent, "claude-haiku-5-5", prices) == pytest.approx(cost)


def test_haikus_threshold_counts_cached_tokens_too(prices):
    spent = usage(
        input_tokens=1,
        cache_read_input_tokens=60_000,
        cache_creation={"ephemeral_5m_input_tokens": 40_000, "ephemeral_1h_input_tokens": 0},
    )
    expected = (0.50 * 1 + 0.05 * 60_000 + 0.625 * 40_000) / 2_000_000
    assert entry_cost(spent, "claude-haiku-5-5", prices) == pytest.approx(expected)


def test_fields_the_api_leaves_null_count_nothing(prices):
    spent = usage(
        input_tokens=2,
        output_tokens=None,
        cache_read_input_tokens=None,
        server_tool_use=None,
        inference_geo=None,
    )
    assert entry_cost(spent, "claude-opus-5", prices) == pytest.approx(0.000005)


OWN = b"""
as_of = 2026-11-20
[[model]]
ids = ["mine", "claude-opus-5"]
as_of = 2026-11-20
input = 1.0
cache_write_5m = 1.25
cache_write_1h = 2.0
cache_read = 0.1
output = 2.0
"""


def test_the_users_own_rows_come_first():
    prices = load_prices(BUILT_IN, OWN)
    assert prices.as_of == date(2026, 11, 20)
    assert prices.find("mine").output == prices.find("claude-opus-5").output == 2.0
    assert prices.find("claude-opus-4-8").output == 25.0


def test_a_threshold_of_the_users_own_below_ours_prices_all_requests_as_long():
    longer = OWN + b"[model.long]\nabove = 10\ninput = 9.0\ncache_write_5m = 1.0\ncache_write_1h = 1.0\n"
    prices = load_prices(BUILT_IN, longer + b"cache_read = 1.0\noutput = 9.0\n")
    assert cost_at_most([ModelTotals("mine", 1, 2_000_000, 0)], prices).standard == pytest.approx(9.0)


@pytest.mark.parametrize("data", [b"x = ", b"\xff", b"colour = 1", b"[[model]]\nids = 3"])
def test_a_price_file_we_cannot_use_is_one_sentence(data):
    with pytest.raises(ConfigError, match=r"your prices.toml cannot be used: "):
        load_prices(BUILT_IN, data)
