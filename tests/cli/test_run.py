"""`cbtui run`: from a recipe to its answers in one line, which takes up its own run whenever it is given again."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from claude_batch_tui.domain.requests import limits
from claude_batch_tui.services.submitting import priming, spool
from claude_batch_tui.simulator import Fault

CREATE = {"method": "POST", "path": r"/batches$"}


@pytest.fixture
def recipe(cbtui, tmp_path, monkeypatch):
    """A recipe of a table of eight rows."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"T-{number},Words {number}\n" for number in range(8))
    (tmp_path / "tickets.csv").write_text(f"ticket,body\n{rows}")
    (tmp_path / "labels.toml").write_text(
        'version = 1\n[source]\nkind = "csv"\npath = "tickets.csv"\n[request]\nprompt_column = "body"\n'
        'id_column = "ticket"\n[params]\nmodel = "claude-haiku-4-5"\nmax_tokens = 64\n[submit]\nname = "labels"\n'
    )
    return "labels.toml"


@pytest.fixture
def run(cbtui, recipe):
    """A function that gives the line, and says how it ended."""

    def given(*options, output="answers.csv"):
        code, out, err = cbtui("run", recipe, "-o", output, "--yes", "--interval", "1", *options)
        assert out == ""
        return code, err

    return given


def answers(name="answers.csv"):
    with Path(name).open(newline="") as file:
        return {row["ticket"]: row["status"] for row in csv.DictReader(file)}


GOOD = {f"T-{number}": "succeeded" for number in range(8)}


@pytest.mark.slow
def test_one_line_goes_from_a_recipe_to_its_answers_and_given_again_pays_nothing(
    run, cbtui, simulator, own_folders
):
    code, err = run()
    assert (code, answers()) == (0, GOOD), err
    code, err = run()
    assert (code, answers()) == (0, GOOD), err
    assert "taken up" in err
    assert len(simulator.log.creates) == 1
    assert cbtui("status", "labels")[0] == 0
    assert not list((own_folders / "data" / "cache").glob("built-*"))


@pytest.mark.slow
def test_what_errored_or_expired_is_sent_again_as_often_as_it_is_said(run, simulator):
    simulator.decide("T-1", "errored")
    simulator.decide("T-2", "expired")
    code, err = run("--retry", "2")
    assert code == 1, err
    assert len(simulator.log.creates) == 3
    assert answers() == {**GOOD, "T-1": "errored", "T-2": "expired"}
    simulator.batches.forced.clear()
    assert run("--retry", "2")[0] == 1
    assert len(simulator.log.creates) == 3
    assert run("--retry", "3")[0] == 0
    assert len(simulator.log.creates) == 4
    assert answers() == GOOD


@pytest.mark.slow
def test_the_answers_have_the_columns_that_are_named_and_a_wrong_path_is_said_before_anything_is_paid(
    run, simulator
):
    code, err = run("--columns", "json.[")
    assert (code, "--columns json.[" in err, simulator.log.creates) == (2, True, [])
    code, err = run("--columns", "custom_id,body")
    assert code == 0, err
    assert Path("answers.csv").read_text().splitlines()[:2] == ["custom_id,body", "T-0,Words 0"]


@pytest.mark.slow
def test_no_retry_where_none_is_wanted(run, simulator):
    simulator.decide("T-1", "errored")
    assert run("--retry", "0")[0] == 1
    assert len(simulator.log.creates) == 1


@pytest.mark.slow
def test_a_lost_answer_is_looked_for_and_the_rest_of_the_run_is_sent(run, simulator, monkeypatch):
    monkeypatch.setattr(spool, "partition", partial(limits.partition, max_requests=3))
    simulator.faults.next(Fault(**CREATE, status=529, after_work=True))
    code, err = run()
    assert code == 0, err
    assert len(simulator.batches.all()) == 3
    assert answers() == GOOD


@pytest.mark.slow
@pytest.mark.parametrize(("words", "creates"), [(["--accept"], 2), (["--reject", "--resend-if-absent"], 3)])
@pytest.mark.parametrize("part", ["first", "retry"])
def test_where_results_do_not_show_whose_a_batch_is_the_same_line_with_a_decision_goes_on(
    run, simulator, part, words, creates
):
    for ticket in GOOD if part == "first" else ["T-1"]:
        simulator.decide(ticket, "errored")
    simulator.faults.next(Fault(**CREATE, skip=int(part == "retry"), status=500, after_work=True))
    for _ in range(2):
        code, err = run()
        assert code == 75, err
        assert "--accept" in err
        assert "The same line goes on" not in err
    for each in (words, words[:1]):
        code, err = run(*each)
        assert code == 1, err
        assert len(simulator.log.creates) == creates
        assert set(answers()) == set(GOOD)
    assert "nothing to decide" in err


@pytest.mark.slow
def test_a_lost_create_is_sent_again_only_where_that_is_said(run, simulator):
    simulator.faults.next(Fault(**CREATE, status=529))
    assert run()[0] == 75
    assert not simulator.batches.all()
    code, err = run("--resend-if-absent")
    assert (code, answers()) == (0, GOOD), err
    assert len(simulator.batches.all()) == 1


def test_no_more_is_paid_than_was_said(run, simulator):
    code, err = run("--max-cost", "0.000001")
    assert code == 2
    assert "more than --max-cost" in err
    assert not simulator.log.creates
    simulator.decide("T-1", "errored")
    code, err = run("--max-cost", "5")
    assert code == 1
    assert "within --max-cost" in err
    assert len(simulator.log.creates) == 2


@pytest.mark.slow
def test_a_retry_that_would_cost_more_is_not_sent_and_what_there_is_is_exported(run, simulator):
    for name in GOOD:
        simulator.decide(name, "errored")
    code, err = run("--retry", "0")
    assert code == 1
    code, err = run("--max-cost", "0.000001")
    assert (code, len(simulator.log.creates)) == (1, 1), err
    assert "more than --max-cost" in err
    assert answers() == dict.fromkeys(GOOD, "errored")


@pytest.mark.slow
def test_a_file_of_the_user_is_not_replaced_and_nothing_is_paid(run, simulator, tmp_path):
    (tmp_path / "answers.csv").write_text("precious")
    code, err = run()
    assert (code, "--force" in err) == (2, True)
    assert not simulator.log.creates
    assert (tmp_path / "answers.csv").read_text() == "precious"
    assert run("--force")[0] == 0
    (tmp_path / "tickets.csv").write_text("ticket,body\nN-1,Other words\n")
    assert run()[0] == 2
    assert answers() == GOOD


def test_a_table_that_has_grown_is_no_run_of_its_own(run, simulator, tmp_path):
    assert run()[0] == 0
    with (tmp_path / "tickets.csv").open("a") as file:
        file.write("T-8,Words 8\n")
    code, err = run("--force")
    assert (code, "--new-only" in err) == (2, True)
    assert len(simulator.log.creates) == 1


def test_bad_rows_send_nothing_unless_they_are_left_out(run, simulator, tmp_path):
    (tmp_path / "tickets.csv").write_text("ticket,body\nT-1,Words\nT-2,\n")
    code, err = run()
    assert (code, "--skip-bad-rows" in err) == (2, True)
    assert not simulator.log.creates
    code, err = run("--skip-bad-rows")
    assert (code, answers()) == (0, {"T-1": "succeeded"}), err
    assert (tmp_path / "labels.left-out.jsonl").read_text().count("\n") == 1


@pytest.mark.slow
def test_a_database_is_added_to_and_given_again_holds_every_id_once(run, simulator, tmp_path):
    simulator.decide("T-1", "errored")
    assert run("--retry", "0", output="answers.db")[0] == 1
    simulator.batches.forced.clear()
    assert run(output="answers.db")[0] == 0
    with closing(sqlite3.connect(tmp_path / "answers.db")) as database:
        (table,) = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
        rows = database.execute(f'SELECT ticket, status FROM "{table}" ORDER BY 1').fetchall()
    assert dict(rows) == GOOD
    assert len(rows) == 8


def test_a_run_whose_batch_only_the_journal_knows_is_taken_up_by_every_word(
    run, cbtui, simulator, own_folders
):
    assert run()[0] == 0
    (own_folders / "data" / "store.db").unlink()
    code, err = run()
    assert (code, answers()) == (0, GOOD), err
    (own_folders / "data" / "store.db").unlink()
    assert cbtui("status", "labels")[0] == 0
    assert len(simulator.log.creates) == 1


@pytest.fixture
def shared_prefix(recipe):
    """The recipe, with a system prompt that is long enough to be kept for an hour."""
    text = Path(recipe).read_text()
    system = "You label tickets. " * 1_500
    Path(recipe).write_text(
        text.replace("[params]", f'system = "{system}"\n[params]').replace(
            'id_column = "ticket"', 'id_column = "ticket"\ncache_ttl = "1h"'
        )
    )


@pytest.mark.slow
def test_with_prime_one_request_goes_first_and_the_line_given_again_goes_on_with_the_others(
    run, cbtui, simulator, shared_prefix, monkeypatch
):
    monkeypatch.setenv("CBTUI_POLL_INTERVAL", "1")
    monkeypatch.setattr(priming, "WAIT", timedelta(0))
    simulator.decide("T-0", "errored")
    code, err = run("--prime")
    assert (code, len(simulator.log.creates)) == (5, 1), err
    assert "7 requests of run_" in err
    assert not Path("answers.csv").exists()
    code, err = run()
    assert (code, "the same line with --prime goes on" in err) == (2, True), err
    simulator.decide("T-0", "answered")
    code, err = run("--prime", "--cold")
    assert (code, answers()) == (0, GOOD), err
    assert len(simulator.log.creates) == 3  # the prime, the others, the prime once more


def test_what_cannot_be_primed_is_refused_before_anything_is_paid(run, simulator):
    code, err = run("--prime")
    assert (code, "--prime is of no use" in err) == (2, True), err
    assert simulator.log.creates == []


@pytest.mark.slow
def test_with_in_flight_the_line_waits_for_the_end_of_one_batch_before_the_next(run, simulator, monkeypatch):
    monkeypatch.setattr(spool, "partition", partial(limits.partition, max_requests=4))
    simulator.faults.next(Fault(method="GET", path=r"/batches/msgbatch_[^/]+$", status=404))
    monkeypatch.setenv("CBTUI_POLL_INTERVAL", "1")
    code, err = run("--in-flight", "1")
    assert (code, answers()) == (0, GOOD), err
    assert "A batch waits here with 4 requests" in err
