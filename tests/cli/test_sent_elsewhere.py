"""Batches that another program made: what they were sent is said with a file, and then they are as ours."""

from __future__ import annotations

import json

import pytest
from anthropic import Anthropic

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator


@pytest.fixture
def foreign(simulator, requests_file):
    """A function that makes a batch of three without cbtui, of which the second fails; the client's batch id."""

    def make():
        requests = [json.loads(line) for line in requests_file(3).read_text().splitlines()]
        simulator.decide("r1", "errored")
        client = Anthropic(base_url=simulator.base_url, api_key=simulator.key, max_retries=0)
        batch = client.messages.batches.create(requests=requests)
        simulator.decide("r1", "answered")
        return batch.id

    return make


def test_an_adopted_batch_with_its_requests_is_retried_and_has_a_ledger(
    cbtui, simulator, foreign, requests_file
):
    batch_id = foreign()
    cbtui("watch", batch_id, "--interval", "1")
    code, out, err = cbtui("adopt", batch_id, "--name", "theirs", "--sent", requests_file(3))
    assert code == 0, err
    run_id = out.strip()
    ledger = json.loads(cbtui("results", batch_id, "--ledger", "--json")[1])
    assert (ledger["sent"], ledger["missing"]) == (3, 0)
    code, out, err = cbtui("retry", batch_id, "--yes")
    assert code == 0, err
    cbtui("watch", out.strip(), "--interval", "1")
    assert cbtui("triage", run_id)[0] == 0
    assert len(cbtui("results", run_id)[1].splitlines()) == 3
    assert cbtui("adopt", batch_id, "--sent", requests_file(3))[0] == 2


@pytest.mark.parametrize("count", [2, 4])
def test_a_file_that_is_not_what_was_sent_is_refused_and_nothing_is_kept(
    cbtui, foreign, requests_file, own_folders, count
):
    batch_id = foreign()
    cbtui("watch", batch_id, "--interval", "1")
    code, _, err = cbtui("adopt", batch_id, "--sent", requests_file(count, "other.jsonl"))
    assert (code, "is not what" in err, "Nothing was written down" in err) == (2, True, True), err
    assert not list((own_folders / "data" / "spool").glob("*"))
    assert json.loads(cbtui("status", batch_id, "--json")[1])["run_id"] is None


def test_the_rest_of_a_run_whose_requests_are_not_known_is_refused(cbtui, simulator, foreign, requests_file):
    batch_id = foreign()
    cbtui("watch", batch_id, "--interval", "1")
    run_id = cbtui("adopt", batch_id)[1].strip()
    for word in (batch_id, run_id):
        code, _, err = cbtui("submit", requests_file(5), "--rest-of", word, "--yes")
        assert (code, "is not known on this machine" in err) == (2, True), err
    assert len(simulator.log.creates) == 1


def test_a_results_file_has_a_ledger_by_the_requests_that_are_named(cbtui, foreign, requests_file, tmp_path):
    batch_id = foreign()
    cbtui("watch", batch_id, "--interval", "1")
    cbtui("results", batch_id, "-o", tmp_path / "out.jsonl")
    for option in ("--sent", "--requests"):
        ledger = cbtui("results", tmp_path / "out.jsonl", "--ledger", "--json", option, requests_file(5))[1]
        assert (json.loads(ledger)["sent"], json.loads(ledger)["missing"]) == (5, 2)


def test_canceling_what_another_tool_made_says_that_it_may_send_it_again(cbtui, requests_file, monkeypatch):
    with Simulator(speed=0.001, seed=7, rates=ALL_ANSWERED) as slow:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", slow.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", slow.key)
        requests = [json.loads(line) for line in requests_file(3).read_text().splitlines()]
        client = Anthropic(base_url=slow.base_url, api_key=slow.key, max_retries=0)
        batch = client.messages.batches.create(requests=requests)
        code, _, err = cbtui("cancel", batch.id)
        assert (code, "may send its requests again" in err) == (2, True), err
        own = cbtui("submit", requests_file(4), "--yes")[1].strip()
        code, _, err = cbtui("cancel", own)
        assert (code, "may send its requests again" in err) == (2, False), err


def test_a_retry_takes_what_was_sent_along_and_keeps_it(cbtui, simulator, foreign, requests_file):
    batch_id = foreign()
    cbtui("watch", batch_id, "--interval", "1")
    assert cbtui("retry", batch_id, "--yes", "--sent", requests_file(4, "other.jsonl"))[0] == 2
    code, out, err = cbtui("retry", batch_id, "--yes", "--sent", requests_file(3))
    assert code == 0, err
    cbtui("watch", out.strip(), "--interval", "1")
    run_id = json.loads(cbtui("status", batch_id, "--json")[1])["run_id"]
    assert cbtui("triage", run_id)[0] == 0
    code, _, err = cbtui("retry", batch_id, "--yes", "--sent", requests_file(3))
    assert (code, "retried already" in err) == (2, True)
