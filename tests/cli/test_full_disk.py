"""A disk that is full: one sentence, exit 4, nothing half-written, and nothing paid."""

import os
import subprocess
import sys

import pytest

from full_disk import files_of_at_most

LIMIT = 2_000_000
"""More than the store takes, less than what is to be written."""


@pytest.mark.slow
def test_what_cannot_be_written_down_is_not_sent(cbtui, simulator, requests_file, tmp_path, monkeypatch):
    monkeypatch.setenv("CBTUI_DATA_DIR", str(tmp_path / "data"))
    requests = requests_file(20_000)
    assert cbtui("list")[0] == 0
    with files_of_at_most(LIMIT):
        code, _, err = cbtui("submit", requests, "--yes")
    assert code == 4
    assert "body.json: the file is larger than this system allows" in err
    assert len(simulator.batches.all()) == 0
    assert list((tmp_path / "data" / "spool").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "limit", [1, 4_096, 12_000, 14_000, 20_000, 60_000, 100_000, 130_000, 150_000, 170_000]
)
def test_wherever_the_disk_is_full_a_submission_says_one_sentence_and_the_same_command_pays_once(
    cbtui, simulator, requests_file, tmp_path, monkeypatch, limit
):
    monkeypatch.setenv("CBTUI_DATA_DIR", str(tmp_path / "data"))
    spool = tmp_path / "data" / "spool"
    assert cbtui("submit", requests_file(5, "first.jsonl"), "--yes")[0] == 0
    file = requests_file(100)
    with files_of_at_most(limit):
        code, out, err = cbtui("submit", file, "--yes", "--new-only")
    created = len(simulator.batches.all()) - 1
    if code:
        assert (code, out) == (4, "")
        assert err.splitlines()[-1].startswith("cbtui: ")
        assert "Traceback" not in err
        bodies = [path.name.partition(".")[0] for path in spool.iterdir()]
        assert len(set(bodies)) == 1 + created
        assert not [path for path in spool.iterdir() if path.suffix == ".part" or "portion" in path.name]
        assert ("was created, but that could not be written down" in err) is bool(created)
        code, out, err = cbtui("submit", file, "--yes", "--new-only")
        assert code in (0, 2)
    assert sorted(len(batch.rows) for batch in simulator.batches.all()) == [5, 95]
    code, _, _ = cbtui("submit", file, "--yes", "--new-only")
    assert code == 2
    assert len(simulator.log.creates) == 2


@pytest.mark.parametrize("name", ["all.csv", "all.jsonl", "all.md", "all.sqlite", "answers/"])
def test_an_export_keeps_what_was_there(cbtui, tmp_path, name):
    line = '{"custom_id":"r%d","result":{"type":"succeeded","message":{"content":[{"type":"text","text":"%s"}]}}}\n'
    results, out = tmp_path / "results.jsonl", tmp_path / "out"
    results.write_text("".join(line % (number, "word " * 200) for number in range(4_000)))
    out.mkdir()
    if name == "answers/":
        results.write_text(line % (1, "word " * 500_000))
    with files_of_at_most(LIMIT):
        code, _, err = cbtui("export", results, "-o", f"{out}/{name}")
    assert code == 4, err
    assert err.splitlines()[-1].startswith(f"cbtui: Cannot write {out}/{name.rstrip('/')}: ")
    assert list(out.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("words", [["guide"], ["export", "results.jsonl", "-o", "-", "--format", "csv"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout_is_said_in_one_sentence(tmp_path, words, unbuffered):
    (tmp_path / "results.jsonl").write_text('{"custom_id":"a","result":{"type":"expired"}}\n')
    done = command(tmp_path, *words, redirected=">/dev/full", PYTHONUNBUFFERED=unbuffered)
    last = done.stderr.splitlines()[-1]
    assert last == "cbtui: Cannot write stdout: the disk is full. Free some space and try again."
    assert done.returncode == 4


@pytest.mark.slow
@pytest.mark.parametrize(("closed", "said"), [("<&-", True), (">&-", False), ("2>&-", True)])
def test_a_closed_stream_is_one_that_nobody_listens_to(tmp_path, closed, said):
    (tmp_path / "results.jsonl").write_text('{"custom_id":"a","result":{"type":"expired"}}\n')
    done = command(tmp_path, "results", "results.jsonl", redirected=closed)
    assert done.returncode == 6
    assert ('"custom_id":"a"' in done.stdout) is said
    assert "Traceback" not in done.stderr


def command(folder, *words, redirected, **environment):
    """A command line in a shell of its own."""
    line = (
        f"{sys.executable} -m claude_batch_tui {' '.join(words)} --data-dir data --config-dir . {redirected}"
    )
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
