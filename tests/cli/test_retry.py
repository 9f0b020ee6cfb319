"""`cbtui retry`: from failed entries to a batch that pays for each of them once."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
import sys
import tempfile
import threading
from functools import partial

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.domain.requests import limits as partition_module
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.simulator import Fault

CREATE = {"method": "POST", "path": r"/batches$"}
FATES = {"r1": "errored", "r4": "expired", "r6": "errored"}


@pytest.fixture
def fates(simulator):
    """Decide what becomes of requests from now on; what is not named is answered."""

    def decide(**chosen):
        for number in range(10):
            simulator.decide(f"r{number}", chosen.get(f"r{number}", "answered"))

    return decide


def watched(cbtui, submitted):
    code, out, err = submitted
    assert code == 0, err
    cbtui("watch", out.strip(), "--interval", "1")
    return out.strip()


@pytest.fixture
def failed(cbtui, simulator, fates, requests_file):
    """The id of an ended batch of ten, of which three failed."""
    fates(**FATES)
    return watched(cbtui, cbtui("submit", requests_file(10), "--yes", "--name", "labels"))


def run_of(cbtui, batch_id):
    out = cbtui("status", batch_id, "--json")[1]
    return json.loads(out)["run_id"]


def sent(own_folders, kind="retry"):
    """The bodies of all retries on disk, oldest first."""
    bodies = sorted((own_folders / "data" / "spool").glob("*.body.json"))
    return [[one["custom_id"] for one in json.loads(body.read_bytes())["requests"]] for body in bodies][1:]


def outcomes(cbtui, word):
    out = cbtui("results", word, "--format", "csv")[1]
    return [(row["custom_id"], row["status"]) for row in csv.DictReader(io.StringIO(out))]


@pytest.mark.slow
def test_what_errored_or_expired_is_sent_again_to_the_byte_in_the_same_run(
    cbtui, simulator, fates, failed, requests_file, own_folders, tmp_path
):
    lines = requests_file(10).read_bytes().splitlines()
    code, out, err = cbtui("retry", failed, "-o", tmp_path / "again.jsonl")
    assert (code, out) == (0, "")
    assert "3 to retry: 2 errored, 1 expired" in err
    assert (tmp_path / "again.jsonl").read_bytes().splitlines() == [lines[1], lines[4], lines[6]]
    assert len(simulator.log.creates) == 1
    fates()
    again = watched(cbtui, cbtui("retry", "labels", "--yes"))
    assert len(simulator.log.creates) == 2
    assert sent(own_folders) == [["r1", "r4", "r6"]]
    assert run_of(cbtui, again) == run_of(cbtui, failed)
    assert sorted(outcomes(cbtui, again)) == [(name, "succeeded") for name in FATES]
    assert "labels retry" in cbtui("list")[1]
    assert sorted(outcomes(cbtui, run_of(cbtui, failed))) == [(f"r{n}", "succeeded") for n in range(10)]
    assert not list((own_folders / "data" / "spool").glob("retry-*"))


@pytest.mark.slow
def test_nothing_is_sent_without_agreement(cbtui, simulator, failed):
    code, out, err = cbtui("retry", failed)
    assert (code, out) == (2, "")
    assert "Submit 3 requests" in err
    assert "Nothing was done: pass --yes to agree" in err
    assert len(simulator.log.creates) == 1


@pytest.mark.slow
def test_what_was_retried_is_refused_unless_again(cbtui, simulator, failed):
    watched(cbtui, cbtui("retry", failed, "--yes"))
    code, _, err = cbtui("retry", failed, "--yes")
    assert code == 2
    assert "3 were retried already (--again sends them once more)" in err
    assert len(simulator.log.creates) == 2
    assert cbtui("retry", failed, "--yes", "--again")[0] == 0
    assert len(simulator.log.creates) == 3


@pytest.mark.slow
def test_a_filter_chooses_and_what_is_left_can_follow(cbtui, simulator, fates, failed, own_folders):
    fates()
    assert cbtui("retry", failed, "--yes", "--where", "outcome=expired")[0] == 0
    code, _, err = cbtui("retry", failed, "--yes")
    assert code == 0
    assert "Left out: 1 retried already (--again)" in err
    assert sent(own_folders) == [["r4"], ["r1", "r6"]]


@pytest.mark.slow
def test_a_retry_of_a_run_repeats_the_newest_attempt_of_each_request(
    cbtui, simulator, fates, failed, own_folders
):
    fates(r4="errored")
    watched(cbtui, cbtui("retry", failed, "--yes", "--where", "id:r4 or id:r6"))
    run = run_of(cbtui, failed)
    fates()
    assert cbtui("retry", run, "--yes")[0] == 0
    assert sent(own_folders)[1:] == [["r1", "r4"]]
    assert "labels retry 2" in cbtui("list")[1]


@pytest.mark.slow
def test_a_batch_of_which_all_failed_has_the_same_bytes_and_is_retried_all_the_same(
    cbtui, simulator, fates, requests_file
):
    fates(**{f"r{number}": "expired" for number in range(10)})
    first = watched(cbtui, cbtui("submit", requests_file(10), "--yes"))
    second = watched(cbtui, cbtui("retry", first, "--yes"))
    fates()
    watched(cbtui, cbtui("retry", second, "--yes"))
    assert len(simulator.log.creates) == 3
    code, _, err = cbtui("retry", run_of(cbtui, first), "--yes")
    assert (code, "There is nothing to retry" in err) == (2, True)


def test_a_lost_answer_is_looked_for_and_never_paid_twice(cbtui, simulator, failed):
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    simulator.faults.next(Fault(method="GET", path=r"/batches$", skip=1, times=9, status=500))
    code, _, err = cbtui("retry", failed, "--yes")
    assert (code, "may or may not exist" in err) == (3, True)
    code, _, err = cbtui("retry", failed, "--yes", "--where", "outcome=errored")
    assert (code, "It is not known yet whether a retry of 2 of these requests" in err) == (2, True)
    simulator.faults.clear()
    code, out, err = cbtui("retry", failed, "--yes")
    assert (code, out.startswith("msgbatch_")) == (75, True), err
    code, _, err = cbtui("retry", out.strip(), "--yes")
    assert (code, "not proven" in err) == (2, True)
    assert cbtui("retry", failed, "--yes", "--accept")[:2] == (0, out)
    assert len(simulator.log.creates) == 2


@pytest.mark.slow
def test_a_run_of_several_batches_is_retried_as_one(
    cbtui, simulator, fates, requests_file, monkeypatch, own_folders
):
    monkeypatch.setattr(spool, "partition", partial(partition_module.partition, max_requests=4))
    fates(**FATES)
    run = watched(cbtui, cbtui("submit", requests_file(10), "--yes", "--name", "labels"))
    fates()
    again = watched(cbtui, cbtui("retry", run, "--yes"))
    assert sorted(outcomes(cbtui, again)) == [(name, "succeeded") for name in FATES]
    assert "labels retry" in cbtui("list")[1]
    lines = [line for line in cbtui("status", run)[1].splitlines() if " msgbatch_" in line]
    parts = [[part.strip() for part in line.split("  ") if part.strip()][-2:] for line in lines]
    assert [(name, words) for name, words in parts] == [
        ("labels 1/3", "3 ok · 1 errored"),
        ("labels 2/3", "2 ok · 1 errored · 1 expired"),
        ("labels 3/3", "2 ok"),
        ("labels retry", "3 ok"),
    ]


def test_invalid_requests_are_left_out_unless_included(cbtui, simulator, failed, own_folders):
    cbtui("results", failed)
    stored = own_folders / "data" / "results" / f"{failed}.jsonl"
    lines = [json.loads(line) for line in stored.read_text().splitlines()]
    for line in lines:
        if line["custom_id"] == "r1":
            line["result"]["error"]["error"]["type"] = "invalid_request_error"
    stored.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with contextlib.closing(
        sqlite3.connect(stored.parent.parent / "store.db", isolation_level=None)
    ) as store:
        store.execute("UPDATE download SET bytes = ?", (stored.stat().st_size,))
    code, _, err = cbtui("retry", failed)
    assert "2 to retry: 1 errored, 1 expired" in err
    assert "Left out: 1 to be changed first (--include-invalid)" in err
    code, _, err = cbtui("retry", failed, "--where", "id=r1")
    assert (code, "1 have to be changed first (--set changes them, --include-invalid" in err) == (2, True)
    assert cbtui("retry", failed, "--yes", "--include-invalid")[0] == 0
    assert sent(own_folders) == [["r1", "r4", "r6"]]


@pytest.mark.slow
def test_what_succeeded_is_paid_again_only_when_it_is_said(cbtui, simulator, failed, own_folders):
    code, _, err = cbtui("retry", failed, "--yes", "--where", "id=r0")
    assert (code, "1 good: --any-outcome includes them, paid again" in err) == (2, True)
    code, _, err = cbtui("retry", failed, "--yes", "--where", "id=r0", "--any-outcome")
    assert (code, "paid for already, and is paid once more" in err) == (0, True)
    assert sent(own_folders) == [["r0"]]


def test_requests_that_are_not_on_this_machine_are_one_sentence(cbtui, simulator, failed, own_folders):
    for path in (own_folders / "data" / "spool").iterdir():
        path.unlink()
    code, _, err = cbtui("retry", failed, "--yes")
    assert code == 2
    assert f"The requests of {failed} are not on this machine" in err
    simulator.batches.add(3, age=50, duration=10)
    foreign = simulator.batches.add(3, age=50, duration=10).id
    simulator.batches.finish()
    code, _, err = cbtui("retry", foreign, "--yes", "--any-outcome")
    assert (code, f"The requests of {foreign} are not on this machine" in err) == (2, True)


@pytest.mark.slow
def test_rows_and_betas_go_along(cbtui, simulator, tmp_path, own_folders):
    source, requests = tmp_path / "t.csv", tmp_path / "q.jsonl"
    source.write_text("key,prompt\nT 1,Hi\nT 2,Ho\n")
    build = ("build", "csv", source, "--id-column", "key", "--model", "claude-haiku-4-5", "--max-tokens", "5")
    assert cbtui(*build, "-o", requests, "--betas", "a-1")[0] == 0
    ids = [json.loads(line)["custom_id"] for line in requests.read_text().splitlines()]
    simulator.decide(ids[1], "errored")
    first = watched(cbtui, cbtui("submit", requests, "--yes"))
    simulator.decide(ids[1], "answered")
    again = watched(cbtui, cbtui("retry", first, "--yes"))
    assert simulator.log.creates[1].headers["anthropic-beta"] == "a-1"
    table = list(csv.DictReader(io.StringIO(cbtui("results", again, "--format", "csv")[1])))
    assert [(row["id"], row["key"], row["status"]) for row in table] == [("T 2", "T 2", "succeeded")]


def test_a_batch_that_has_not_ended_is_said(cbtui, simulator, requests_file):
    simulator.faults.always(Fault(method="GET", path=r"/results$", status=404))
    id_ = cbtui("submit", requests_file(3), "--yes")[1].strip()
    assert cbtui("retry", id_, "--yes")[0] == 3


def test_a_file_of_results_cannot_be_retried(cbtui, simulator, tmp_path):
    code, _, err = cbtui("retry", tmp_path / "results.jsonl", "--yes")
    assert (code, "which does not say what was sent: name its requests with --sent FILE" in err) == (2, True)


def test_what_failed_in_a_results_file_is_written_again_once_its_requests_are_named(
    cbtui, simulator, requests_file, tmp_path
):
    sent, results, again = requests_file(3), tmp_path / "theirs.jsonl", tmp_path / "again.jsonl"
    simulator.decide(json.loads(sent.read_text().splitlines()[1])["custom_id"], "errored")
    id_ = cbtui("submit", sent, "--yes")[1].strip()
    cbtui("watch", id_, "--interval", "1")
    cbtui("results", id_, "-o", results)
    shorter = tmp_path / "shorter.jsonl"
    shorter.write_text(sent.read_text().splitlines(keepends=True)[0])
    code, _, err = cbtui("retry", results, "--sent", shorter, "-o", again)
    assert (code, "is not what theirs.jsonl was sent: 2 of its 3 results" in err, again.exists()) == (
        2,
        True,
        False,
    )
    assert json.loads(cbtui("results", results, "--ledger", "--json")[1])["sent"] is None
    code, _, err = cbtui("retry", results, "--sent", sent, "-o", again)
    assert (code, "1 request in" in err) == (0, True)
    assert json.loads(again.read_text()) == json.loads(sent.read_text().splitlines()[1])
    assert json.loads(cbtui("results", results, "--ledger", "--json")[1])["sent"] == 3
    assert len(simulator.log.creates) == 1


@pytest.fixture
def keyboard():
    """A file that can be read at once."""
    with tempfile.TemporaryFile() as file:
        yield file


class Hesitating:
    """A terminal on which the answer `yes` comes only after another process has done the same."""

    def __init__(self, file, *command):
        self.file, self.command = file, command

    def isatty(self):
        return True

    def fileno(self):
        return self.file.fileno()

    def readline(self):
        done = []
        other = threading.Thread(target=lambda: done.append(main(self.command, lambda _: 0)))
        other.start()
        other.join()
        assert done == [0]
        return "yes\n"


def test_a_retry_that_another_process_was_quicker_with_is_not_sent(
    cbtui, simulator, failed, keyboard, monkeypatch
):
    monkeypatch.setattr(
        sys, "stdin", Hesitating(keyboard, "retry", failed, "--yes", "--where", "outcome=errored")
    )
    code, _, err = cbtui("retry", failed)
    assert (code, "2 of these requests were sent again meanwhile, as msgbatch_" in err) == (2, True)
    assert len(simulator.log.creates) == 2


@pytest.mark.slow
def test_a_file_that_another_process_was_quicker_with_is_not_sent(
    cbtui, simulator, requests_file, keyboard, monkeypatch, own_folders
):
    file = requests_file(10)
    monkeypatch.setattr(sys, "stdin", Hesitating(keyboard, "submit", str(file), "--yes"))
    code, _, err = cbtui("submit", file)
    assert (code, "The same requests were sent meanwhile, as msgbatch_" in err) == (2, True)
    assert len(simulator.log.creates) == 1
    assert len(list((own_folders / "data" / "spool").glob("*.body.json"))) == 1


@pytest.mark.slow
def test_a_retried_run_is_whole_and_every_verb_says_so_while_a_batch_answers_for_itself(
    cbtui, simulator, fates, failed, tmp_path, monkeypatch
):
    assert cbtui("watch", "labels", "--interval", "1")[0] == 1
    fates()
    again = watched(cbtui, cbtui("retry", "labels", "--yes"))
    run = run_of(cbtui, failed)
    for word in ("labels", run):
        for verb in (
            ["status"],
            ["watch", "--interval", "1"],
            ["results"],
            ["results", "--ledger"],
            ["results", "--stats"],
        ):
            code, _, err = cbtui(verb[0], word, *verb[1:])
            assert code == 0, (verb, err)
    for verb in (
        ["status"],
        ["watch", "--interval", "1"],
        ["results"],
        ["results", "--ledger"],
        ["results", "--stats"],
    ):
        assert cbtui(verb[0], failed, *verb[1:])[0] == 1, verb
        assert cbtui(verb[0], again, *verb[1:])[0] == 0, verb
    shown = json.loads(cbtui("status", "labels", "--json")[1])
    assert shown["request_counts"] == {
        "processing": 0,
        "succeeded": 10,
        "errored": 0,
        "canceled": 0,
        "expired": 0,
    }
    assert [batch["id"] for batch in shown["batches"]] == [failed, again]
    out = cbtui("results", "labels", "--format", "csv")[1]
    rows = {row["custom_id"]: (row["batch_id"], row["attempt"]) for row in csv.DictReader(io.StringIO(out))}
    assert len(rows) == 10
    assert {rows[name] for name in FATES} == {(again, "2")}
    assert len(cbtui("results", "labels", "--attempts", "all")[1].splitlines()) == 13
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-sim-demo-another0000")
    assert cbtui("status", "labels")[0] == 0
    assert cbtui("results", "labels")[0] == 0
