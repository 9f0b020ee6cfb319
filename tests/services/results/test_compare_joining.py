"""Two indexes joined by custom_id."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.services.results import compare
from claude_batch_tui.services.results.compare import NOWHERE, Join
from claude_batch_tui.store.results.index import ResultsIndex

IDS = st.lists(st.sampled_from(["", "a", "b", "c", "ä", "a b", "aa", "ab"]), max_size=12)


def index(ids):
    made = ResultsIndex()
    made.feed(
        b"".join(
            json.dumps({"custom_id": one, "result": {"type": "expired"}}).encode() + b"\n" for one in ids
        )
    )
    made.finish()
    return made


def joined(left, right, chosen=None):
    join = Join(index(left), index(right), chosen)
    for _ in join.making():
        pass
    pairs = list(join.pairs())
    assert len(pairs) == join.count
    return pairs


def expected(left, right, chosen=None):
    """The same by dictionaries."""
    places = {}
    for position, custom_id in enumerate(right):
        places.setdefault(custom_id, position)
    places.pop("", None)
    seen, pairs = set(), []
    for position in range(len(left)) if chosen is None else chosen:
        custom_id = left[position]
        if custom_id in seen:
            continue
        if custom_id:
            seen.add(custom_id)
        pairs.append((position, places.get(custom_id, NOWHERE)))
    if chosen is None:
        pairs += [(NOWHERE, position) for custom_id, position in places.items() if custom_id not in seen]
        pairs += [(NOWHERE, position) for position, custom_id in enumerate(right) if not custom_id]
    return pairs


@pytest.mark.slow
@settings(deadline=None)
@given(IDS, IDS)
def test_files_are_joined_as_dictionaries_would(left, right):
    assert joined(left, right) == expected(left, right)


@pytest.mark.slow
@settings(deadline=None)
@given(IDS, IDS, st.data())
def test_chosen_entries_limit_the_left_side(left, right, data):
    chosen = sorted(data.draw(st.sets(st.integers(0, max(len(left) - 1, 0))))) if left else []
    assert joined(left, right, chosen) == expected(left, right, chosen)


@settings(deadline=None)
@given(IDS, IDS)
def test_ids_whose_hashes_are_the_same_are_told_apart_by_themselves(left, right):
    compare.hash = lambda custom_id: len(custom_id) % 2
    try:
        assert joined(left, right) == expected(left, right)
    finally:
        del compare.hash
