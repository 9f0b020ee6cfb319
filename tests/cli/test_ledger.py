"""What was sent against what came back, on the command line."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def ended(cbtui, simulator, requests_file):
    """A batch of 20 requests that has ended and whose results are here; its id and results file."""

    def make():
        batch_id = cbtui("submit", requests_file(20), "--yes")[1].strip()
        cbtui("watch", batch_id, "--interval", "1")
        assert cbtui("results", batch_id)[0] in (0, 1)
        return batch_id

    return make


@pytest.fixture
def broken(ended, cbtui, own_folders, tmp_path):
    """The same with a results file in which everything is wrong once."""
    batch_id = ended()
    lines = cbtui("results", batch_id)[1].splitlines()
    lines = sorted(lines, key=lambda line: json.loads(line)["custom_id"])
    path = tmp_path / "broken.jsonl"
    stranger = json.dumps({"custom_id": "stranger", "result": {"type": "expired"}})
    path.write_text("\n".join([*lines[1:], lines[1], stranger, "{broken \x1b[31m"]) + "\n")
    return batch_id, path


@pytest.mark.slow
def test_the_ledger_of_a_whole_batch_has_no_gaps(ended, cbtui):
    code, out, _ = cbtui("results", ended(), "--ledger", "--json")
    found = json.loads(out)
    assert (found["sent"], found["came back"]) == (20, 20)
    assert [found[name] for name in ("missing", "extra", "duplicate", "unparsable")] == [0, 0, 0, 0]
    assert code == (0 if found.get("complete") == 20 else 1)


def test_every_gap_is_counted_and_listed(broken, cbtui, requests_file, own_folders):
    _, path = broken
    rows = path.with_name("rows.jsonl")
    made = [
        {"custom_id": f"r{n}", "id": f"r{n}", "source": "t.csv", "line": n + 2, "row": {}} for n in range(20)
    ]
    rows.write_text("".join(json.dumps(row) + "\n" for row in made))
    code, out, _ = cbtui("results", path, "--ledger", "--json", "--rows", rows)
    found = json.loads(out)
    assert code == 1
    assert [found[name] for name in ("missing", "extra", "duplicate", "unparsable")] == [1, 1, 1, 1]
    assert "unparsed" not in found  # one line is counted once
    listed = {
        name: cbtui("results", path, "--list", name, "--rows", rows)[1].splitlines()
        for name in ("missing", "extra", "duplicate", "unparsable")
    }
    assert listed["missing"] == ["r0"]
    assert listed["extra"] == ["stranger\tentry 21"]
    assert listed["duplicate"] == ["r1\tentry 20"]
    assert [line.split("\t")[1] for line in listed["unparsable"]] == ["entry 22"]
    assert "\x1b" not in listed["unparsable"][0]


@pytest.mark.slow
def test_what_was_sent_is_unknown_for_a_file_alone(broken, cbtui):
    _, path = broken
    _, out, _ = cbtui("results", path, "--ledger")
    assert "unknown" in out
    code, out, err = cbtui("results", path, "--list", "missing")
    assert (code, out) == (1, "")
    assert "--rows" in err


def test_the_words_of_the_ledger_are_for_people(ended, cbtui):
    _, out, _ = cbtui("results", ended(), "--ledger")
    assert "  came back             20\n" in out
