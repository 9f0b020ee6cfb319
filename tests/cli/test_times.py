"""The same request several times on purpose, and what most of its answers say."""

from __future__ import annotations

import json


def test_requests_made_three_times_are_sent_once_each_and_scored_by_majority(cbtui, simulator, tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("id,text,label\na,one,x\nb,two,y\n")
    built = tmp_path / "r.jsonl"
    made = (
        "--template",
        "{{ text }}",
        "--id-column",
        "id",
        "--max-tokens",
        "9",
        "--model",
        "claude-haiku-4-5",
    )
    code, _, err = cbtui("build", "csv", source, *made, "--times", "3", "-o", built)
    assert code == 0, err
    lines = [json.loads(line) for line in built.read_text().splitlines()]
    assert [line["custom_id"] for line in lines] == ["a-1", "a-2", "a-3", "b-1", "b-2", "b-3"]
    assert lines[0]["params"] == lines[2]["params"]
    code, out, err = cbtui("submit", built, "--yes")
    assert code == 0, err
    batch = out.strip()
    cbtui("watch", batch, "--interval", "1")
    code, out, _ = cbtui("score", batch, "--expected", "label", "--majority", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["score"]["scored"] == 2
    assert told["majority"]["groups"] == 2
    rebuilt = cbtui(
        "build", "csv", "--recipe", tmp_path / "r.recipe.toml", "-o", tmp_path / "s.jsonl", source
    )
    assert rebuilt[0] == 0, rebuilt[2]
    assert (tmp_path / "s.jsonl").read_bytes() == built.read_bytes()


def test_a_number_below_one_is_refused(cbtui, tmp_path):
    source = tmp_path / "rows.txt"
    source.write_text("one\n")
    made = ("--model", "m", "--max-tokens", "9", "--times", "0", "-o", tmp_path / "r.jsonl")
    code, _, err = cbtui("build", "text", source, *made)
    assert code == 2
    assert "once or more often" in err
