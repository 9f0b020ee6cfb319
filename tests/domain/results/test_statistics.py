from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claude_batch_tui.domain.results.statistics import distribution


@pytest.mark.slow
@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_every_value_is_in_one_bucket_and_no_more(values):
    found = distribution(values)
    assert sum(bucket.count for bucket in found.buckets) == len(values)
    assert all(a.high == b.low for a, b in zip(found.buckets, found.buckets[1:], strict=False))
    for bucket in found.buckets:
        inside = [value for value in values if bucket.low < value <= bucket.high]
        zeros = values.count(0) if bucket is found.buckets[0] else 0
        assert bucket.count == len(inside) + zeros


@pytest.mark.slow
@given(st.lists(st.floats(1e-6, 100.0), min_size=1))
@example([0.0005])
def test_fractions_are_spread_too(values):
    found = distribution(values)
    assert sum(bucket.count for bucket in found.buckets) == len(values)
    assert found.least <= found.median <= found.ninth_tenth <= found.most


def test_half_and_nine_of_ten_are_values_that_occur():
    found = distribution([0, *range(1, 11)])
    assert (found.median, found.ninth_tenth, found.most, found.total) == (5, 9, 10, 55)
    assert [(bucket.low, bucket.high, bucket.count) for bucket in found.buckets] == [
        (0.0, 0.5, 1),
        (0.5, 1.0, 1),
        (1.0, 2.0, 1),
        (2.0, 5.0, 3),
        (5.0, 10.0, 5),
    ]


def test_values_near_one_another_are_shown_in_even_steps():
    found = distribution([1000, 1030, 1900])
    assert [(bucket.high, bucket.count) for bucket in found.buckets if bucket.count] == [
        (1000, 1),
        (1100, 1),
        (1900, 1),
    ]
    assert [bucket.count for bucket in distribution([7, 7]).buckets] == [2]


def test_whole_numbers_are_binned_as_whole_numbers():
    for values in ([18, 18], [17, 18, 18, 20], [1, 1, 2], [181, 184]):
        buckets = distribution(values).buckets
        assert all(bucket.high == int(bucket.high) for bucket in buckets)
    assert [bucket.high for bucket in distribution([17, 18, 18, 20]).buckets] == [17, 18, 19, 20]


def test_nothing_is_no_distribution():
    assert distribution([]).buckets == ()
    assert [bucket.count for bucket in distribution([0, 0]).buckets] == [2]
