"""Gzipped results files."""

from __future__ import annotations

import gzip
import json

import pytest

from claude_batch_tui.errors import SourceError
from claude_batch_tui.store.results import gzip as unpacking
from claude_batch_tui.store.results.opening import open_indexed, opening
from full_disk import files_of_at_most

RESULT = {"type": "succeeded", "message": {"content": [{"type": "text", "text": "word " * 50}]}}
DATA = "".join(json.dumps({"custom_id": f"r-{n}", "result": RESULT}) + "\n" for n in range(8000)).encode()
HALF = DATA.index(b"\n", len(DATA) // 2) + 1
PACKED = gzip.compress(DATA)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def packed(tmp_path):
    """A function that writes a file of the given bytes."""

    def write(data=PACKED):
        path = tmp_path / "results.jsonl.gz"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    "data",
    [PACKED, gzip.compress(DATA[:HALF]) + gzip.compress(DATA[HALF:]), PACKED + bytes(512)],
    ids=["one member", "two members", "padded"],
)
def test_a_gzipped_file_opens_like_a_plain_one_and_its_rows_are_there_while_it_is_decompressed(
    packed, cache, data
):
    steps = opening(packed(data), cache)
    first = next(steps)
    assert 0 < first.index.count < 8000
    assert not first.index.complete
    assert 0 < first.progress < 1
    assert first.read(0).text == "word " * 50
    for results in steps:
        assert results is first
    assert results.index.complete
    assert results.index.all_ids() == [f"r-{n}" for n in range(8000)]
    assert results.path.read_bytes() == DATA
    assert results.path.parent == cache


def test_a_second_opening_decompresses_nothing(packed, cache):
    path = packed()
    open_indexed(path, cache).close()
    (results,) = opening(path, cache)
    assert results.index.complete
    assert results.is_unpacked
    assert results.read(7999).text == "word " * 50


@pytest.mark.slow
def test_a_changed_file_is_decompressed_again(packed, cache):
    open_indexed(packed(), cache).close()
    with open_indexed(packed(gzip.compress(DATA[:HALF])), cache) as results:
        assert results.index.count < 8000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (PACKED[:-8], "cut off"),
        (PACKED[: len(PACKED) // 2], "cut off"),
        (PACKED[:-4] + b"\0\0\0\0", "damaged"),
        (PACKED[:3000] + b"\xff" * 200 + PACKED[3200:], "damaged"),
        (PACKED + b"garbage", "damaged"),
        (b"\x1f\x8b\x08\x00", "cut off"),
        (gzip.compress(b"hello\n" * 9), "not a results file"),
    ],
    ids=["no trailer", "half", "checksum", "broken middle", "something behind", "only a head", "other text"],
)
def test_what_has_no_proper_end_is_said_so_and_never_kept(packed, cache, data, words):
    with pytest.raises(SourceError, match=words):
        open_indexed(packed(data), cache)
    assert list(cache.iterdir()) == []


def test_leaving_before_the_end_keeps_nothing(packed, cache):
    steps = opening(packed(), cache)
    next(steps).close()
    steps.close()
    assert list(cache.iterdir()) == []


def test_a_full_disk_is_said_so_and_keeps_nothing(packed, cache):
    path = packed()
    with (
        files_of_at_most(100),
        pytest.raises(SourceError, match=r"Cannot write .*: the file is larger than this system allows"),
    ):
        open_indexed(path, cache)
    assert list(cache.iterdir()) == []


def test_a_file_that_unpacks_to_far_more_than_results_do_is_refused_and_not_kept(packed, cache, monkeypatch):
    monkeypatch.setattr(unpacking, "ANY_SIZE", 10_000)
    monkeypatch.setattr(unpacking, "MOST_TIMES", 2)
    with pytest.raises(
        SourceError, match="more than 2 times its size, as results do not: nothing of it is kept"
    ):
        open_indexed(packed(), cache)
    assert list(cache.iterdir()) == []


@pytest.mark.slow
def test_a_file_without_results_is_given_up_early(tmp_path, cache):
    path = tmp_path / "zeros.jsonl.gz"
    with gzip.open(path, "wb", 1) as file:
        for _ in range(8):
            file.write(bytes(16_000_000))
    with pytest.raises(SourceError, match="is not a results file"):
        open_indexed(path, cache)
    assert list(cache.iterdir()) == []


def test_room_is_left_on_the_disk(packed, cache, monkeypatch):
    monkeypatch.setattr(unpacking, "LEFT_FREE", 10**18)
    monkeypatch.setattr(unpacking, "_LOOKED_AT", 1_000)
    with pytest.raises(SourceError, match="is not unpacked any further"):
        open_indexed(packed(), cache)
    assert list(cache.iterdir()) == []
