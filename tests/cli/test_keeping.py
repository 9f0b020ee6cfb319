"""Results are fetched before the API deletes them, and all that ended is written at once."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

DAY = 86_400


@pytest.fixture
def going(simulator):
    """A batch whose results go within a day, and one whose go in four."""
    return (
        simulator.batches.add(4, age=28 * DAY, duration=60).id,
        simulator.batches.add(4, age=25 * DAY, duration=60).id,
    )


def test_a_list_fetches_the_results_that_go_within_two_days_once(cbtui, simulator, going):
    code, _, err = cbtui("list")
    assert code == 0
    assert f"{going[0]}: fetching the results, which the API deletes in" in err
    assert f"{going[1]}: fetching" not in err
    assert "The API deletes results of 1 batch" in err
    calls = len([call for call in simulator.log.all() if call.path.endswith("/results")])
    assert calls == 1
    assert "fetching" not in cbtui("list")[2]
    simulator.batches.find(going[0])
    assert cbtui("results", going[0])[0] == 0
    assert len([call for call in simulator.log.all() if call.path.endswith("/results")]) == calls


@pytest.mark.slow
def test_watching_something_else_fetches_what_is_known_to_go(
    cbtui, simulator, going, requests_file, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setenv("CBTUI_KEEP", "false")
        assert "fetching" not in cbtui("list")[2]
    batch_id = cbtui("submit", requests_file(), "--yes")[1].strip()
    code, _, err = cbtui("watch", batch_id, "--interval", "1")
    assert code == 0
    assert f"{going[0]}: fetching" in err


@pytest.mark.parametrize("why", ["keep", "room"])
def test_they_stay_where_that_is_wished_or_the_disk_has_no_room(cbtui, simulator, going, monkeypatch, why):
    if why == "keep":
        monkeypatch.setenv("CBTUI_KEEP", "false")
    else:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=30_000))
    _, _, err = cbtui("list")
    assert "fetching" not in err
    assert ("about 32.0 kB have to be free, and 30.0 kB are" in err) == (why == "room")
    assert not [call for call in simulator.log.all() if call.path.endswith("/results")]


def test_everything_that_ended_is_written_a_file_a_run_and_again_only_what_is_new(
    cbtui, simulator, requests_file, tmp_path
):
    simulator.decide("r1", "errored")
    run = cbtui("submit", requests_file(3), "--yes", "--name", "mine")[1].strip()
    cbtui("watch", run, "--interval", "1")
    cbtui("retry", run, "--yes")
    foreign = simulator.batches.add(2, age=60, duration=1).id
    running = simulator.batches.add(2, duration=36_000_000_000).id
    cbtui("list", "--json")
    cbtui("watch", "mine", "--interval", "1")
    code, _, err = cbtui("results", "--all-ended", "-o", tmp_path / "all")
    assert code == 1, err
    names = {path.name: len(path.read_text().splitlines()) for path in (tmp_path / "all").iterdir()}
    (run_name,) = [name for name in names if name.startswith("run_")]
    assert names == {run_name: 3, f"{foreign}.jsonl": 2}
    assert running not in err
    assert "2 written" in err
    assert "0 written to" in cbtui("results", "--all-ended", "-o", tmp_path / "all")[2]


def test_all_ended_wants_a_folder_and_nothing_else(cbtui, simulator, tmp_path):
    for words in (["--all-ended"], ["mine", "--all-ended", "-o", tmp_path], []):
        code, _, err = cbtui("results", *words)
        assert code == 2
        assert "--all-ended" in err
