"""Opening results files step by step, and again from what was kept."""

from __future__ import annotations

import json
import os

import pytest

from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.filters.selecting import EntryTable, known_count, mask_of
from claude_batch_tui.store.results.opening import open_indexed, opening

MESSAGE = {
    "model": "claude-haiku-4-5",
    "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "word " * 300}],
    "usage": {"input_tokens": 3, "output_tokens": 5},
}


def line(number):
    kind = "errored" if number % 10 == 3 else "succeeded"
    result = {"type": kind, "message": MESSAGE} if kind == "succeeded" else {"type": kind}
    return json.dumps({"custom_id": f"r-{number}", "result": result}, separators=(",", ":")) + "\n"


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """3,000 lines, 4.5 MB."""
    path = tmp_path_factory.mktemp("big") / "big.jsonl"
    path.write_text("".join(map(line, range(3000))))
    return path


def test_the_first_rows_are_there_before_the_rest_is_read_and_every_step_brings_more(big):
    steps = opening(big)
    results = next(steps)
    counts = [(results.index.count, results.index.described)]
    assert 0 < counts[0][0] < 100
    assert counts[0][1] == counts[0][0]
    for results in steps:
        counts.append((results.index.count, results.index.described))
    assert counts == sorted(counts)
    assert counts[-1] == (3000, 3000)
    assert results.index.complete
    # ids and outcomes of all come first
    assert next(described for count, described in counts if count == 3000) < 200
    assert len(counts) > 10


def found(wanted, index):
    """How many entries a filter on columns lets through."""
    return mask_of(wanted, EntryTable(index, None, known_count(wanted, index))).sum()


def test_a_filter_on_columns_that_are_not_there_yet_lets_nothing_through_by_a_guess(big):
    wanted = parse("stop=end_turn"), parse("not stop=end_turn"), parse("outcome=errored")
    for results in opening(big):
        index = results.index
        assert found(wanted[0], index) + found(wanted[1], index) == index.described
        assert found(wanted[2], index) == index.outcomes.count(1)
        if index.count > index.described:
            assert not index.entry(index.count - 1).is_described
    assert found(wanted[0], index) == 2700


def test_a_second_opening_reads_the_kept_index(big, tmp_path):
    with open_indexed(big, tmp_path / "cache") as first:
        assert first.index.count == 3000
    (kept,) = (tmp_path / "cache").iterdir()
    (second,) = opening(big, tmp_path / "cache")
    assert second.index.complete
    assert second.index.all_ids() == first.index.all_ids()
    assert [second.index.entry(at) for at in range(3000)] == [first.index.entry(at) for at in range(3000)]
    assert [second.index.usage(at) for at in (0, 3)] == [first.index.usage(at) for at in (0, 3)]
    assert second.index.outcome_counts() == first.index.outcome_counts()
    kept.write_bytes(b"x" * kept.stat().st_size)
    assert sum(1 for _ in opening(big, tmp_path / "cache")) > 1


@pytest.mark.parametrize("place", [0.02, 0.2, 0.5, 0.8, 0.999])
def test_a_damaged_index_is_made_again(big, tmp_path, place):
    cache = tmp_path / "cache"
    open_indexed(big, cache).close()
    (kept,) = cache.iterdir()
    data = bytearray(kept.read_bytes())
    at = int(len(data) * place)
    data[at : at + 9000] = b"\xff" * len(data[at : at + 9000])
    kept.write_bytes(data)
    with open_indexed(big, cache) as results:
        assert [results.read(at).custom_id for at in range(3000)] == results.index.all_ids()
        assert {results.index.entry(at).input_tokens for at in range(3000)} == {0, 3}
    (kept,) = cache.iterdir()
    assert kept.read_bytes() != bytes(data)


def test_a_file_that_changed_is_indexed_anew(big, tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(big.read_bytes())
    open_indexed(path, tmp_path / "cache").close()
    with path.open("a") as file:
        file.write(line(3000))
    with open_indexed(path, tmp_path / "cache") as results:
        assert results.index.count == 3001


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(big, tmp_path):
    cache = tmp_path / "cache"
    cache.write_text("in the way")
    with open_indexed(big, cache) as results:
        assert results.index.complete


def test_an_index_nobody_opened_for_a_month_is_forgotten(big, tmp_path):
    cache = tmp_path / "cache"
    open_indexed(big, cache).close()
    (old,) = cache.iterdir()
    os.utime(old, (0, 0))
    other = tmp_path / "other.jsonl"
    other.write_text(line(1))
    open_indexed(other, cache).close()
    assert old not in cache.iterdir()
    assert len(list(cache.iterdir())) == 1


def test_a_line_longer_than_every_buffer_is_one_entry(tmp_path):
    message = MESSAGE | {"content": [{"type": "text", "text": "x" * 5_000_000}]}
    huge = json.dumps({"custom_id": "huge", "result": {"type": "succeeded", "message": message}})
    path = tmp_path / "r.jsonl"
    path.write_text(line(0) + huge + "\n" + line(1) + huge)
    with open_indexed(path) as results:
        assert results.index.all_ids() == ["r-0", "huge", "r-1", "huge"]
        assert results.index.described == 4
        assert len(results.read(3).text) == 5_000_000


@pytest.mark.slow
def test_a_file_without_any_result_is_said_so_and_an_empty_one_opens(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"a":1}\n' * 50_000)
    with pytest.raises(SourceError, match="not a results file"):
        open_indexed(path)
    path.write_text("")
    with open_indexed(path) as results:
        assert results.index.count == 0
        assert results.index.complete


def test_closing_a_file_while_it_is_indexed_harms_nobody(big):
    steps = opening(big)
    results = next(steps)
    results.close()
    for again in steps:
        assert again is results
    assert results.index.complete
