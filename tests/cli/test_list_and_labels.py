"""`list` with filters, and what is ours about batches, against the simulator."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.store import Store

DAY = 86_400


@pytest.fixture
def three(simulator):
    """An old, a young and a running batch made elsewhere: their ids."""
    old = simulator.batches.add(5, age=3 * DAY, duration=600)
    young = simulator.batches.add(50, age=3600, duration=600)
    running = simulator.batches.add(7, duration=36_000_000)
    return [each.id for each in (old, young, running)]


def ids(out):
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_a_filter_chooses_and_says_how_many_of_how_many(cbtui, three):
    old, young, running = three
    code, out, err = cbtui("list", "--json", "--where", "state=ended age<2d")
    assert (code, ids(out)) == (0, [young])
    assert "1 of 3 known batches" in err
    assert ids(cbtui("list", "--json", "--where", "requests>5")[1]) == [running, young]
    assert ids(cbtui("list", "--json", "--where", f"running or {old}")[1]) == [running, old]
    assert "None of 3 known batches matches" in cbtui("list", "--where", "tag=x")[2]


def test_a_filter_that_cannot_be_understood_is_said_before_anything_is_asked(cbtui, simulator, three):
    simulator.log.clear()
    code, _, err = cbtui("list", "--where", "colour=red")
    assert code == 2
    assert "there is no field 'colour'" in err
    assert "no column 'colour'" in cbtui("list", "--columns", "id,colour")[2]
    assert "no field 'colour'" in cbtui("list", "--sort", "colour")[2]
    assert len(simulator.log) == 0


def test_rows_are_sorted_and_columns_chosen(cbtui, three):
    old, young, running = three
    _, out, _ = cbtui("list", "--sort", "requests", "--columns", "requests,id")
    assert [line.split() for line in out.splitlines()] == [
        ["REQS", "ID"], ["50", young], ["7", running], ["5", old]
    ]  # fmt: skip
    assert ids(cbtui("list", "--json", "--sort=-age", "--limit", "2")[1]) == [old, young]
    assert ids(cbtui("list", "--json", "--sort", "-age", "--limit", "2")[1]) == [old, young]


def test_tags_notes_and_names_are_ours_and_found_again(cbtui, three):
    old, young, _ = three
    assert cbtui("tag", old, young, "+eval", "+draft")[1].splitlines() == [
        f"{old} draft eval",
        f"{young} draft eval",
    ]
    assert cbtui("tag", old, "-draft")[1] == f"{old} eval\n"
    assert cbtui("note", young, "ask  Ana\nfirst")[0] == 0
    assert cbtui("name", young, "weekly")[0] == 0
    assert ids(cbtui("list", "--json", "--where", "tag=draft note:ana")[1]) == [young]
    found = json.loads(cbtui("list", "--json", "--where", "name=weekly")[1])
    assert (found["tags"], found["note"], found["name"]) == (["draft", "eval"], "ask Ana first", "weekly")
    assert cbtui("name", "weekly", "")[0] == 0
    assert ids(cbtui("list", "--json", "--where", "name=weekly")[1]) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ID"], "Say which batches, and tags"),
        (["+eval"], "Say which batches, and tags"),
        (["ID", "+a b"], "'a b' is no tag"),
        (["ID", "-"], "'' is no tag"),
    ],
)
def test_words_that_are_no_tags_are_refused(cbtui, three, words, says):
    code, _, err = cbtui("tag", *(three[0] if word == "ID" else word for word in words))
    assert code == 2
    assert says in err


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["hide", "archive"])
def test_what_is_hidden_is_hidden_here_and_nowhere_else(cbtui, simulator, three, verb):
    old, *_ = three
    cbtui("list")
    simulator.log.clear()
    assert cbtui(verb, old)[:2] == (0, f"{old} hidden\n")
    assert len(simulator.log) == 0
    assert old not in cbtui("list")[1]
    assert old in cbtui("list", "--hidden")[1]
    assert ids(cbtui("list", "--json", "--where", "state=hidden")[1]) == [old]
    assert cbtui(verb, old, "--undo")[1] == f"{old} shown\n"
    assert old in cbtui("list")[1]


def test_the_old_verb_says_the_new_name_in_one_line_of_stderr(cbtui, three):
    assert cbtui("archive", three[0])[2] == "`archive` is called `hide` now.\n"
    assert cbtui("hide", three[1])[2] == ""
    assert "`cbtui list --hidden` shows them" in cbtui("archive", "--help")[1]


def test_a_list_of_hidden_batches_alone_says_how_to_see_them(cbtui, three):
    cbtui("hide", *three)
    assert cbtui("list")[2] == "All 3 known batches are hidden: --hidden shows them.\n"


def test_batches_made_elsewhere_become_one_run_that_every_command_takes(cbtui, three):
    old, young, running = three
    run_id = cbtui("adopt", old, young, "--name", "evals")[1].strip()
    assert run_id.startswith("run_")
    code, out, _ = cbtui("list", "--runs", "--columns", "name,requests,progress")
    assert "evals (2 batches)" in out
    assert "55" in out
    (run,) = (
        json.loads(line) for line in cbtui("list", "--runs", "--json", "--where", "evals")[1].splitlines()
    )
    assert (run["id"], run["batch_ids"]) == (run_id, [young, old])
    assert cbtui("tag", "evals", "+both")[1].splitlines() == [f"{old} both", f"{young} both"]
    code, _, err = cbtui("adopt", old)
    assert code == 2
    assert "has a run already" in err
    assert cbtui("adopt", running, "--name", "solo")[0] == 0
    assert json.loads(cbtui("status", "solo", "--json")[1])["id"] == running


def test_a_lost_store_is_rebuilt_with_all_that_is_ours(cbtui, three, own_folders):
    old, young, running = three
    run_id = cbtui("adopt", old, young, "--name", "evals")[1].strip()
    cbtui("tag", young, "+keep", "+drop")
    cbtui("tag", young, "-drop")
    cbtui("note", young, "ask Ana")
    cbtui("hide", running)
    locations = Locations(own_folders / "data")
    locations.database.unlink()
    assert Store(locations).is_new
    locations.database.unlink()
    rows = [json.loads(line) for line in cbtui("list", "--json", "--hidden")[1].splitlines()]
    found = {row["id"]: row for row in rows}
    assert [found[each]["run_id"] for each in (old, young)] == [run_id, run_id]
    assert (found[young]["tags"], found[young]["note"]) == (["keep"], "ask Ana")
    assert found[running]["hidden"]


def test_results_that_are_about_to_go_are_said_with_the_command_that_saves_them(
    cbtui, simulator, monkeypatch
):
    monkeypatch.setenv("CBTUI_KEEP", "false")
    made = simulator.batches.add(5, age=28 * DAY, duration=600)
    batch_id = made.id
    _, _, err = cbtui("list")
    assert "results of 1 batch that are not on this machine, the first in 2" in err
    assert f"cbtui results {batch_id} -o FILE saves them" in err


def test_a_batch_near_its_deadline_is_said_with_what_can_be_done(cbtui, simulator, monkeypatch):
    monkeypatch.setenv("CBTUI_KEEP", "false")
    made = simulator.batches.add(5, age=23 * 3600, duration=36_000_000)
    _, _, err = cbtui("list")
    assert "1 batch will expire, the first in 5" in err
    assert f"cbtui cancel {getattr(made, 'id', made)}" in err


def test_time_used_is_compared_with_batches_of_the_list(cbtui, simulator):
    for number in range(5):
        simulator.batches.add(100, age=DAY + number, duration=1800)
    simulator.batches.add(100, age=60, duration=36_000_000)
    out = cbtui("list", "--columns", "progress")[1]
    assert "running 1 m; of similar: p50 30 m, p90 30 m" in out
