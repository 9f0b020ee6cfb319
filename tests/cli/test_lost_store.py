"""What is paid, and what is not paid twice, where the store is lost: from the command line to the simulator's log."""

import contextlib
import json
import shutil
import sqlite3

import pytest

from claude_batch_tui.simulator import Fault

CREATE = {"method": "POST", "path": r"/batches$"}


@pytest.fixture
def data(own_folders):
    return own_folders / "data"


def remove(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


def overwrite(path):
    path.write_bytes(b"damaged" * 1000)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [remove, empty, overwrite])
def test_the_same_requests_are_refused_after_the_store_was_lost(
    cbtui, simulator, requests_file, data, damage
):
    file = requests_file()
    batch_id = cbtui("submit", file, "--yes", "--name", "mine")[1].strip()
    (before,) = [json.loads(line) for line in cbtui("list", "--json")[1].splitlines()]
    damage(data / "store.db")
    assert cbtui("status", "--short")[0] == 0  # only looks, and must not pass an empty store for a whole one
    code, _, err = cbtui("submit", file, "--yes")
    assert (code, f"as {batch_id}" in err) == (2, True)
    assert len(simulator.log.creates) == 1
    (after,) = [json.loads(line) for line in cbtui("list", "--json")[1].splitlines()]
    known = ("id", "name", "run_id", "model", "source", "cost_at_most")
    assert {key: after.get(key) for key in known} == {key: before.get(key) for key in known}
    assert cbtui("submit", file, "--yes", "--again")[0] == 0
    assert len(simulator.log.creates) == 2


def test_a_submission_whose_answer_was_lost_is_looked_for_after_the_store_was_lost(
    cbtui, simulator, requests_file, data
):
    simulator.faults.next(Fault(**CREATE, after_work=True, status=500))
    file = requests_file()
    simulator.faults.always(Fault(method="GET", path=r"/batches$", skip=1, status=503))
    assert cbtui("submit", file, "--yes")[0] != 0
    simulator.faults.clear()
    (data / "store.db").write_bytes(b"")
    code, out, err = cbtui("submit", file, "--yes")
    assert (code, len(simulator.log.creates)) == (75, 1)
    assert "looking for the batch" in err
    assert out.strip() == simulator.batches.all()[0].id


@pytest.mark.parametrize("folder", ["spool", "results"])
def test_files_without_store_and_journal_are_said_before_anything_is_paid(
    cbtui, simulator, requests_file, data, folder
):
    (data / folder).mkdir(parents=True)
    (data / folder / "left.jsonl").write_text("{}\n")
    file = requests_file()
    assert cbtui("list")[0] == 0
    for _ in range(2):
        code, out, err = cbtui("submit", file, "--yes")
        assert (code, out) == (4, "")
        assert f"{data} holds" in err
        assert "--again" in err
    assert simulator.log.creates == []
    assert [path.name for path in (data / "spool").iterdir()] == (["left.jsonl"] if folder == "spool" else [])


@pytest.mark.slow
def test_who_agrees_once_is_not_asked_again_and_still_pays_nothing_twice(
    cbtui, simulator, requests_file, data
):
    (data / "spool").mkdir(parents=True)
    (data / "spool" / "sub_old.body.json").write_text("{}")
    file = requests_file()
    assert cbtui("submit", file, "--yes")[0] == 4
    assert cbtui("submit", file, "--yes", "--again")[0] == 0
    assert cbtui("submit", file, "--yes")[0] == 2
    assert cbtui("submit", requests_file(5, "other.jsonl"), "--yes", "--new-only")[0] == 0
    assert len(simulator.log.creates) == 2


def test_with_the_files_moved_away_everything_goes_on(cbtui, simulator, requests_file, data, tmp_path):
    (data / "results").mkdir(parents=True)
    (data / "results" / "msgbatch_1.jsonl").write_text("{}\n")
    file = requests_file()
    assert cbtui("submit", file, "--yes")[0] == 4
    shutil.move(data / "results", tmp_path / "kept")
    assert cbtui("submit", file, "--yes")[0] == 0
    assert len(simulator.log.creates) == 1


def test_what_the_store_still_knows_needs_no_journal(cbtui, simulator, requests_file, data):
    made = simulator.batches.add(3, age=3600, duration=60)
    assert cbtui("results", made.id)[0] == 0
    assert not (data / "journal.jsonl").exists()
    assert cbtui("submit", requests_file(), "--yes")[0] == 0


@pytest.mark.parametrize(
    "damage",
    ["DROP TABLE name", "UPDATE batch SET facts = '{\"id\":'", "UPDATE submission SET facts = x'ff'"],
)
def test_a_store_found_damaged_is_set_aside_rebuilt_and_the_command_goes_on(
    cbtui, simulator, requests_file, data, damage
):
    batch_id = cbtui("submit", requests_file(), "--yes", "--name", "mine")[1].strip()
    with contextlib.closing(sqlite3.connect(data / "store.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = on")
        connection.execute(damage.replace("x'ff'", "CAST(x'ff' AS TEXT)"))
    code, out, err = cbtui("list", "--json")
    (kept,) = data.glob("store.db.damaged-*[0-9]")
    assert (code, err) == (
        0,
        f"The store was damaged: it is kept as {kept}, and rebuilt from the journal, the API and the files.\n",
    )
    assert [(row["id"], row["name"]) for row in map(json.loads, out.splitlines())] == [(batch_id, "mine")]
    assert cbtui("list")[2] == ""


def test_a_tag_that_its_index_has_lost_is_not_silently_gone(cbtui, simulator, requests_file, data):
    batch_id = cbtui("submit", requests_file(), "--yes", "--name", "mine")[1].strip()
    assert cbtui("tag", batch_id, "+eval")[0] == 0
    with contextlib.closing(sqlite3.connect(data / "store.db", isolation_level=None)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'tag'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with (data / "store.db").open("r+b") as file:
        file.seek(page * size - 100)  # cells are at the end of a page
        file.write(bytes(100))
    code, out, err = cbtui("list", "--json")
    assert (code, "it is kept as" in err) == (0, True)
    assert [row["tags"] for row in map(json.loads, out.splitlines())] == [["eval"]]


def test_what_is_tried_and_paid_at_once_is_not_begun_again_by_itself(cbtui, simulator, requests_file, data):
    assert cbtui("submit", requests_file(), "--yes")[0] == 0
    with contextlib.closing(sqlite3.connect(data / "store.db")) as connection:
        connection.execute("DROP TABLE submission")
    code, out, err = cbtui("try", requests_file(), "--yes")
    assert (code, out) == (4, "")
    assert "is damaged: no such table: submission. Start again: it is rebuilt then." in err
    assert cbtui("try", requests_file(), "--yes")[0] == 0


def test_a_body_whose_fact_the_journal_lost_is_looked_for_and_not_paid_again(
    cbtui, simulator, requests_file, data
):
    first = cbtui("submit", requests_file(), "--yes")[1].strip()
    second = cbtui("submit", requests_file(5, "second.jsonl"), "--yes", "--again")[1].strip()
    lines = (data / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (data / "journal.jsonl").write_bytes(b"".join(lines[:3]))
    assert first.encode() in lines[2]
    assert second.encode() not in b"".join(lines[:3])
    (data / "store.db").unlink()
    code, out, err = cbtui("submit", requests_file(5, "second.jsonl"), "--yes")
    assert "looking for the batch" in err
    assert out.strip() == second
    assert code in (0, 75)
    assert len(simulator.log.creates) == 2


def test_a_submission_of_which_the_journal_lost_that_it_was_sent_is_not_paid_again(
    cbtui, simulator, requests_file, data
):
    batch_id = cbtui("submit", requests_file(), "--yes")[1].strip()
    lines = (data / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (data / "journal.jsonl").write_bytes(lines[0] + lines[1][:-40])
    (data / "store.db").unlink()
    code, out, err = cbtui("submit", requests_file(), "--yes")
    assert (code in (0, 75), out.strip()) == (True, batch_id)
    assert "looking for the batch" in err
    assert len(simulator.log.creates) == 1


def test_results_and_what_was_deleted_are_known_again(cbtui, simulator, requests_file, data, tmp_path):
    def said():
        return [cbtui(verb, "--json")[1] for verb in ("list", "history", "costs")]

    kept = cbtui("submit", requests_file(), "--yes")[1].strip()
    gone = cbtui("submit", requests_file(5, "gone.jsonl"), "--yes", "--again")[1].strip()
    assert cbtui("watch", kept, gone, "--interval", "1")[0] == 0
    assert cbtui("results", kept, "-o", tmp_path / "kept.jsonl")[0] == 0
    assert cbtui("delete", gone, "--yes")[0] == 0
    before = said()
    assert json.loads(before[2])["total"]["batches"] == 2
    (data / "store.db").unlink()
    assert said() == before
    assert '"results":"complete"' in before[0]
