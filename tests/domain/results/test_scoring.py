from __future__ import annotations

import math

import pytest

from claude_batch_tui.domain.results.scoring import (
    Standing,
    by_value,
    majority,
    marked,
    mcnemar,
    normalised,
    number_of,
    score,
    wilson,
)


def of(pairs, ways=()):
    return by_value([marked(one, other, is_missing=False, ways=ways) for one, other in pairs])


TEN = [("a", "a")] * 4 + [("a", "b")] + [("b", "b")] * 3 + [("b", "a"), ("b", "c")]
"""Five a, five b: seven right. By hand: precision of a 4/5, recall 4/5; of b 3/4 and 3/5; chance (25 + 20) / 100."""


def test_figures_are_those_counted_by_hand():
    found = score(of(TEN))
    assert (found.entries, found.scored, found.right) == (10, 10, 7)
    assert [(one.label, one.support, one.answered) for one in found.labels] == [
        ("a", 5, 5), ("b", 5, 4), ("c", 0, 1),
    ]  # fmt: skip
    a, b, c = found.labels
    assert (a.precision, a.recall, a.f1) == pytest.approx((0.8, 0.8, 0.8))
    assert (b.precision, b.recall, b.f1) == pytest.approx((0.75, 0.6, 2 * 0.75 * 0.6 / 1.35))
    assert (c.precision, c.recall, c.f1) == (0, None, 0)
    assert found.kappa == pytest.approx((0.7 - 0.45) / (1 - 0.45))
    assert {(one.expected, one.answer): one.count for one in found.matrix} == {
        ("a", "a"): 4, ("a", "b"): 1, ("b", "b"): 3, ("b", "a"): 1, ("b", "c"): 1,
    }  # fmt: skip
    assert found.numbers is None


def test_the_interval_is_wilsons():
    found = wilson(7, 10)
    assert (found.low, found.high) == pytest.approx((0.3968, 0.8922), abs=5e-5)
    assert (wilson(0, 5).low, wilson(5, 5).high) == (0, 1)
    assert wilson(0, 5).high == pytest.approx(0.434482, abs=1e-6)


def test_what_cannot_be_scored_is_counted_apart():
    entries = [
        marked("a", "a", is_missing=False),
        marked("a", None, is_missing=False),
        marked("a", " ", is_missing=False),
        marked("a", None, is_missing=True),
        marked(None, "a", is_missing=False),
        marked(" ", "a", is_missing=False),
    ]
    found = score(by_value(entries))
    assert (found.scored, found.unparsable, found.missing, found.without_expected) == (1, 2, 1, 2)
    assert found.accuracy is not None
    assert found.accuracy.share == 1
    assert not found.is_whole
    assert entries[1].standing is Standing.UNPARSABLE


def test_nothing_scored_has_no_figures():
    found = score([])
    assert (found.accuracy, found.kappa, found.labels, found.macro_f1) == (None, None, (), None)


def test_one_label_alone_has_no_kappa():
    assert score(of([("a", "a")] * 3)).kappa is None


@pytest.mark.parametrize(
    ("text", "ways", "same"),
    [
        (" Billing ", (), "Billing"),
        ("Billing.", ("punct",), "Billing"),
        ("BILLING", ("case",), "billing"),
        ("a \n b", ("space",), "a b"),
        ("«A  B».", ("case", "space", "punct"), "a b"),
        ("e\u0301", (), "é"),
    ],
)
def test_what_is_looked_past_is_taken_out(text, ways, same):
    assert normalised(text, ways) == same


def test_numbers_are_equal_however_they_are_written_and_have_errors():
    found = score(of([("1", "1.0"), ("2", "4"), ("3", "5"), ("4", "many")]))
    assert (found.right, found.scored) == (1, 4)
    numbers = found.numbers
    assert numbers is not None
    assert (numbers.count, numbers.mean_error, numbers.mean_absolute_error) == pytest.approx(
        (3, 4 / 3, 4 / 3)
    )
    assert numbers.rmse == pytest.approx(math.sqrt(8 / 3))
    assert numbers.correlation == pytest.approx(0.960769, abs=1e-6)


def test_numbers_that_never_differ_have_no_correlation():
    numbers = score(of([("1", "2"), ("1", "3")])).numbers
    assert numbers is not None
    assert numbers.correlation is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("-1.5e3", -1500.0), ("1e999", None), ("nan", None), ("1,5", None), ("9" * 400, None), (".5", 0.5)],
)
def test_only_finite_numbers_are_numbers(text, number):
    assert number_of(text) == number


def test_the_paired_test_is_exact_where_few_differ():
    found = mcnemar([(True, True)] * 50 + [(True, False)] * 2 + [(False, True)] * 8 + [(False, False)])
    assert (found.both, found.only_first, found.only_second, found.is_exact) == (61, 2, 8, True)
    assert found.p == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert mcnemar([(True, True)]).p == 1


def test_of_many_the_paired_test_is_that_of_chi_squared():
    found = mcnemar([(True, False)] * 600 + [(False, True)] * 500)
    assert not found.is_exact
    assert found.p == pytest.approx(0.00284, abs=1e-5)  # 99² / 1,100 = 8.91 with one degree of freedom


def test_what_most_answers_say_stands_for_a_request():
    groups = [
        of([("a", "b"), ("a", "a"), ("a", "a")]),
        of([("a", "a"), ("a", "a")]),
        [marked("a", None, is_missing=True), marked("a", None, is_missing=False)],
    ]
    kept, found = majority(groups)
    assert [(place, one.answer) for place, one in kept] == [(1, "a"), (0, "a"), (1, "")]
    assert (found.groups, found.unanimous) == (3, 1)
    assert found.agreement == pytest.approx((2 / 3 + 1) / 2)
