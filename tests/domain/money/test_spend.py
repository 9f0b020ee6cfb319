"""What a batch cost, against figures worked out by hand."""

from importlib import resources

import msgspec
import pytest

from claude_batch_tui.domain.money.pricing import Usage, load_prices
from claude_batch_tui.domain.money.spend import likely_cost, spent

PRICES = load_prices((resources.files("claude_batch_tui.domain") / "prices.toml").read_bytes())


def usage(**fields):
    return msgspec.convert(fields, Usage)


def test_a_batch_costs_half_of_its_tokens_at_the_standard_price():
    # Opus 5: 1,000,000 tokens in are $5, 400,000 out $10.
    answers = [(usage(input_tokens=500_000, output_tokens=200_000), "claude-opus-5")] * 2
    spend = spent(answers, PRICES)
    assert (spend.usd, spend.standard, spend.uncached) == pytest.approx((7.5, 15.0, 7.5))
    assert (spend.succeeded, spend.unpriced, spend.models) == (2, 0, ("claude-opus-5",))
    assert spend.as_of == PRICES.as_of


def test_the_cache_saves_what_its_tokens_had_cost_as_fresh_input():
    # Opus 5 in a batch: 1,000,000 read from the cache are $0.25, and $2.50 as input.
    spend = spent([(usage(cache_read_input_tokens=1_000_000), "claude-opus-5")], PRICES)
    assert (spend.usd, spend.uncached, spend.cache_saved) == pytest.approx((0.25, 2.5, 2.25))


def test_a_cache_that_was_only_written_costs_more_than_it_saves():
    spend = spent([(usage(cache_creation_input_tokens=1_000_000), "claude-opus-5")], PRICES)
    assert spend.cache_saved == pytest.approx(2.5 - 3.125)
    assert spend.cache_written_tokens == 1_000_000


def test_answers_of_a_model_without_a_price_are_counted_and_in_no_sum():
    spend = spent([(usage(input_tokens=9), "mine"), (usage(output_tokens=200_000), "claude-opus-5")], PRICES)
    assert spend.usd == pytest.approx(2.5)
    assert (spend.unpriced, spend.unpriced_models) == (1, ("mine",))


def test_no_answers_cost_nothing():
    assert spent([], PRICES).usd == 0


def test_the_likely_cost_is_the_median_cost_of_an_answer_times_the_requests():
    assert likely_cost(100, [(10, 1.0), (10, 2.0), (10, 9.0)]) == pytest.approx(20.0)
    assert likely_cost(100, []) is None
