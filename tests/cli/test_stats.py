from __future__ import annotations

import json

import pytest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "r.jsonl"
    usage = {"input_tokens": 1_000_000, "output_tokens": 0}
    message = {"model": "claude-haiku-4-5", "content": [], "stop_reason": "end_turn", "usage": usage}
    lines = [
        {"custom_id": "a", "result": {"type": "succeeded", "message": message}},
        {"custom_id": "b", "result": {"type": "expired"}},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_results_are_printed_in_numbers(file, cbtui):
    code, out, _ = cbtui("results", file, "--stats")
    assert code == 1
    assert out.splitlines()[0] == "entries       2"
    assert "cost          $0.50 in all" in out
    assert "cache         not used" in out


def test_the_numbers_are_there_as_json_and_follow_the_filter(file, cbtui):
    code, out, _ = cbtui("results", file, "--stats", "--json", "--where", "outcome=succeeded")
    assert code == 1, "its answer is empty"
    found = json.loads(out)
    assert found["outcomes"] == {"succeeded": 1}
    assert found["spend"]["usd"] == 0.5
