"""Answers as the source of a second step, which a third command holds against the first."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def first(cbtui, simulator, tmp_path):
    """A run over three rows, whose answers are there."""
    source = tmp_path / "rows.csv"
    source.write_text("id,text,answer\na 1,one,x\nb2,two,y\nc3,three,z\n")
    built = tmp_path / "first.jsonl"
    made = ("--template", "{{ text }}", "--model", "claude-haiku-4-5", "--max-tokens", "9", "-o", built)
    assert cbtui("build", "csv", source, "--id-column", "id", *made)[0] == 0
    batch = cbtui("submit", built, "--yes", "--name", "first")[1].strip()
    cbtui("watch", batch, "--interval", "1")
    return batch


def test_a_judge_reads_the_answers_and_its_verdicts_are_held_against_them(first, cbtui, tmp_path):
    out = tmp_path / "judge.jsonl"
    made = ("--template", "Is {{ answer }} right for {{ text }}? {{ source_answer }}", "--max-tokens", "9")
    code, _, err = cbtui("build", "results", "first", *made, "--model", "claude-haiku-4-5", "-o", out)
    assert code == 0, err
    rows = [json.loads(line) for line in (tmp_path / "first.answers.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["a 1", "b2", "c3"]
    assert [row["source_answer"] for row in rows] == ["x", "y", "z"]
    assert {row["run"] for row in rows} == {first}
    assert {row["outcome"] for row in rows} == {"succeeded"}
    requests = [json.loads(line) for line in out.read_text().splitlines()]
    assert f"Is {rows[1]['answer']} right for two? y" in str(requests[1]["params"]["messages"])
    judge = cbtui("submit", out, "--yes", "--name", "judge")[1].strip()
    cbtui("watch", judge, "--interval", "1")
    assert f"answers   those of first ({first}) are its rows" in cbtui("status", "judge")[1].splitlines()
    lines = cbtui("status", "first")[1].splitlines()
    assert "next      judge: made of these answers" in lines
    assert not any(line.startswith("answers") for line in lines)
    assert json.loads(cbtui("status", "judge", "--json")[1])["made_of"] == first
    (run_id,) = json.loads(cbtui("status", "first", "--json")[1])["made_into"]
    assert run_id == json.loads(cbtui("status", "judge", "--json")[1])["run_id"]
    code, told, _ = cbtui("score", "first", "--judge", "judge", "--json")
    assert code == 0
    assert json.loads(told)["score"]["scored"] == 3


def test_fields_of_json_answers_are_in_reach_of_a_template(cbtui, tmp_path):
    results = tmp_path / "labels.jsonl"
    message = {
        "model": "m",
        "content": [{"type": "text", "text": '{"label": "bug"}'}],
        "stop_reason": "end_turn",
    }
    lines = [
        {"custom_id": "x", "result": {"type": "succeeded", "message": message}},
        {"custom_id": "y", "result": {"type": "expired"}},
    ]
    results.write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = ("--template", "{{ json.label }}!", "--model", "claude-haiku-4-5", "--max-tokens", "9")
    code, _, err = cbtui("build", "results", results, *made, "-o", tmp_path / "next.jsonl")
    assert code == 0, err
    assert "1 of 2 answers" in err
    (request,) = (tmp_path / "next.jsonl").read_text().splitlines()
    assert json.loads(request)["custom_id"] == "x"
    assert "bug!" in request
    code, _, err = cbtui("build", "results", results, *made, "--where", "text=nothing")
    assert code == 2
    assert "has no such answers" in err
