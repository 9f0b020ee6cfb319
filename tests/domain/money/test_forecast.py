"""What is said of a cost before it is paid, with a count in hand: dollars for input, answers and the cache."""

from __future__ import annotations

from datetime import date

import pytest

from claude_batch_tui.domain.money.pricing import CostForecast, InputCount, OutputHistory, cost_forecast
from claude_batch_tui.domain.requests.draft import ModelTotals, SharedPrefix
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.wording.costs import forecast_lines

PRICES = built_in_prices()
N, INPUT, OUTPUT = 10_000, 2_000, 500
BYTES = int(INPUT * 3.6)


def forecast(*, shared: int = 0, history: OutputHistory | None = None, least: int = 1_024) -> CostForecast:
    """10,000 documents of 2,000 tokens with 500 for the answer on Sonnet 4.6, all counted."""
    return cost_forecast(
        [ModelTotals("claude-sonnet-4-6", N, N * BYTES, N * OUTPUT)],
        PRICES,
        counted=InputCount(N * INPUT, 20, 0.01),
        history=history,
        shared=SharedPrefix(int(shared * 3.6), "claude-sonnet-4-6", least),
        models_as_of=date(2026, 11, 29),
    )


def test_ten_thousand_documents_cost_67_50_in_a_batch_and_135_without() -> None:
    said = list(forecast_lines(forecast()))
    assert said == [
        (
            "cost      at most $67.50 with the input as counted, at most $91.50 whatever the count; "
            "prices and models as of 2026-11-29"
        ),
        "standard  at most $135.00; batching saves up to $67.50",
        "input     20,000,000 tokens, $30.00, by the API's count of 20 requests, ±1%",
        "output    at most 5,000,000 tokens ($37.50) (every answer at max_tokens)",
    ]


def test_with_a_history_of_answers_the_likely_cost_stands_beside_it() -> None:
    said = list(forecast_lines(forecast(history=OutputHistory(3, 100.0))))
    assert said[0].startswith(
        "cost      likely $37.50, at most $67.50 with the input as counted, at most $91.50 whatever"
    )
    assert said[1] == "standard  likely $75.00, at most $135.00; batching saves $37.50"
    assert said[3] == (
        "output    likely 1,000,000 tokens ($7.50), as in 3 earlier batches; at most 5,000,000 ($37.50)"
    )


def test_the_seeds_51_75_with_caching_needs_58_percent_of_the_input_shared() -> None:
    # (67.50 - 51.75) / (20 million tokens at $1.50, less the read at $0.15) is 58.3 %; the write for an hour costs a cent.
    shared = round(0.5836 * INPUT)
    caching = forecast(shared=shared).caching
    assert caching is not None
    assert caching.cost.batch == pytest.approx(51.75, abs=0.02)
    assert caching.saved == pytest.approx(caching.shared_tokens * ((N - 1) * 1.35e-6 - 1.5e-6))
    assert (caching.break_even_requests, round(caching.break_even_hits, 3)) == (3, 0.526)
    assert list(forecast_lines(forecast(shared=shared)))[4] == (
        "caching   the first 1,166 tokens of every request are the same (58% of all input): at most $51.76 with one write "
        "for an hour and reads by all others, $15.74 less; pays from 3 requests on, where 53% of them find it"
    )


@pytest.mark.parametrize(("shared", "least"), [(1_000, 1_024), (0, 0)])
def test_a_prefix_that_is_too_short_to_be_cached_is_not_offered(shared: int, least: int) -> None:
    assert forecast(shared=shared, least=least).caching is None


def test_two_requests_share_too_little_to_pay_for_a_write() -> None:
    shared = SharedPrefix(7_200, "claude-sonnet-4-6", 1_024)
    groups = [ModelTotals("claude-sonnet-4-6", 2, 15_000, 10)]
    assert cost_forecast(groups, PRICES, shared=shared).caching is None
    groups = [ModelTotals("claude-sonnet-4-6", 3, 22_000, 10)]
    assert cost_forecast(groups, PRICES, shared=shared).caching is not None


@pytest.mark.parametrize(("tokens", "rates"), [(90_000, (0.10, 0.50)), (110_000, (0.50, 2.50))])
def test_a_count_tells_both_tiers_of_haiku_apart(tokens: int, rates: tuple[float, float]) -> None:
    group = ModelTotals("claude-haiku-5-5", 10, 10 * tokens * 3, 10_000, long_prompts=True)
    counted = cost_forecast([group], PRICES, counted=InputCount(10 * tokens, 10, 0.0)).counted_at_most
    assert counted is not None
    assert counted.batch == pytest.approx((10 * tokens * rates[0] + 10_000 * rates[1]) / 2e6)


def test_requests_that_write_to_the_cache_are_counted_at_what_a_write_costs() -> None:
    group = ModelTotals("claude-sonnet-4-6", 10, 36_000, 1_000, uses_cache=True)
    counted = cost_forecast([group], PRICES, counted=InputCount(10_000, 10, 0.0)).counted_at_most
    assert counted is not None
    assert counted.batch == pytest.approx((10_000 * 6 + 1_000 * 15) / 2e6)


def test_a_limit_that_is_the_same_in_cents_however_it_is_counted_is_said_once() -> None:
    few = cost_forecast(
        [ModelTotals("claude-sonnet-4-6", 10, 1_000, 10_000)],
        PRICES,
        counted=InputCount(250, 10, 0.0),
        models_as_of=date(2026, 11, 28),
    )
    assert next(forecast_lines(few)) == (
        "cost      at most $0.08; prices as of 2026-11-29, models as of 2026-11-28"
    )
