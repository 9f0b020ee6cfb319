"""`cbtui history`, from the local store."""

import json

import pytest


@pytest.fixture
def paid(cbtui, simulator, requests_file):
    code, out, _ = cbtui("submit", requests_file(20), "--yes", "--name", "mine")
    assert code == 0
    batch_id = out.strip()
    cbtui("watch", batch_id, "--interval", "1")
    cbtui("results", batch_id)
    return batch_id


@pytest.mark.slow
def test_history_prints_turnaround_spend_and_outcomes_as_tables(cbtui, paid):
    code, out, _ = cbtui("history")
    assert code == 0
    assert "Turnaround of 1 batch that ended" in out
    assert "claude-haiku-4-5" in out
    assert "10-99" in out
    assert "Batches and spend per day: " in out
    assert "100%" in out


@pytest.mark.slow
def test_history_as_json_holds_the_same_numbers(cbtui, paid):
    found = json.loads(cbtui("history", "--json", "--days", "3")[1])
    assert [day["batches"] for day in found["days"]] == [0, 0, 1]
    assert found["turnaround"][0]["batches"] == 1
    assert found["outcomes"][0]["succeeded"] == 20
    spent = json.loads(cbtui("status", "mine", "--json")[1])["cost_actual"]
    assert found["total"]["usd"] == pytest.approx(spent)


@pytest.mark.slow
def test_history_keeps_what_was_deleted_from_the_api(cbtui, paid):
    assert cbtui("delete", paid, "--yes")[0] == 0
    assert json.loads(cbtui("history", "--json")[1])["total"]["batches"] == 1


def test_history_asks_nobody_and_says_so_where_nothing_is_known(cbtui, simulator):
    code, out, err = cbtui("history")
    assert (code, out) == (0, "")
    assert "`cbtui list` asks the API" in err
    assert simulator.log.all() == []


def test_history_wants_a_sensible_number_of_days(cbtui, simulator):
    code, _, err = cbtui("history", "--days", "0")
    assert code == 2
    assert "--days is 1 to 3,650" in err
