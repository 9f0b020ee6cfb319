"""The cost figures that the batch scripts before this program were published with, against the prices: which hold, and
what those that do not left out.
"""

from __future__ import annotations

import pytest

from claude_batch_tui.domain.money.pricing import Usage
from claude_batch_tui.domain.money.spend import spent
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.wording.values import money

PRICES = built_in_prices()
HAIKU, SONNET, OPUS = "claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-6"


def cost(model: str, requests: int, read: int, written: int) -> tuple[float, float]:
    """What so many requests cost in a batch and outside of one, each with these tokens."""
    found = spent([(Usage(input_tokens=read, output_tokens=written), model)] * requests, PRICES)
    return found.usd, found.standard


@pytest.mark.parametrize(
    ("model", "read", "written"), [(OPUS, 2.5, 12.5), (SONNET, 1.5, 7.5), (HAIKU, 0.5, 2.5)]
)
def test_the_published_prices_of_a_batch_are_those_of_the_table(
    model: str, read: float, written: float
) -> None:
    price = PRICES.find(model)
    assert price is not None
    assert (price.input * PRICES.batch_factor, price.output * PRICES.batch_factor) == (read, written)


def test_ten_thousand_summaries_cost_what_was_published_on_sonnet_and_not_on_the_opus_of_the_examples() -> (
    None
):
    assert cost(SONNET, 10_000, 2_000, 500) == pytest.approx((67.5, 135.0))
    assert cost(OPUS, 10_000, 2_000, 500) == pytest.approx((112.5, 225.0))


def test_five_documents_were_published_by_their_output_alone_and_at_the_price_of_sonnet() -> None:
    # Published for about 500 tokens of output each: $0.04, and $0.02 in a batch.
    batch, standard = cost(SONNET, 5, 0, 500)
    assert (round(standard, 2), round(batch, 2)) == (0.04, 0.02)
    # With 200 tokens of input each, and on the model that the example names:
    assert cost(OPUS, 5, 200, 500) == pytest.approx((0.03375, 0.0675))


def test_ten_products_were_published_by_their_output_alone_and_at_the_price_of_sonnet() -> None:
    # Published for about 300 tokens of output each: $0.045, and $0.0225 in a batch.
    assert cost(SONNET, 10, 0, 300) == pytest.approx((0.0225, 0.045))
    assert cost(OPUS, 10, 150, 300) == pytest.approx((0.04125, 0.0825))


def test_of_the_published_costs_of_whole_examples_one_is_haikus_and_one_prices_output_as_input() -> None:
    # "Example 1: 5 documents, 200 in, 100 out, ~$0.002": on Haiku, to the digit that was given.
    batch, _ = cost(HAIKU, 5, 200, 100)
    assert money(batch) == "$0.0018"
    # "Example 2: 10 products, 150 in, 300 out, ~$0.0045": 3,000 tokens at Sonnet's price of *input*; on no model so cheap.
    assert pytest.approx(0.0045) == 10 * 300 * 1.5 / 1e6
    assert [round(cost(model, 10, 150, 300)[0], 5) for model in (HAIKU, SONNET, OPUS)] == [
        0.00825,
        0.02475,
        0.04125,
    ]
