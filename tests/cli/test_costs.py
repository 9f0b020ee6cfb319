"""`cbtui costs`, from the local store."""

import csv
import io
import json

import pytest

from claude_batch_tui.simulator import Fault


@pytest.fixture
def paid(cbtui, simulator, requests_file):
    code, out, _ = cbtui("submit", requests_file(20), "--yes", "--name", "=mine")
    assert code == 0
    batch_id = out.strip()
    simulator.batches.finish(batch_id)
    cbtui("list")
    return batch_id


@pytest.mark.slow
def test_costs_are_an_estimate_until_the_results_are_read_and_billed_then(cbtui, paid):
    before = json.loads(cbtui("costs", "--json")[1])["total"]
    assert before["billed"] == 0
    assert before["unread"] > 0
    cbtui("results", paid)
    after = json.loads(cbtui("costs", "--format", "json")[1])
    assert after["total"]["billed"] == json.loads(cbtui("status", paid, "--json")[1])["cost_actual"] > 0
    assert after["total"]["estimated"] == before["unread"]
    assert after["total"]["standard"] == pytest.approx(2 * after["total"]["billed"])
    assert after["lines"][0]["day"] is not None


@pytest.mark.slow
def test_a_table_ends_with_its_total_and_says_on_stderr_what_its_columns_are(cbtui, paid):
    cbtui("results", paid)
    code, out, err = cbtui("costs", "--by", "model")
    assert code == 0
    head, line, total = out.splitlines()
    assert head.split()[:4] == ["MODEL", "BATCHES", "REQUESTS", "BILLED"]
    assert line.split()[0] == "claude-haiku-4-5"
    assert line.split()[1:] == total.split()[1:]
    assert "BILLED is by the usage of every answer" in err


def test_csv_has_a_line_a_run_and_guards_names_against_formulas(cbtui, paid):
    cbtui("results", paid)
    (line,) = csv.DictReader(io.StringIO(cbtui("costs", "--by", "run", "--format", "csv")[1]))
    assert line["run"] == "'=mine"
    assert line["run_id"].startswith("run_")
    assert line["batches"] == "1"


@pytest.mark.slow
def test_what_may_have_been_paid_under_a_lost_answer_is_said(cbtui, paid, simulator, requests_file):
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500))
    assert cbtui("submit", requests_file(7, "lost.jsonl"), "--again", "--yes")[0] == 75
    found = json.loads(cbtui("costs", "--json")[1])
    assert found["lost_at_most"] > 0
    assert "more may have been paid in submissions whose outcome is not known" in cbtui("costs")[2]


def test_beside_the_costs_stands_how_much_of_a_limit_is_spent(cbtui, paid, monkeypatch):
    monkeypatch.setenv("CBTUI_SPEND_LIMIT", "20/day")
    assert "of $20.00 a day are spent or may be." in cbtui("costs")[2]


def test_a_month_without_batches_says_so_and_no_month_is_refused(cbtui, paid):
    code, out, err = cbtui("costs", "--month", "2001-01")
    assert (code, out) == (0, "")
    assert "No batch of 2001-01 is known here" in err
    code, _, err = cbtui("costs", "--month", "2001-13")
    assert code == 2
    assert "--month is a month as 2026-11" in err


def test_costs_ask_nobody_and_say_so_where_nothing_is_known(cbtui, simulator):
    code, out, err = cbtui("costs")
    assert (code, out) == (0, "")
    assert "`cbtui list` asks the API" in err
    assert simulator.log.all() == []
