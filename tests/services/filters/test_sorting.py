from __future__ import annotations

import pytest

from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.domain.results.result import SORT_COLUMNS, Sort
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.filters.finding import find_all
from claude_batch_tui.services.filters.sorting import in_order, parse_sort
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.statistics import error_groups

PRICES = built_in_prices()


def costs_of(results):
    return EntryCosts(results.index, PRICES)


def answer(custom_id, text, tokens, *, model="claude-haiku-4-5", stop="end_turn"):
    message = {
        "content": [{"type": "text", "text": text}],
        "model": model,
        "stop_reason": stop,
        "usage": {"input_tokens": tokens, "output_tokens": 10 - tokens},
    }
    return {"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}


def error(custom_id, message, kind="invalid_request_error"):
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return {"custom_id": custom_id, "result": {"type": "errored", "error": body}}


ENTRIES = [
    answer("b", "zebra", 5),
    answer("a", "Apple", 9, stop="max_tokens"),
    answer("c", "banana", 1, model="unknown"),
    error("d", "no"),
    answer("e", "apple", 5),
]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("#", "bacde"),
        ("#:desc", "edcab"),
        ("custom_id", "abcde"),
        ("id:desc", "edcba"),
        ("outcome", "baced"),
        ("class", "bcead"),
        ("stop", "dbcea"),
        ("in", "dcbea"),
        ("in:desc", "abecd"),
        ("out:desc", "cbead"),
        ("cost", "dabec"),
        ("cost:desc", "beadc"),
        ("text", "aecdb"),
    ],
)
def test_entries_are_sorted_by_any_column_and_those_alike_stay_in_file_order(opened_lines, text, order):
    results = opened_lines(ENTRIES)
    found = in_order(find_all(results, None, costs_of(results)), parse_sort(text), results, costs_of(results))
    assert "".join(results.index.custom_id(position) for position in found) == order


def test_entries_are_sorted_by_a_value_in_their_json_and_those_without_one_come_last(opened_lines):
    values = {"a": "2", "b": '"x"', "c": "-3.5", "d": "null", "e": "true", "f": "10", "g": '"Ab"'}
    lines = [answer(key, f'{{"v": {value}}}', 1) for key, value in values.items()]
    results = opened_lines(
        [*lines, answer("h", "no JSON", 1), error("i", "no"), answer("j", '{"v": 1e400}', 1)]
    )

    def order(text):
        found = in_order(
            find_all(results, None, costs_of(results)), parse_sort(text), results, costs_of(results)
        )
        return "".join(results.index.custom_id(position) for position in found)

    assert order("json.v") == "ecafjgbdhi"
    assert order("json.v:desc") == "bgjfacedhi"


def test_what_is_read_for_an_order_is_told_and_can_be_stopped(opened_lines):
    results, told = opened_lines(ENTRIES), []
    positions = find_all(results, None, costs_of(results))
    in_order(
        positions, Sort("text"), results, costs_of(results), tell=lambda done, of: told.append((done, of))
    )
    assert told == [(0, 5)]
    assert in_order(positions, Sort("json.v"), results, costs_of(results), lambda: True) is positions


def test_an_unknown_order_is_said_with_those_there_are():
    with pytest.raises(ConfigError, match="sort by one of custom_id"):
        parse_sort("price")
    with pytest.raises(ConfigError):
        parse_sort("cost:up")
    with pytest.raises(ConfigError):
        parse_sort("json.")


def test_a_column_asked_for_again_is_reversed_and_figures_begin_with_the_largest():
    assert Sort().turned("cost") == Sort("cost", descending=True)
    assert Sort("cost", descending=True).turned("cost") == Sort("cost")
    assert Sort("cost").turned("custom_id") == Sort("custom_id")
    assert Sort() == Sort(SORT_COLUMNS[0])


def test_errors_are_grouped_by_message_and_the_filter_of_a_group_finds_exactly_its_entries(opened_lines):
    long = 'prompt is too long: {} tokens > 200,000 maximum (request "{}")'
    results = opened_lines(
        [
            error("a", long.format("214,020", "x")),
            answer("b", long.format("1", "y"), 1),
            error("c", "Overloaded", "overloaded_error"),
            error("d", long.format("7", "é|\\")),
            error("e", "messages.3.content.0: text (must) be [a] 'string'"),
            error("f", "two lines\nand more 5"),
            error("g", "two lines\nand more 6"),
        ]
    )
    groups = error_groups(results)
    assert [(group.count, group.kind, group.shape) for group in groups] == [
        (2, "invalid_request_error", "prompt is too long: # tokens > # maximum (request “…”)"),
        (2, "invalid_request_error", "two lines"),
        (1, "overloaded_error", "Overloaded"),
        (1, "invalid_request_error", "messages.#.content.#: text (must) be [a] “…”"),
    ]
    found = [
        "".join(
            results.index.custom_id(position)
            for position in find_all(results, parse(group.wanted), costs_of(results))
        )
        for group in groups
    ]
    assert found == ["ad", "fg", "c", "e"]
