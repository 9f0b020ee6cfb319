"""The ledger class of every entry, in the index and in filters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.domain.results.result import CLASSES
from claude_batch_tui.services.filters.selecting import select
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
    assert list(select(parse(f"class={expected}"), index)) == [0]


def test_classes_come_back_from_the_saved_index(tmp_path: Path) -> None:
    index = _index(_answer("max_tokens", [TEXT]), _answer("end_turn", []), {"type": "expired"})
    results = tmp_path / "results.jsonl"
    results.write_bytes(b"the index fits by size and time")
    save_index(index, results)
    loaded = load_index(results)
    assert loaded is not None
    assert loaded.classes == index.classes
    assert loaded.all_ids() == index.all_ids()
