"""`results` and `export` from the command line, against the simulator."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from functools import partial

import pytest

from claude_batch_tui.domain.requests import limits as partition_module
from claude_batch_tui.services.downloading.part_file import own_results
from claude_batch_tui.services.submitting import spool


@pytest.fixture
def tickets(tmp_path, cbtui):
    """A built requests file of seven rows whose ids had to be cleaned."""
    source = tmp_path / "tickets.csv"
    source.write_text("ticket,body\n" + "".join(f"T {n},Text {n}\n" for n in range(1, 8)))
    out = tmp_path / "requests.jsonl"
    arguments = ("--template", "{{ body }}", "--id-column", "ticket", "--model", "claude-haiku-4-5")
    assert cbtui("build", "csv", source, *arguments, "--max-tokens", "20", "-o", out)[0] == 0
    return out


@pytest.fixture
def ended(cbtui, simulator, tickets):
    """The id of an ended batch of them."""
    code, out, _ = cbtui("submit", tickets, "--yes", "--name", "tickets")
    assert code == 0
    simulator.batches.finish()
    return out.strip()


@pytest.fixture
def run(cbtui, simulator, tickets, monkeypatch):
    """The id of an ended run of three batches of them."""
    monkeypatch.setattr(spool, "partition", partial(partition_module.partition, max_requests=3))
    code, out, _ = cbtui("submit", tickets, "--yes", "--name", "tickets")
    assert code == 0
    assert cbtui("watch", out.strip(), "--interval", "1")[0] == 0
    return out.strip()


@pytest.mark.slow
def test_results_of_a_run_are_one_table_in_the_order_of_the_source(cbtui, run):
    code, out, _ = cbtui("results", run, "--format", "csv")
    assert code == 0
    table = list(csv.DictReader(io.StringIO(out)))
    assert [row["id"] for row in table] == [f"T {n}" for n in range(1, 8)]
    assert [row["body"] for row in table] == [f"Text {n}" for n in range(1, 8)]
    assert len({row["batch_id"] for row in table}) == 3


@pytest.mark.slow
def test_export_of_a_run_downloads_every_batch(cbtui, run, tmp_path):
    code, out, err = cbtui("export", run, "-o", tmp_path / "all.sqlite", "--where", "not id:T_7")
    assert (code, out) == (0, "")
    assert "6 of 7 results" in err
    connection = sqlite3.connect(tmp_path / "all.sqlite")
    assert connection.execute("SELECT count(*), sum(cost) > 0 FROM batch_results").fetchone() == (6, 1)
    connection.close()


def test_export_without_a_target_makes_a_csv_called_like_the_id(cbtui, ended, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert cbtui("export", "tickets")[0] == 0
    assert cbtui("export", ended, "--format", "folder")[0] == 0
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [ended, "tickets.csv"]


def test_what_cannot_be_written_is_said_before_anything_is_downloaded(
    cbtui, simulator, tickets, tmp_path, own_folders
):
    id_ = cbtui("submit", tickets, "--yes")[1].strip()
    simulator.batches.finish()
    (tmp_path / "there.csv").write_text("precious")
    for arguments, words in [
        (("-o", tmp_path / "there.csv"), "there already"),
        (("-o", tmp_path / "x.ods"), "no format has this ending"),
        (("-o", tmp_path / "no" / "x.csv"), "There is no folder"),
        (("--format", "sqlite"), "needs a place of its own"),
        (("--format", "folder", "-o", "-"), "needs a place of its own"),
        (("--where", "out:5"), "number"),
    ]:
        code, out, err = cbtui("results", id_, *arguments)
        assert code in (2, 4)
        assert words in err
        assert out == ""
    assert not list((own_folders / "data").rglob("msgbatch_*"))
    assert (tmp_path / "there.csv").read_text() == "precious"


@pytest.mark.slow
def test_a_local_file_is_exported_without_a_source(cbtui, ended, tmp_path):
    raw = tmp_path / "local.jsonl"
    assert cbtui("results", ended, "-o", raw)[0] == 0
    code, out, _ = cbtui("export", raw, "--format", "flat", "-o", "-")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["batch_id"] for line in lines} == {"local"}
    assert lines[0]["id"] == lines[0]["custom_id"]
    rows = tmp_path / "requests.rows.jsonl"
    code, out, _ = cbtui("results", raw, "--format", "json", "--rows", rows)
    assert json.loads(out)[0] | {"response": ""} == lines[0] | {
        "id": "T 1",
        "response": "",
        "ticket": "T 1",
        "body": "Text 1",
    }


def test_raw_lines_are_the_bytes_of_the_api(cbtui, ended, tmp_path, own_folders):
    out = cbtui("results", ended)[1]
    stored = next((own_folders / "data" / "results").glob("*.jsonl")).read_bytes()
    assert sorted(out.encode().splitlines()) == sorted(stored.splitlines())
    assert [json.loads(line)["custom_id"][:3] for line in out.splitlines()] == [f"T_{n}" for n in range(1, 8)]


def test_structured_answers_become_columns(cbtui, simulator, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(
        json.dumps(
            {
                "type": "object",
                "properties": {"label": {"type": "string"}, "sure": {"type": "boolean"}},
                "required": ["label", "sure"],
                "additionalProperties": False,
            }
        )
    )
    source, requests = tmp_path / "t.csv", tmp_path / "r.jsonl"
    source.write_text("body\nhello\nworld\n")
    code, _, err = cbtui(
        *("build", "csv", source, "--schema", schema, "--model", "claude-haiku-4-5", "--max-tokens", 200),
        *("-o", requests),
    )
    assert code == 0, err
    id_ = cbtui("submit", requests, "--yes")[1].strip()
    cbtui("watch", id_, "--interval", "1")
    code, out, _ = cbtui("results", id_, "--format", "csv", "--spread")
    table = list(csv.DictReader(io.StringIO(out)))
    assert [json.loads(row["response"])["label"] for row in table] == [row["label"] for row in table]
    assert {row["sure"] for row in table} <= {"true", "false"}


@pytest.mark.slow
def test_a_reader_that_has_enough_is_no_error(cbtui, ended):
    import subprocess
    import sys

    command = f"{sys.executable} -m claude_batch_tui results {ended} --format csv | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("id,custom_id")
    assert done.stderr == ""


@pytest.mark.slow
def test_several_batches_and_files_are_one_export(cbtui, simulator, ended, requests_file, tmp_path):
    other = cbtui("submit", requests_file(2, "other.jsonl"), "--yes")[1].strip()
    assert cbtui("watch", other, "--interval", "1")[0] == 0
    assert cbtui("results", other, "-o", tmp_path / "local.jsonl")[0] == 0
    code, out, _ = cbtui("results", ended, other, "tickets", tmp_path / "local.jsonl", "--format", "flat")
    assert code == 0
    counts: dict[str, int] = {}
    for line in map(json.loads, out.splitlines()):
        counts[line["batch_id"]] = counts.get(line["batch_id"], 0) + 1
    assert counts == {"local": 2, ended: 7, other: 2}


@pytest.mark.slow
def test_results_that_another_process_still_reads_are_not_taken_for_whole(
    ended, cbtui, simulator, own_folders, given_results
):
    path = own_folders / "data" / "results" / f"{ended}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(given_results(simulator, ended)[:200])
    with own_results(path, path):
        code, out, err = cbtui("results", ended)
    assert (code != 0, out) == (True, "")
    assert f"Another process is downloading {ended}" in err
    assert cbtui("results", ended)[1].count("\n") == 7


@pytest.fixture
def labels(tmp_path):
    """A results file of three JSON answers."""
    path = tmp_path / "labels.jsonl"
    usage = {"input_tokens": 1, "output_tokens": 1}
    with path.open("w") as file:
        for number, (label, score) in enumerate([("bug", 0.25), ("billing", 0.75), ("bug", 0.5)]):
            text = json.dumps({"label": label, "score": score})
            message = {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}
            line = {"custom_id": f"r{number}", "result": {"type": "succeeded", "message": message}}
            file.write(json.dumps(line) + "\n")
    return path


def test_values_in_json_answers_are_columns_an_order_and_a_filter(cbtui, labels):
    picked = "--columns", "json.label,custom_id,json.score"
    code, out, _ = cbtui("results", labels, *picked, "--sort", "json.score:desc")
    assert (code, out.splitlines()) == (
        0,
        ["json.label,custom_id,json.score", "billing,r1,0.75", "bug,r2,0.5", "bug,r0,0.25"],
    )
    _, out, _ = cbtui(
        "results", labels, *picked, "--where", "json.label = bug", "--format", "flat", "--limit", "1"
    )
    assert json.loads(out) == {"json.label": "bug", "custom_id": "r0", "json.score": 0.25}


def test_columns_in_parquet_have_the_kind_of_their_values(cbtui, labels, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert cbtui("results", labels, "--columns", "json.score,id", "-o", tmp_path / "a.parquet")[0] == 0
    assert str(parquet.read_schema(tmp_path / "a.parquet").field("json.score").type) == "double"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--columns", "nope"), "there is no column 'nope'; there are id, custom_id"),
        (("--columns", "json."), "begins no step"),
        (("--columns", ","), "names no column"),
        (("--columns", "json.\udcff"), "has to be valid UTF-8"),
        (("--columns", "id", "--format", "jsonl"), "jsonl has a form of its own; use one of flat"),
    ],
)
def test_columns_that_cannot_be_had_are_refused_with_those_there_are(cbtui, labels, arguments, words):
    code, out, err = cbtui("results", labels, *arguments)
    assert (code, out) == (2, "")
    assert words in err
