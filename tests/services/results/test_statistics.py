from __future__ import annotations

import json

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.results.statistics import FIRST, statistics
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.wording.results import statistics_lines


@pytest.fixture
def prices(own_folders):
    return read_prices(load({})[0])


@pytest.fixture
def opened(opened_lines):
    def write(*results):
        return opened_lines({"custom_id": str(n), "result": result} for n, result in enumerate(results))

    return write


def answer(stop="end_turn", model="claude-haiku-4-5", **usage):
    content = [{"type": "text", "text": "x"}]
    usage = {"input_tokens": 1000, "output_tokens": 100, **usage}
    return {
        "type": "succeeded",
        "message": {"model": model, "content": content, "stop_reason": stop, "usage": usage},
    }


def errored(kind):
    return {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": "m"}}}


def of(prices, *files):
    *_, last = statistics([(file.index, range(file.index.count)) for file in files], prices)
    return last


def test_outcomes_answers_stop_reasons_and_errors_are_counted(opened, prices):
    found = of(
        prices,
        opened(
            answer(), answer("max_tokens"), errored("api_error"), errored("api_error"), {"type": "expired"}
        ),
        opened(answer()),
    )
    assert found.entries == found.expected == 6
    assert found.outcomes == {"succeeded": 3, "errored": 2, "expired": 1}
    assert found.answers == {"complete": 2, "truncated": 1}
    assert found.stop_reasons == {"end_turn": 2, "max_tokens": 1}
    assert found.error_types == {"api_error": 2}


def test_tokens_and_cost_are_summed_and_spread(opened, prices):
    found = of(prices, opened(answer(), answer(output_tokens=1_000_000), errored("api_error")))
    assert (found.input_tokens.total, found.output_tokens.total) == (2000, 1_000_100)
    assert found.output_tokens.most == 1_000_000
    assert found.cost.total == pytest.approx(found.spend.usd)
    assert found.cost.most == pytest.approx(0.0005 + 2.5)


def test_a_cache_that_is_read_saves_and_one_that_is_only_written_loses(opened, prices):
    written = {"cache_creation_input_tokens": 1_000_000}
    lost = of(prices, opened(answer(input_tokens=0, **written)))
    assert lost.spend.cache_saved == pytest.approx(0.5 - 0.625)
    assert "lost $0.12" in "\n".join(statistics_lines(lost))
    read = of(prices, opened(answer(input_tokens=0, cache_read_input_tokens=1_000_000)))
    assert read.spend.cache_read_tokens == read.all_input > 0
    assert read.spend.cache_saved == pytest.approx(0.5 - 0.05)
    assert "saved $0.45" in "\n".join(statistics_lines(read))


def test_a_model_without_a_price_is_named_and_in_no_sum(opened, prices):
    found = of(prices, opened(answer(), answer(model="unheard-of")))
    assert found.cost.count == 1
    assert "without 1 of unheard-of: no price known" in "\n".join(statistics_lines(found))


def test_lines_that_cannot_be_read_are_counted_and_harmless(tmp_path, prices):
    path = tmp_path / "x.jsonl"
    odd = {"type": "succeeded", "message": {"usage": {"input_tokens": "many"}}}
    lines = [
        json.dumps({"custom_id": name, "result": result}) for name, result in (("a", odd), ("b", answer()))
    ]
    path.write_text("{broken\n" + "\n".join(lines) + "\n[]\n")
    with open_indexed(path) as file:
        found = of(prices, file)
    assert found.entries == 4
    assert found.cost.count == 1


def test_numbers_grow_while_they_are_counted(opened, prices):
    file = opened(*[answer()] * (FIRST + 1))
    seen = list(statistics([(file.index, range(file.index.count))], prices))
    assert [found.entries for found in seen] == [FIRST, FIRST + 1]
    assert {found.expected for found in seen} == {FIRST + 1}
