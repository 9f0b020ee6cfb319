"""`cbtui triage` and `cbtui retry --set`: from what is not truly good, by cause, to requests that are sent with edits."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from claude_batch_tui.sources.overrides import Override

FILES = ("answers.csv", "answers.jsonl", "answers.sqlite", "answers.json", "answers.md")
CAUSES = ("truncated", "expired", "errored", "refused")


@pytest.fixture
def ended(cbtui, simulator, tmp_path):
    """A function that sends so many requests of which one in twenty fails, in four ways, and gives their batch."""

    def send(count, *options):
        path = tmp_path / "requests.jsonl"
        with path.open("w") as file:
            for number in range(count):
                cause = CAUSES[number // 20 % 4] if number % 20 == 0 else ""
                params = {
                    "model": "claude-haiku-4-5",
                    "max_tokens": 3 if cause == "truncated" else 4000,
                    "stop_sequences": ["STOP"],
                    "messages": [{"role": "user", "content": f"Say what {number} is."}],
                }
                file.write(json.dumps({"custom_id": f"r{number}", "params": params}) + "\n")
                if cause not in ("", "truncated"):
                    simulator.decide(f"r{number}", cause)
        code, out, err = cbtui("submit", path, "--yes", "--requests", count, "--name", "labels", *options)
        assert code == 0, err
        batch_id = out.strip()
        cbtui("watch", batch_id, "--interval", "1")
        for number in range(0, count, 20):
            if CAUSES[number // 20 % 4] != "refused":
                simulator.decide(f"r{number}", "answered")
        return batch_id

    return send


def sent(own_folders):
    """The requests of all retries, oldest first."""
    bodies = sorted((own_folders / "data" / "spool").glob("*.body.json"))
    return [json.loads(body.read_bytes())["requests"] for body in bodies][1:]


def groups(cbtui, word):
    code, out, _ = cbtui("triage", word, "--json")
    return code, {one["cause"]: one for one in map(json.loads, out.splitlines())}


@pytest.mark.slow
def test_what_is_not_good_is_grouped_by_cause_with_what_helps_and_what_it_costs(cbtui, ended):
    batch_id = ended(160)
    code, found = groups(cbtui, batch_id)
    assert code == 1
    assert Counter({one["cause"]: one["count"] for one in found.values()}).total() == 8
    assert {cause: one["remedy"] for cause, one in found.items()} == {
        "truncated": "fix first",
        "expired": "as it is",
        "refused": "never",
        **{cause: one["remedy"] for cause, one in found.items() if cause.endswith("_error")},
    }
    assert found["truncated"]["max_tokens"] > 3
    assert all(one["cost_at_most"] > 0 for one in found.values())
    assert found["refused"]["example"].startswith("r")
    code, out, err = cbtui("triage", batch_id)
    assert "8 of 160 entries are not truly good" in err
    assert "under the same limit it is cut again" in out
    assert f"--set max_tokens={found['truncated']['max_tokens']}" in out


@pytest.mark.slow
def test_every_where_of_a_group_chooses_exactly_its_entries(cbtui, ended):
    batch_id = ended(160)
    _, found = groups(cbtui, batch_id)
    for one in found.values():
        lines = cbtui("results", batch_id, "--where", one["where"])[1].splitlines()
        assert len(lines) == one["count"]
        assert one["example"] in {json.loads(line)["custom_id"] for line in lines}


@pytest.mark.slow
def test_a_truncated_answer_goes_out_under_another_limit_and_is_not_sent_again_twice(
    cbtui, ended, own_folders
):
    batch_id = ended(80)
    options = ("--where", "class=truncated", "--set", "max_tokens=4096", "--drop", "stop_sequences", "--yes")
    code, out, err = cbtui("retry", batch_id, *options)
    assert code == 0, err
    assert "1 to retry: 1 truncated" in err
    assert "cut again" not in err
    (request,) = sent(own_folders)[0]
    assert request["custom_id"] == "r0"
    assert request["params"]["max_tokens"] == 4096
    assert "stop_sequences" not in request["params"]
    assert cbtui("retry", batch_id, *options)[0] == 2
    cbtui("watch", out.strip(), "--interval", "1")
    assert "truncated" not in groups(cbtui, "labels")[1]


@pytest.mark.slow
@pytest.mark.parametrize("edits", [(), ("--set", "max_tokens=3"), ("--set", "metadata.user_id=u1")])
def test_the_same_limit_is_said_to_cut_again(cbtui, ended, edits):
    batch_id = ended(20)
    options = ("--where", "class=truncated", "--any-outcome", *edits)
    assert "1 were cut at max_tokens and go out under the same limit" in cbtui("retry", batch_id, *options)[2]


def test_a_template_and_a_system_prompt_replace_those_that_were_sent(cbtui, ended, own_folders, tmp_path):
    batch_id = ended(80)
    (tmp_path / "system.txt").write_text("Be brief.")
    code, _, err = cbtui(
        "retry",
        batch_id,
        "--where",
        "class=refused",
        "--yes",
        "--system",
        f"@{tmp_path / 'system.txt'}",
        "--template",
        "Another question",
        "--set",
        "model=claude-sonnet-4-5",
    )
    assert code == 0, err
    (request,) = sent(own_folders)[0]
    assert request["params"]["system"] == "Be brief."
    assert request["params"]["messages"] == [{"role": "user", "content": "Another question"}]
    assert request["params"]["model"] == "claude-sonnet-4-5"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "max_tokens"), "is no path and value"),
        (("--set", "max_tokens=many"), "whole number of tokens"),
        (("--set", "messages[7].content=x"), "no such place"),
        (("--set", "max_tokens=9000000"), "max_tokens"),
        (("--template", "{{ nothing }}"), "not on this machine"),
    ],
)
def test_an_edit_that_cannot_be_made_sends_nothing(cbtui, simulator, ended, options, said):
    batch_id = ended(20)
    code, _, err = cbtui("retry", batch_id, "--where", "class=truncated", "--yes", *options)
    assert (code, said in err) == (2, True), err
    assert len(simulator.log.creates) == 1


def test_an_override_says_its_place():
    assert Override(("messages", 0, "content"), "x").place == "messages[0].content"


def heal(cbtui, ended, count, folder):
    """Three lines: what is wrong, more max_tokens for what was cut, the transient as it was. Then one whole answer set."""
    first = ended(count)
    run_id = json.loads(cbtui("status", first, "--json")[1])["run_id"]
    code, found = groups(cbtui, run_id)
    assert code == 1
    assert sum(one["count"] for one in found.values()) == count // 20
    for name in FILES:  # what failed is replaced by its answer when it is exported again
        assert cbtui("export", run_id, "-o", folder / name)[0] == 1
    for options in (("--where", "class=truncated", "--set", "max_tokens=4096"), ()):
        code, out, err = cbtui("retry", run_id, "--yes", *options)
        assert code == 0, err
        cbtui("watch", out.strip(), "--interval", "1")
    code, found = groups(cbtui, run_id)
    assert code == 1
    assert {cause: one["count"] for cause, one in found.items()} == {"refused": count // 80}
    assert cbtui("export", run_id, "-o", folder / "answers.sqlite", "--attempts", "all")[0] == 1
    for name in FILES:
        code, _, err = cbtui("export", run_id, "-o", folder / name, "--force")
        assert code == 1, err
    ids = {f"r{number}" for number in range(count)}
    lines = (folder / "answers.jsonl").read_text().splitlines()
    assert (len(lines), {json.loads(line)["custom_id"] for line in lines}) == (count, ids)
    with (folder / "answers.csv").open(newline="") as file:
        rows = [row["custom_id"] for row in csv.DictReader(file)]
    assert (len(rows), set(rows)) == (count, ids)
    with closing(sqlite3.connect(folder / "answers.sqlite")) as database:
        (table,) = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
        assert database.execute(f'SELECT count(*), count(DISTINCT custom_id) FROM "{table}"').fetchone() == (
            count,
            count,
        )
    code, out, _ = cbtui("results", run_id, "--ledger", "--json")
    ledger = json.loads(out)
    assert code == 1
    assert (ledger["sent"], ledger["missing"], ledger["extra"], ledger["duplicate"]) == (count, 0, 0, 0)
    assert (ledger["complete"], ledger["refused"]) == (count - count // 80, count // 80)


def test_a_run_is_healed_in_three_lines_but_for_what_was_refused(cbtui, ended, tmp_path):
    heal(cbtui, ended, 320, tmp_path)


@pytest.mark.slow
def test_ten_thousand_requests_are_healed_in_three_lines(cbtui, ended, tmp_path):
    heal(cbtui, ended, 10_000, tmp_path)
