"""Which results file is whose: one of another batch of the same id is never shown, and what is not here is explained."""

import json
import os
import time

import pytest

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator


@pytest.fixture
def results(own_folders):
    return own_folders / "data" / "results"


def serve(monkeypatch, port=0):
    simulator = Simulator(port=port, speed=10_000, seed=7, rates=ALL_ANSWERED)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)
    return simulator


@pytest.mark.slow
@pytest.mark.parametrize("same_port", [True, False])
@pytest.mark.parametrize("store_is_lost", [True, False])
def test_a_simulator_that_is_started_again_gives_the_same_ids_to_other_batches(
    cbtui, requests_file, own_folders, monkeypatch, results, same_port, store_is_lost
):
    with serve(monkeypatch) as first:
        batch_id = cbtui("submit", requests_file(3), "--yes")[1].strip()
        assert cbtui("watch", batch_id)[0] == 0
        old = cbtui("results", batch_id)[1]
    (file,) = results.glob("*.jsonl")
    os.utime(file, (time.time() - 3600, time.time() - 3600))
    if store_is_lost:
        (own_folders / "data" / "store.db").unlink()
    with serve(monkeypatch, first.port if same_port else 0) as second:
        assert cbtui("submit", requests_file(3, "other.jsonl"), "--yes", "--again")[1].strip() == batch_id
        second.batches.finish()
        (listed,) = [json.loads(line) for line in cbtui("list", "--json")[1].splitlines()]
        assert (listed["results"], listed["cost_actual"]) == ("none", None)
        before = len(second.log.all("GET", "/results"))
        new = cbtui("results", batch_id)[1]
        assert len(second.log.all("GET", "/results")) == before + 1
        assert len(new.splitlines()) == len(old.splitlines())


@pytest.mark.slow
def test_a_stored_file_that_was_changed_is_had_again(cbtui, simulator, requests_file, results):
    batch_id = cbtui("submit", requests_file(3), "--yes")[1].strip()
    assert cbtui("watch", batch_id)[0] == 0
    whole = cbtui("results", batch_id)[1]
    (file,) = results.glob("*.jsonl")
    file.write_text(whole[: len(whole) // 2])
    assert cbtui("results", batch_id)[1] == whole
    assert file.read_text() == whole


def test_results_of_an_archived_batch_are_told_as_archived(cbtui, simulator, requests_file, results):
    batch_id = cbtui("submit", requests_file(3), "--yes")[1].strip()
    simulator.batches.finish()
    simulator.batches.archive(batch_id)
    code, out, err = cbtui("results", batch_id)
    assert (code, out) == (3, "")
    assert f"The API has archived {batch_id} on " in err
    assert "gives its results out no more. They were not downloaded here while they could be." in err
    assert "once it has ended" not in err


@pytest.mark.slow
def test_a_file_left_of_an_archived_batch_is_named(cbtui, simulator, requests_file, results):
    batch_id = cbtui("submit", requests_file(3), "--yes")[1].strip()
    assert cbtui("watch", batch_id)[0] == 0
    assert cbtui("results", batch_id)[0] == 0
    simulator.batches.archive(batch_id)
    (file,) = results.glob("*.jsonl")
    file.write_text(file.read_text()[:-10])
    code, _, err = cbtui("results", batch_id)
    assert code == 3
    assert f"cbtui results {file} reads it all the same" in err
