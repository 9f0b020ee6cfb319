"""One source as several variants, each a run of its own, and their scores as columns of one table."""

from __future__ import annotations

import json

import pytest


def test_models_and_templates_are_a_file_each_and_score_is_one_table(cbtui, simulator, tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("id,text,label\na,one,x\nb,two,y\nc,three,x\n")
    for name in ("short", "long"):
        (tmp_path / f"{name}.txt").write_text(f"{name}: {{{{ text }}}}")
    templates = f"@{tmp_path / 'short.txt'},@{tmp_path / 'long.txt'}"
    made = ("--template", templates, "--id-column", "id", "--max-tokens", "9", "-o", tmp_path / "v.jsonl")
    code, _, err = cbtui("build", "csv", source, "--model", "claude-haiku-4-5,claude-sonnet-4-5", *made)
    assert code == 0, err
    files = sorted(path for path in tmp_path.glob("v.*.jsonl") if ".rows" not in path.name)
    assert [path.name for path in files] == [
        "v.claude-haiku-4-5.long.jsonl", "v.claude-haiku-4-5.short.jsonl",
        "v.claude-sonnet-4-5.long.jsonl", "v.claude-sonnet-4-5.short.jsonl",
    ]  # fmt: skip
    first = json.loads(files[1].read_text().splitlines()[0])
    assert first["custom_id"] == "a"
    assert first["params"]["messages"][0]["content"] == "short: one"
    ids = []
    for path in files[:3]:
        ids.append(cbtui("submit", path, "--yes")[1].strip())
        assert cbtui("watch", ids[-1], "--interval", "1")[0] == 0
    told = ("score", ids[0], "--beside", ids[1], "--beside", ids[2], "--expected", "label")
    code, out, err = cbtui(*told)
    assert code == 0, err
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["A", "B", "C"]
    assert lines[0].split()[:3] == ["run", "accuracy", "interval"]
    figures = [json.loads(line) for line in cbtui(*told, "--json")[1].splitlines()]
    assert [one["title"] for one in figures[0]["others"]] == [
        line.split("  ")[1].strip() for line in lines[2:]
    ]
    assert all(one["usd"] > 0 and one["output_tokens"] > 0 for one in figures[0]["others"])

    named = cbtui("score", "v", "--expected", "label")[1].splitlines()
    assert [line.split()[:3] for line in named[1:]] == [
        ["A", "claude-haiku-4-5", "long"], ["B", "claude-haiku-4-5", "short"], ["C", "claude-sonnet-4-5", "long"],
    ]  # fmt: skip
    assert named[1].endswith("3 ok")
    code, out, err = cbtui("compare", "v")
    assert code == 0, err
    assert out.splitlines()[0].split() == ["run", "cost", "in", "out", "same", "as", "A", "outcomes"]
    told = json.loads(cbtui("compare", "v", "--json")[1])
    assert [one["title"] for one in told["variants"]] == [
        "claude-haiku-4-5 long", "claude-haiku-4-5 short", "claude-sonnet-4-5 long"
    ]  # fmt: skip
    assert told["variants"][0]["same"] is None
    assert told["variants"][1]["same"][1] == 3
    page = tmp_path / "page.html"
    assert cbtui("report", "v", "--expected", "label", "-o", page)[0] == 0
    assert "<h1>v: claude-haiku-4-5 long</h1>" in page.read_text()
    assert "<td>claude-sonnet-4-5 long</td>" in page.read_text()
    assert ids[0] in page.read_text()
    sweep = json.loads(cbtui("status", ids[0], "--json")[1])["sweep"]
    assert (sweep["name"], sweep["variant"]) == ("v", "claude-haiku-4-5 long")
    code, _, err = cbtui("results", "v")
    assert code == 2
    assert "v is a sweep of 3 runs: name one of" in err
    assert cbtui("compare", ids[0])[0] == 2


@pytest.mark.slow
def test_a_retry_stays_in_the_sweep_of_its_run(cbtui, simulator, tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("id,text\nr0,one\nr1,two\n")
    made = (
        "--id-column",
        "id",
        "--prompt-column",
        "text",
        "--max-tokens",
        "9",
        "--name",
        "two models",
        "-o",
        tmp_path / "v.jsonl",
    )
    assert cbtui("build", "csv", source, "--model", "claude-haiku-4-5,claude-sonnet-4-5", *made)[0] == 0
    simulator.decide("r0", "errored")
    first = cbtui("submit", tmp_path / "v.claude-haiku-4-5.jsonl", "--yes")[1].strip()
    cbtui("watch", first, "--interval", "1")
    simulator.decide("r0", "answered")
    again = cbtui("retry", first, "--yes")[1].strip().split()[-1]
    known = [json.loads(cbtui("status", one, "--json")[1]) for one in (first, again)]
    assert known[0]["run_id"] == known[1]["run_id"]
    assert known[0]["sweep"] == known[1]["sweep"]
    assert known[1]["sweep"]["name"] == "two models"


def test_variants_of_one_name_are_refused(cbtui, tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("text\none\n")
    made = ("--model", "m", "--max-tokens", "9", "-o", tmp_path / "v.jsonl")
    code, _, err = cbtui("build", "csv", source, "--template", "@a/x.txt,@b/x.txt", *made)
    assert code == 2
    assert "Two variants would both be" in err
