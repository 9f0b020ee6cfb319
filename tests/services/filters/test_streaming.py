"""Entries of a file that is filtered while it is read."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.filters.streaming import StreamingFilter
from claude_batch_tui.services.results.schema_validation import Sent

COUNT = 20_000


def written(path):
    text = "some words " * 20
    content = [{"type": "text", "text": text}]
    result = {"type": "succeeded", "message": {"stop_reason": "end_turn", "content": content}}
    path.write_text(
        "".join(json.dumps({"custom_id": f"r{n}", "result": result}) + "\n" for n in range(COUNT))
    )
    return path


@pytest.mark.slow
def test_the_first_entries_are_there_before_the_rest_is_read(tmp_path):
    with StreamingFilter(written(tmp_path / "a.jsonl"), tmp_path / "cache", Sent(), lambda _: None) as file:
        found = file.found(parse("text:words"), built_in_prices())
        first = next(found)
        assert first[0] == 0
        assert not file.results.index.complete
        assert file.results.index.described < COUNT / 10
        assert [*first, *(position for some in found for position in some)] == list(range(COUNT))
        assert file.results.index.complete
        assert file.is_good


def test_a_file_that_was_read_to_its_end_is_whole_at_once_the_next_time(tmp_path):
    path, cache = written(tmp_path / "a.jsonl"), tmp_path / "cache"
    with StreamingFilter(path, cache, Sent(), lambda _: None) as file:
        file.read()
    with StreamingFilter(path, cache, Sent(), lambda _: None) as file:
        assert file.results.index.complete
        assert [len(some) for some in file.found(None, built_in_prices())] == [COUNT]


@pytest.mark.slow
def test_a_file_that_is_left_early_is_closed_and_leaves_nothing(tmp_path):
    cache = tmp_path / "cache"
    with StreamingFilter(written(tmp_path / "a.jsonl"), cache, Sent(), lambda _: None) as file:
        next(file.found(None, built_in_prices()))
    assert not list(cache.glob("*"))
