"""What 25 answers cost in a batch, each worked out by hand from the price page, and each by every way we have to say it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from claude_batch_tui.domain.results.line import read_result
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.exporting.rows import RowReader
from claude_batch_tui.services.results.browse import cost_of
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.statistics import statistics
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.index_file import load_index, save_index

PRICES = built_in_prices()
_TEXT = [{"type": "text", "text": "yes"}]


def _answer(model: str, usage: dict[str, Any], **message: Any) -> dict[str, Any]:
    ended = {"model": model, "content": _TEXT, "stop_reason": "end_turn", "usage": usage}
    return {"type": "succeeded", "message": ended | message}


def _tokens(
    fresh: int, out: int, *, read: int = 0, five: int = 0, hour: int = 0, **more: Any
) -> dict[str, Any]:
    return {
        "input_tokens": fresh,
        "output_tokens": out,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": five + hour,
        "cache_creation": {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
        **more,
    }


def _refusal(category: str | None, content: list[Any], usage: dict[str, Any]) -> dict[str, Any]:
    details = {"type": "refusal", "category": category, "explanation": None}
    return _answer("claude-opus-5", usage, content=content, stop_reason="refusal", stop_details=details)


def _advisor(fresh: int, out: int, model: str = "claude-opus-5-5", **more: int) -> dict[str, Any]:
    return {"type": "advisor_message", "model": model, **_tokens(fresh, out, **more)}


# Dollars a million tokens: half of (tokens of each kind, each at its rate).
BILLS = {
    "plain": (_answer("claude-sonnet-4-6", _tokens(2_000, 500)), (2_000 * 3 + 500 * 15) / 2),
    "dated id": (_answer("claude-haiku-4-5-20251001", _tokens(2_000, 500)), (2_000 * 1 + 500 * 5) / 2),
    "mythos 5.2": (_answer("claude-mythos-5-2", _tokens(10_000, 1_000)), (10_000 * 8 + 1_000 * 40) / 2),
    "fable 5.1 read": (_answer("claude-fable-5-1", _tokens(9, 1, read=40_000)), (9 * 10 + 50 + 40_000 * 0.25) / 2),
    "haiku at its tier": (_answer("claude-haiku-5-5", _tokens(100_000, 900)), (100_000 * 0.10 + 900 * 0.50) / 2),
    "haiku above it": (_answer("claude-haiku-5-5", _tokens(100_001, 900)), (100_001 * 0.50 + 900 * 2.50) / 2),
    "haiku above it by its cache": (
        _answer("claude-haiku-5-5", _tokens(1, 900, read=60_000, five=30_000, hour=10_000)),
        (1 * 0.50 + 60_000 * 0.05 + 30_000 * 0.625 + 10_000 * 1.0 + 900 * 2.50) / 2,
    ),
    "5-minute write": (_answer("claude-opus-5", _tokens(10, 20, five=8_000)), (50 + 500 + 8_000 * 6.25) / 2),
    "1-hour write": (_answer("claude-opus-5", _tokens(10, 20, hour=8_000)), (50 + 500 + 8_000 * 10) / 2),
    "both writes and a read": (
        _answer("claude-opus-5-5", _tokens(100, 50, read=7_000, five=300, hour=12_004)),
        (100 * 4 + 50 * 20 + 7_000 * 0.20 + 300 * 5 + 12_004 * 8) / 2,
    ),
    "write of unstated length": (
        _answer("claude-haiku-4-5", {"input_tokens": 3, "cache_creation_input_tokens": 12_304, "output_tokens": 550}),
        (3 * 1 + 12_304 * 1.25 + 550 * 5) / 2,
    ),
    "in the US": (
        _answer("claude-sonnet-5", _tokens(9_000, 800, inference_geo="us")), 1.1 * (9_000 * 2 + 800 * 10) / 2
    ),
    "anywhere": (_answer("claude-sonnet-5", _tokens(9_000, 800, inference_geo="global")), (9_000 * 2 + 800 * 10) / 2),
    "searches": (
        _answer("claude-haiku-4-5", _tokens(3, 550, server_tool_use={"web_search_requests": 2})),
        (3 * 1 + 550 * 5) / 2 + 20_000,
    ),
    "refused before output, bio": (_refusal("bio", [], _tokens(2_000, 1)), (2_000 * 5 + 1 * 25) / 2),
    "refused before output, cyber": (_refusal("cyber", [], _tokens(2_000, 1)), 0.0),
    "refused in the middle": (_refusal("cyber", _TEXT, _tokens(2_000, 300)), (2_000 * 5 + 300 * 25) / 2),
    "unknown model": (_answer("eu.anthropic.claude-haiku-4-5-20251001-v1:0", _tokens(100, 20)), math.nan),
    "errored": ({"type": "errored", "error": {"error": {"type": "api_error", "message": "x"}}}, 0.0),
    "an advisor": (
        _answer("claude-haiku-5-5", _tokens(500, 500, iterations=[_advisor(100_823, 1_612)])),
        (500 * 0.10 + 500 * 0.50 + 100_823 * 4 + 1_612 * 20) / 2,
    ),
    "two compactions": (
        _answer("claude-opus-5-5", _tokens(23_000, 1_000, iterations=[
            {"type": "compaction", **_tokens(180_000, 3_500)},
            {"type": "message", "model": "claude-opus-5-5", **_tokens(23_000, 1_000)},
        ])),
        ((180_000 + 23_000) * 4 + (3_500 + 1_000) * 20) / 2,
    ),
    "a declined attempt": (
        _answer("claude-sonnet-5", _tokens(1_000, 100, iterations=[
            {"type": "message", "model": "claude-fable-5", **_tokens(1_000, 5)},
            {"type": "fallback_message", "model": "claude-sonnet-5", **_tokens(1_000, 100)},
        ])),
        (1_000 * 2 + 100 * 10) / 2,
    ),
    "an advisor without a price": (
        _answer("claude-haiku-5-5", _tokens(500, 500, iterations=[_advisor(9, 9, model="mine")])), math.nan
    ),
    "an iteration nobody knows": (
        _answer("claude-haiku-5-5", _tokens(500, 500, iterations=[{"type": "new", **_tokens(9, 9)}])), math.nan
    ),
    "an advisor with a cache, in the US": (
        _answer("claude-haiku-5-5", _tokens(500, 500, inference_geo="us", iterations=[
            _advisor(10, 20, read=9_000, hour=1_000), _advisor(100_001, 20, model="claude-haiku-5-5"),
        ])),
        1.1 * (300 + 40 + 9_000 * 0.20 + 1_000 * 8 + 400 + 100_001 * 0.50 + 20 * 2.50) / 2,
    ),
}  # fmt: skip


def _index(*lines: bytes) -> ResultsIndex:
    index = ResultsIndex()
    for line in lines:
        index.feed(line + b"\n")
    index.finish()
    return index


def _line(result: dict[str, Any]) -> bytes:
    return json.dumps({"custom_id": "a", "result": result}).encode()


def test_there_are_25_of_them() -> None:
    assert len(BILLS) == 25


@pytest.mark.parametrize("name", BILLS)
def test_an_answer_costs_the_same_in_every_list(name: str) -> None:
    result, dollars = BILLS[name]
    expected = pytest.approx(dollars / 1e6, rel=1e-9, abs=1e-12, nan_ok=True)
    line = _line(result)
    index = _index(line)
    numbers = list(statistics([(index, range(1))], PRICES))[-1]
    said = {
        "index": index.cost(0, PRICES),
        "column": EntryCosts(index, PRICES).column(1)[0],
        "export": RowReader(PRICES).values(line, "b")[9],
        "statistics": numbers.spend.usd if not numbers.spend.unpriced else None,
        "total": EntryCosts(index, PRICES).total().usd if not math.isnan(dollars) else None,
    }
    if result["type"] == "succeeded":
        said["inspector"] = cost_of(read_result(line), PRICES)
    for way, cost in said.items():
        assert (math.nan if cost is None else cost) == expected, way


def test_the_known_figures_are_met_to_the_cent() -> None:
    costs = EntryCosts(_index(*(_line(BILLS[name][0]) for name in ("an advisor", "two compactions"))), PRICES)
    assert [round(cost, 4) for cost in costs.column(2).tolist()] == [0.2179, 0.451]


def test_a_saved_index_keeps_what_totals_leave_out(tmp_path) -> None:
    index = _index(*(_line(result) for result, _ in BILLS.values()))
    results = tmp_path / "results.jsonl"
    results.write_bytes(b"the index fits by size and time")
    save_index(index, results)
    loaded = load_index(results)
    assert loaded is not None
    assert loaded.is_intact()
    assert EntryCosts(loaded, PRICES).column(25).tolist() == pytest.approx(
        [dollars / 1e6 for _, dollars in BILLS.values()], nan_ok=True
    )
    assert EntryCosts(loaded, PRICES).total() == EntryCosts(index, PRICES).total()


def test_statistics_tell_tokens_of_advisors_and_compactions_apart() -> None:
    index = _index(_line(BILLS["an advisor"][0]), _line(BILLS["two compactions"][0]))
    spend = list(statistics([(index, range(2))], PRICES))[-1].spend
    assert (spend.input_tokens, spend.output_tokens) == (23_500, 1_500)
    assert spend.additional_tokens == 100_823 + 1_612 + 180_000 + 3_500
    assert spend.models == ("claude-haiku-5-5", "claude-opus-5-5")


@pytest.mark.parametrize(
    ("iterations", "dollars"),
    [
        (None, 0.0015),
        ([], 0.0015),
        ("none", 0.0015),
        ([7, None], 0.0015),
        ([_advisor(10_000, 100) | {"note": "x", "cache_creation": "y"}], 0.0015 + 0.021),
    ],
)
def test_iterations_of_another_shape_are_read_as_far_as_they_can_be(iterations: Any, dollars: float) -> None:
    index = _index(_line(_answer("claude-haiku-4-5", _tokens(2_000, 200, iterations=iterations))))
    assert EntryCosts(index, PRICES).column(1)[0] == pytest.approx(dollars)
    assert index.cost(0, PRICES) == pytest.approx(dollars)


def test_a_compaction_of_more_tokens_than_a_column_holds_is_priced_at_as_many_as_it_holds() -> None:
    huge = [{"type": "compaction", "input_tokens": 2**80, "output_tokens": "x"}]
    index = _index(_line(_answer("claude-haiku-4-5", _tokens(2_000, 200, iterations=huge))))
    assert EntryCosts(index, PRICES).column(1)[0] == pytest.approx(0.0015 + (2**32 - 1) / 2e6)
