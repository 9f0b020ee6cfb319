"""`--json` on every command that has data: JSON objects, one a line, of one shape for batches."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.main import COMMANDS, _parser
from claude_batch_tui.cli.output import JSON_VERSION
from claude_batch_tui.domain.batches.notices import Notice

BATCH = {"id", "processing_status", "request_counts", "name", "run_name", "tags", "note", "run_id", "hidden"}
"""What the object of a batch has, whatever command prints it."""

LINES = {
    "list": ("list", BATCH),
    "status": ("status BATCH", BATCH),
    "name": ("name BATCH evals", BATCH),
    "tag": ("tag BATCH +eval", BATCH),
    "note": ("note BATCH weekly", BATCH),
    "hide": ("hide BATCH", BATCH),
    "adopt": ("adopt FOREIGN --name theirs", BATCH),
    "submit": ("submit OTHER --yes", BATCH),
    "run": ("run RECIPE.toml -o RUN.csv --yes --interval 1", BATCH | {"output"}),
    "watch": ("watch BATCH --interval 1", set()),
    "history": ("history", {"days", "outcomes", "total"}),
    "costs": ("costs", {"by", "lines", "total"}),
    "results": ("results BATCH --stats", {"entries", "outcomes"}),
    "backup": ("backup BACKUP.tar", {"output", "files", "bytes"}),
    "export": ("export BATCH -o OUT.csv", {"output", "format", "ids", "entries"}),
    "compare": ("compare BATCH BATCH", {"a", "b", "agreements"}),
    "score": ("score BATCH --judge BATCH", {"a", "score"}),
    "triage": ("triage FAILED", {"cause"}),
    "retry": ("retry FAILED --yes", BATCH),
    "check": ("check REQUESTS", {"requests", "problems"}),
    "build": ("build text TEXT --model claude-haiku-4-5 --max-tokens 9 -o BUILT.jsonl", {"reading"}),
    "try": ("try REQUESTS --row 1 --yes", {"content", "usage"}),
    "cancel": ("cancel RUNNING --yes", BATCH),
    "delete": ("delete BATCH --yes", {"id", "type"}),
    "forget": ("forget BATCH --yes --unexported", set()),
    "prune": ("prune --yes", set()),
    "models": ("models", {"model", "batch_input"}),
    "info": ("info", {"settings"}),
    "config": ("config", {"name", "value"}),
    "doctor": ("doctor", set()),
    "examples": ("examples", set()),
}
"""By command: a line, and the keys of the first object it prints with --json."""
WITHOUT_DATA = {"report", "open", "demo", "simulate", "reset-tty", "guide", "help", "skill", "completion"}


@pytest.fixture
def words(cbtui, simulator, requests_file, tmp_path):
    """What the words in capitals of `LINES` are here."""
    code, out, _ = cbtui("submit", requests_file(3), "--yes", "--name", "mine")
    assert code == 0
    batch_id = out.strip()
    simulator.decide("r1", "errored")
    failed = cbtui("submit", requests_file(2, "failed.jsonl"), "--yes", "--again")[1].strip()
    for one in (batch_id, failed):
        cbtui("watch", one, "--interval", "1")
        cbtui("results", one)
    text = tmp_path / "rows.txt"
    text.write_text("one\ntwo\n")
    other = requests_file(2, "other.jsonl")
    other.write_text(other.read_text().replace("r0", "x0").replace('"content":"', '"content":"more '))
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'version = 1\n[source]\nkind = "text"\npath = "rows.txt"\n[request]\ntemplate = "Say {{ text }}"\n'
        '[params]\nmodel = "claude-haiku-4-5"\nmax_tokens = 900\n'
    )
    return {
        "BATCH": batch_id,
        "RECIPE.toml": str(recipe),
        "RUN.csv": str(tmp_path / "run.csv"),
        "FAILED": failed,
        "FOREIGN": simulator.batches.add(3).id,
        "RUNNING": simulator.batches.add(3, duration=36_000_000_000).id,
        "REQUESTS": str(requests_file(3)),
        "OTHER": str(other),
        "TEXT": str(text),
        "BACKUP.tar": str(tmp_path / "b.tar"),
        "OUT.csv": str(tmp_path / "out.csv"),
        "BUILT.jsonl": str(tmp_path / "built.jsonl"),
    }


def test_every_command_is_in_the_table_or_has_no_data():
    assert set(LINES) | WITHOUT_DATA == set(COMMANDS)


@pytest.mark.parametrize("command", LINES)
def test_every_command_that_has_data_takes_json(command):
    parser, _ = _parser([command])
    sub = parser._subparsers._group_actions[0].choices[command]
    assert "--json" in sub.format_help()


def test_what_json_prints_are_objects_a_line_and_those_of_batches_have_one_shape(cbtui, words):
    for command, (line, keys) in LINES.items():
        code, out, err = cbtui(*(words.get(word, word) for word in line.split()), "--json")
        assert code in (0, 1), (command, code, err)
        objects = [json.loads(each) for each in out.splitlines()]
        assert all(isinstance(each, dict) for each in objects), command
        assert all(keys <= set(each) for each in objects), (command, keys, objects[:1])
        assert objects or not keys, (command, err)
        for each in objects:
            assert_documented(each, DOCUMENTED[f"{command} --stats" if command == "results" else command])
    for line in ("status --short", "results FAILED --ledger"):
        _, out, _ = cbtui(*(words.get(word, word) for word in line.split()), "--json")
        assert_documented(json.loads(out), DOCUMENTED[line.replace(" FAILED", "")])


def documented():
    """By heading of the page for scripts: its fields, and whether each is always there."""
    page = (
        (Path(__file__).parents[2] / "docs/scripting.md")
        .read_text()
        .partition("## Objects")[2]
        .partition("\n## ")[0]
    )
    fields = {}
    for part in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| (`.*?) \| (.*) \|$", part, re.MULTILINE)
        found = {
            name: not what.startswith("only")
            for names, what in rows
            for name in names.strip("`").split("`, `")
        }
        for heading in part.partition("\n")[0].split(", "):
            fields[heading] = found
    return fields


DOCUMENTED = documented()


def assert_documented(each, fields):
    assert set(each) <= set(fields)
    assert {name for name, is_always in fields.items() if is_always} <= set(each)


def test_the_page_for_scripts_says_the_version_of_the_objects_and_every_exit_code(cbtui):
    page = (Path(__file__).parents[2] / "docs/scripting.md").read_text()
    assert f"**version {JSON_VERSION}**" in page
    assert json.loads(cbtui("info", "--json")[1])["json_version"] == JSON_VERSION
    codes = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    assert [int(code) for code in codes] == sorted(ExitCode)
    assert {heading.split()[0] for heading in DOCUMENTED} == set(LINES)


def test_the_page_for_scripts_says_what_a_hook_gets():
    page = (Path(__file__).parents[2] / "docs/scripting.md").read_text().partition("## What a hook gets")[2]
    names = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    said = [name for each in names for name in each.strip("`").split("`, `")]
    assert said == ["event", *Notice.__struct_fields__]


@pytest.mark.slow
def test_a_label_of_a_run_gives_its_batches_as_they_are_then(cbtui, words):
    run_id = json.loads(cbtui("status", "mine", "--json")[1])["run_id"]
    cbtui("name", run_id, "weekly")
    (batch,) = [json.loads(line) for line in cbtui("tag", "weekly", "+a", "--json", "+b")[1].splitlines()]
    assert (batch["id"], batch["tags"]) == (words["BATCH"], ["a", "b"])
    batch = json.loads(cbtui("hide", "--undo", "weekly", "--json")[1])
    assert (batch["hidden"], batch["run_id"]) == (False, run_id)


@pytest.mark.slow
def test_json_of_an_export_is_not_for_stdout(cbtui, words):
    code, out, err = cbtui("export", words["BATCH"], "-o", "-", "--json")
    assert (code, out) == (2, "")
    assert "not with -o -" in err
