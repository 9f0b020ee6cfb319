"""A draft in several batches: no limit exceeded, nothing lost, about equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.domain.requests.limits import body_bytes, partition


def body_of(sizes, part):
    return body_bytes(len(part), sum(sizes[at] for at in part))


@pytest.mark.slow
@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=80),
    max_requests=st.integers(1, 20),
    max_bytes=st.integers(80, 400),
)
def test_no_part_exceeds_a_limit_and_no_request_is_lost_or_moved(sizes, max_requests, max_bytes):
    parts = partition(sizes, max_requests=max_requests, max_bytes=max_bytes)
    assert [at for part in parts for at in part] == list(range(len(sizes)))
    assert all(0 < len(part) <= max_requests for part in parts)
    assert all(body_of(sizes, part) <= max_bytes for part in parts)


@pytest.mark.slow
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=60), max_requests=st.integers(1, 9))
def test_there_are_as_few_parts_as_filling_one_after_the_other_needs(sizes, max_requests):
    parts, fewest, held = partition(sizes, max_requests=max_requests, max_bytes=200), 1, []
    for size in sizes:
        if len(held) == max_requests or body_bytes(len(held) + 1, sum(held) + size) > 200:
            fewest, held = fewest + 1, []
        held.append(size)
    assert len(parts) == fewest


def test_the_parts_are_about_equal():
    assert [len(part) for part in partition([500] * 250_000)] == [83_334, 83_334, 83_332]


def test_what_fits_stays_whole():
    assert partition([10] * 100_000) == [range(100_000)]
    assert partition([]) == []


def test_a_body_of_just_the_limit_is_one_batch_and_a_byte_more_is_two():
    sizes = [100, 100]
    limit = body_bytes(2, 200)
    assert len(partition(sizes, max_bytes=limit)) == 1
    assert len(partition(sizes, max_bytes=limit - 1)) == 2


def test_a_request_too_large_for_any_batch_is_refused():
    with pytest.raises(ValueError, match="one request makes a body of 115 bytes; a batch takes at most 100"):
        partition([100], max_bytes=100)
