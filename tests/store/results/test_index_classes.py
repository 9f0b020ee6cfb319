"""The ledger class of every entry, in the index and in filters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.domain.results.result import CLASSES
from claude_batch_tui.services.filters.selecting import EntryTable, mask_of
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.index_file import load_index, save_index

TEXT = {"type": "text", "text": "yes"}
THINKING = {"type": "thinking", "thinking": "hm", "signature": "s"}
TOOL = {"type": "tool_use", "id": "t", "name": "n", "input": {}}


def _index(*results: object) -> ResultsIndex:
    index = ResultsIndex()
    for number, result in enumerate(results):
        index.feed(json.dumps({"custom_id": f"r{number}", "result": result}).encode() + b"\n")
    index.finish()
    return index


def _answer(stop: str, content: object) -> dict[str, object]:
    return {"type": "succeeded", "message": {"stop_reason": stop, "content": content}}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (_answer("end_turn", [TEXT]), "complete"),
        (_answer("tool_use", [THINKING, TOOL]), "complete"),
        (_answer("max_tokens", [TEXT]), "truncated"),
        (_answer("model_context_window_exceeded", [TEXT]), "truncated"),
        (_answer("refusal", []), "refused"),
        (_answer("pause_turn", [TEXT]), "paused"),
        (_answer("compaction", [{"type": "compaction", "content": "so far"}]), "paused"),
        (_answer("a reason of next year", [TEXT]), "unknown_stop"),
        (_answer("a reason of next year", []), "unknown_stop"),
        (_answer("other", [TEXT]), "unknown_stop"),
        (_answer("end_turn", []), "empty"),
        (_answer("end_turn", None), "empty"),
        (_answer("end_turn", [THINKING]), "empty"),
        (_answer("end_turn", [{"type": "text", "text": " \n"}]), "empty"),
        (_answer("end_turn", "of another shape"), "complete"),
        ({"type": "errored"}, "errored"),
        ({"type": "expired"}, "expired"),
        ({"type": "canceled"}, "canceled"),
        ({"type": "new"}, "unparsed"),
    ],
)
def test_an_entry_has_the_class_of_how_it_ended_and_what_it_holds(result: object, expected: str) -> None:
    index = _index(result)
    assert CLASSES[index.classes[0]] == expected
    assert mask_of(parse(f"class={expected}"), EntryTable(index, None, index.count)).tolist() == [True]


def test_classes_come_back_from_the_saved_index(tmp_path: Path) -> None:
    index = _index(_answer("max_tokens", [TEXT]), _answer("end_turn", []), {"type": "expired"})
    results = tmp_path / "results.jsonl"
    results.write_bytes(b"the index fits by size and time")
    save_index(index, results)
    loaded = load_index(results)
    assert loaded is not None
    assert loaded.classes == index.classes
    assert loaded.all_ids() == index.all_ids()


def test_a_stop_reason_nobody_knows_keeps_its_name_in_filters_and_in_the_saved_index(tmp_path: Path) -> None:
    index = _index(_answer("end_turn", [TEXT]), _answer("tired", [TEXT]), _answer("compaction", [TEXT]))
    results = tmp_path / "results.jsonl"
    results.write_bytes(b"the index fits by size and time")
    save_index(index, results)
    loaded = load_index(results)
    assert loaded is not None
    for known in (index, loaded):
        assert [known.entry(at).stop_reason for at in range(3)] == ["end_turn", "tired", "compaction"]
        assert mask_of(parse("stop=tired"), EntryTable(known, None, 3)).tolist() == [False, True, False]
        assert mask_of(parse("stop:act"), EntryTable(known, None, 3)).tolist() == [False, False, True]


def test_more_stop_reasons_than_a_byte_can_tell_apart_are_other() -> None:
    index = _index(*(_answer(f"reason {number}", [TEXT]) for number in range(300)))
    assert index.entry(9).stop_reason == "reason 9"
    assert index.entry(299).stop_reason == "other"
    assert index.class_counts() == {"unknown_stop": 300}
