from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.results.line import read_result
from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.errors import SourceError
from claude_batch_tui.store.results import index_file
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.index_file import index_path, load_index, save_index
from claude_batch_tui.store.results.opening import open_indexed


def line(custom_id, result):
    return json.dumps({"custom_id": custom_id, "result": result}).encode()


def answer(text="hi", **usage):
    message = {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}
    return {"type": "succeeded", "message": message}


LINES = [
    line("a", answer(input_tokens=3, cache_read_input_tokens=4, output_tokens=5)),
    line("b", {"type": "errored", "error": {"error": {"type": "api_error", "message": "no"}}}),
    line("c", {"type": "expired"}) + b"\r",
    b"",
    line("d", {"type": "canceled"}),
    b"{broken",
    line("e", {"type": "something_new"}),
    b'{"result":{"type":"succeeded"}}',
]
FILE = b"\n".join(LINES) + b"\n"


def indexed(data, cuts=()):
    index = ResultsIndex()
    start = 0
    for cut in [*sorted(cuts), len(data)]:
        index.feed(data[start:cut])
        start = cut
    index.finish()
    return index


def entries(index):
    return [index.entry(position) for position in range(index.count)]


def test_every_line_becomes_an_entry_with_its_place_and_columns():
    index = indexed(FILE)
    assert [(e.custom_id, e.outcome.value) for e in entries(index)] == [
        ("a", "succeeded"),
        ("b", "errored"),
        ("c", "expired"),
        ("d", "canceled"),
        ("", "unparsed"),
        ("e", "unparsed"),
        ("", "unparsed"),
    ]
    first = index.entry(0)
    assert (first.stop_reason, first.input_tokens, first.output_tokens) == ("end_turn", 7, 5)
    assert index.entry(1).error_type == "api_error"
    assert [FILE[e.offset : e.offset + e.length] for e in entries(index)] == [each for each in LINES if each]


@pytest.mark.slow
@given(st.lists(st.integers(0, len(FILE)), max_size=12))
@settings(deadline=None)
def test_any_chunking_gives_the_same_index(cuts):
    assert entries(indexed(FILE, cuts)) == entries(indexed(FILE))


def test_a_last_line_without_a_newline_counts():
    assert indexed(FILE[:-1]).count == indexed(FILE).count


def test_a_saved_index_is_loaded_and_a_stale_one_is_not(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(FILE)
    index = indexed(FILE)
    save_index(index, path)
    assert entries(load_index(path)) == entries(index)
    path.write_bytes(FILE + LINES[0] + b"\n")
    assert load_index(path) is None
    with open_indexed(path) as results:
        assert results.index.count == index.count + 1


NUMBERS = st.sampled_from([0, 1, 255, 256, 65_535, 65_536, 2**32 - 1])


@pytest.mark.slow
@given(st.dictionaries(st.integers(0, 29), st.tuples(NUMBERS, NUMBERS), max_size=4))
@settings(deadline=None, max_examples=30)
def test_columns_are_kept_no_wider_than_their_numbers_and_come_back_as_they_were(tmp_path_factory, usages):
    def line(number):
        tokens, searches = usages.get(number, (0, 0))
        usage = {
            "output_tokens": tokens,
            "cache_read_input_tokens": tokens // 2,
            "server_tool_use": {"web_search_requests": searches},
        }
        message = {"model": "m", "stop_reason": "end_turn", "usage": usage}
        result = {"type": "succeeded", "message": message}
        return json.dumps({"custom_id": f"r{number}", "result": result}).encode() + b"\n"

    path = tmp_path_factory.mktemp("kept") / "r.jsonl"
    path.write_bytes(b"".join(map(line, range(30))))
    index = indexed(path.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_file, "_FEW", 0)
        save_index(index, path)
        loaded = load_index(path)
        assert loaded.is_intact()
        save_index(loaded, path)  # one that was loaded can be kept, too
        again = load_index(path)
    for found in (loaded, again):
        assert entries(found) == entries(index)
        assert [found.usage(at) for at in range(30)] == [index.usage(at) for at in range(30)]
    if not usages:
        assert index_path(path).stat().st_size < 1_500


def test_a_damaged_index_is_rebuilt(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(FILE)
    save_index(indexed(FILE), path)
    whole = index_path(path).read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        index_path(path).write_bytes(whole[:length])
        assert load_index(path) is None
    for name in (b"max_tokens", b"end_turn"):
        assert whole.count(b'"%s"' % name) == 1
        index_path(path).write_bytes(whole.replace(name, name[::-1]))
        assert load_index(path) is None


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("gz", b"\x1f\x8b\x08\x00", "compressed"),
        ("text", b"hello\nworld\n", "not a results file"),
    ],
)
def test_what_is_no_results_file_is_said_so(tmp_path, name, data, words):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError, match=words):
        open_indexed(path)


def test_a_missing_file_and_a_folder_are_said_so(tmp_path):
    with pytest.raises(SourceError, match="no file"):
        open_indexed(tmp_path / "none.jsonl")
    with pytest.raises(SourceError, match="folder"):
        open_indexed(tmp_path)


HOSTILE = {
    "lone surrogate": b'{"custom_id":"a","result":{"type":"succeeded","message":{"content":[{"type":"text","text":"\\ud800"}]}}}',
    "NaN": b'{"custom_id":"a","result":{"type":"succeeded","message":{"usage":{"input_tokens":NaN}}}}',
    "huge number": b'{"custom_id":"a","result":{"type":"succeeded","message":{"usage":{"input_tokens":1e999}}}}',
    "deep": b'{"custom_id":"a","result":' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}",
    "bad UTF-8": b'{"custom_id":"a","result":{"type":"\xff"}}',
    "an array": b"[1,2]",
    "a number": b"7",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_line_is_kept_and_never_raises(data):
    index = indexed(data + b"\n" + LINES[0] + b"\n")
    assert index.count == 2
    assert index.entry(1).outcome is Outcome.SUCCEEDED
    assert isinstance(read_result(data).text, str)
