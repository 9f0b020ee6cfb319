from __future__ import annotations

import re

import pytest

from claude_batch_tui.domain.batches.filter import batch_filter
from claude_batch_tui.domain.filters.language import Both, Condition, Either, FilterError, Not, parse
from claude_batch_tui.domain.filters.narrowing import narrows
from claude_batch_tui.domain.filters.pattern import Pattern
from claude_batch_tui.domain.filters.text_match import text_anchor
from claude_batch_tui.domain.filters.tree import conditions

_SLOW_ENOUGH = "x" * 5_000
"""For an expression that takes some milliseconds of it."""


def test_a_match_that_takes_longer_than_it_may_gives_up_and_says_on_what():
    with pytest.raises(FilterError, match=r"gave up, as 'x\*y' takes more than 1e-06 s on one text of 5,000"):
        Pattern("x*y", seconds=1e-6).fits(_SLOW_ENOUGH)
    assert not Pattern("x*y").fits(_SLOW_ENOUGH)


def test_an_expression_has_a_greatest_length():
    with pytest.raises(FilterError, match=re.escape("it may have 1,000")):
        parse(f'text~"{"a" * 1_001}"')


def test_expressions_know_letters_beyond_ascii_and_look_around():
    assert Pattern(r"\büber\b(?= Nacht)").fits("das war über Nacht")


@pytest.mark.parametrize("pattern", [r"\x41bcdef", r"\p{L}bcdef", r"[[:alpha:]]bcdef", r"(a)\1bcdef"])
def test_an_escape_that_takes_characters_after_it_makes_no_anchor(pattern):
    assert text_anchor(Condition("text", "~", pattern)) is None


@pytest.mark.parametrize("parsed", [parse, batch_filter])
@pytest.mark.parametrize("text", ["(" * 200 + "a" + ")" * 200, "not " * 200 + "a"])
def test_a_filter_that_nests_too_deep_is_refused_with_the_place(parsed, text):
    with pytest.raises(FilterError, match="more than 128 levels deep"):
        parsed(text)


def test_a_filter_with_a_thousand_ids_is_a_tree_of_few_levels():
    wanted = parse(" or ".join(f"id=T-{number}" for number in range(1_000)))

    def depth(part):
        match part:
            case Both(left, right) | Either(left, right):
                return 1 + max(depth(left), depth(right))
            case Not(inner):
                return 1 + depth(inner)
            case _:
                return 1

    assert depth(wanted) == 11
    assert [each.value for each in conditions(wanted)] == [f"T-{number}" for number in range(1_000)]


def test_a_filter_has_a_greatest_length_and_a_greatest_number_of_conditions():
    with pytest.raises(FilterError, match="100,000"):
        parse("a" * 100_001)
    with pytest.raises(FilterError, match="2,001 conditions"):
        parse("a " * 2_001)


def test_whether_one_filter_narrows_another_is_decided_soon_however_many_parts_they_have():
    both = parse(" ".join(f"a{number}" for number in range(60)))
    either = parse(" or ".join(f"b{number}" for number in range(60)))
    assert not narrows(both, either)
    assert narrows(parse("a b c d e"), parse("a b c"))


@pytest.mark.parametrize("text", ["in>" + "9" * 5_000, "json:$" + ".a" * 200, "json:$" + ".a" * 200 + "=1"])
def test_numbers_and_paths_that_are_too_long_are_refused(text):
    with pytest.raises(FilterError, match="Filter: "):
        parse(text)
