from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.filters.language import Both, Condition, Either, FilterError, Not, parse
from claude_batch_tui.services.filters.selecting import EntryTable, mask_of, positions_of
from claude_batch_tui.store.results.index import ResultsIndex


def test_an_empty_text_filters_nothing():
    assert parse("  ") is None


def test_a_bare_word_means_a_part_of_the_id():
    assert parse("T-9") == Condition("id", ":", "T-9")
    assert parse('"two words"') == Condition("id", ":", "two words")


def test_not_binds_closer_than_and_and_and_closer_than_or():
    a, b, c = (Condition("id", ":", letter) for letter in "abc")
    assert parse("not a and b or c") == Either(Both(Not(a), b), c)
    assert parse("a (b or c)") == Both(a, Either(b, c))


def test_outcomes_have_short_names():
    assert parse("outcome=ok") == Condition("outcome", "=", "succeeded")


def test_classes_are_known_by_the_words_on_the_screen():
    assert parse("class=good") == Condition("class", "=", "complete")
    assert parse("class!=cut") == Condition("class", "!=", "truncated")


def test_a_value_in_json_is_named_with_a_dot_as_with_a_path():
    assert (
        parse('json.label = "x y"') == parse('json:$.label="x y"') == Condition("json", "=", "x y", "$.label")
    )
    assert parse('not json["a b"][0]') == Not(Condition("json", "exists", "", '$["a b"][0]'))


@pytest.mark.parametrize("text", ["json.", "json.label=", "json[", 'json.label="x'])
def test_a_value_in_json_that_is_still_being_typed_is_no_part_of_an_id(text):
    with pytest.raises(FilterError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("outcom=ok", "no field 'outcom'"),
        ("in:5", "in is a number"),
        ("out>many", "whole number"),
        ("id<5", "id is a word"),
        ("id~[", "regular expression"),
        ("(a", "closing parenthesis"),
        ("a )", "one too many"),
        ("a and", "condition is missing before the end"),
        ('"open', "quote is not closed at character 1"),
        ("or b", "condition is missing before 'or' at character 1"),
    ],
)
def test_what_cannot_be_understood_is_said_with_its_place(text, words):
    with pytest.raises(FilterError, match=re.escape(words)):
        parse(text)


ids = st.text("ab-", max_size=3)
rows = st.lists(
    st.tuples(
        ids,
        st.sampled_from(["succeeded", "errored", "canceled", "expired"]),
        st.integers(0, 9),
        st.sampled_from(["end_turn", "max_tokens"]),
    ),
    max_size=12,
)
words = st.builds(
    Condition,
    st.just("id"),
    st.sampled_from(["=", "!=", ":", "~"]),
    st.sampled_from(["a", "b", "ab", "-", "a-"]),
)
outcomes = st.builds(
    Condition,
    st.just("outcome"),
    st.sampled_from(["=", "!=", ":"]),
    st.sampled_from(["succeeded", "errored"]),
)
numbers = st.builds(
    Condition,
    st.sampled_from(["in", "out"]),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(["0", "4", "9"]),
)
filters = st.recursive(
    words | outcomes | numbers,
    lambda inner: st.builds(Not, inner) | st.builds(Both, inner, inner) | st.builds(Either, inner, inner),
    max_leaves=5,
)


def naive(wanted, row):
    custom_id, outcome, tokens, _ = row
    match wanted:
        case Not(inner):
            return not naive(inner, row)
        case Both(left, right):
            return naive(left, row) and naive(right, row)
        case Either(left, right):
            return naive(left, row) or naive(right, row)
        case Condition(field, op, value):
            actual = {"id": custom_id, "outcome": outcome}.get(field)
            if actual is None:
                number = tokens if outcome == "succeeded" else 0
                expression = f"{number} {'==' if op == '=' else op} {value}"
                return eval(expression)
            return {
                "=": actual == value,
                "!=": actual != value,
                ":": value in actual,
                "~": bool(re.search(value, actual)),
            }[op]


@pytest.mark.slow
@given(rows, filters)
@settings(deadline=None, max_examples=300)
def test_a_selection_is_what_a_naive_filter_lets_through(table, wanted):
    index = ResultsIndex()
    for custom_id, outcome, tokens, stop in table:
        usage = {"input_tokens": tokens, "output_tokens": tokens}
        result = {"type": outcome}
        if outcome == "succeeded":
            result["message"] = {"usage": usage, "stop_reason": stop}
        index.feed(json.dumps({"custom_id": custom_id, "result": result}).encode() + b"\n")
    columns = EntryTable(index, None, index.count)
    assert list(positions_of(mask_of(wanted, columns))) == [
        n for n, row in enumerate(table) if naive(wanted, row)
    ]
