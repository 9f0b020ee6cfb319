"""What `prune` and `forget` take from the data folder, what they ask, and what they never take."""

import contextlib
import fcntl
import json
import os
import sqlite3
import time

import pytest

DAY = 86_400


@pytest.fixture
def data(own_folders):
    return own_folders / "data"


@pytest.fixture
def ended(cbtui, simulator, requests_file):
    """A function that sends a batch, waits for its end and downloads its results; its id."""

    def make(name="mine", count=3):
        file = requests_file(count, f"{name}.jsonl")
        batch_id = cbtui("submit", file, "--yes", "--again", "--name", name)[1].strip()
        assert cbtui("watch", batch_id)[0] == 0
        assert cbtui("results", batch_id)[0] == 0
        return batch_id

    return make


def age(path, days):
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def kinds(out):
    return {row["what"]: row["files"] for row in map(json.loads, out.splitlines())}


def make_old(data):
    """As if everything had been sent a long time ago."""
    with contextlib.closing(sqlite3.connect(data / "store.db")) as connection, connection:
        for table in ("batch", "submission"):
            connection.execute(f"UPDATE {table} SET created_at = '2025-01-01T00:00:00+00:00'")
        connection.execute(
            "UPDATE submission SET facts = json_set(facts, '$.created_at', '2025-01-01T00:00:00Z')"
        )


@pytest.mark.slow
def test_without_keep_days_only_what_is_made_again_goes(cbtui, ended, data):
    batch_id = ended()
    make_old(data)
    (data / "cache").mkdir(exist_ok=True)
    (data / "cache" / "a.jsonl").write_bytes(bytes(5_000))
    before = files(data / "spool"), files(data / "results")
    code, out, err = cbtui("prune", "--dry-run")
    assert (code, err) == (0, "Nothing was removed.\n")
    assert "caches, which are made again" in out
    assert (data / "cache" / "a.jsonl").exists()
    code, _, err = cbtui("prune", "--yes")
    assert (code, err.endswith(" freed.\n")) == (0, True)
    assert not (data / "cache" / "a.jsonl").exists()
    assert (files(data / "spool"), files(data / "results")) == before
    assert cbtui("results", batch_id)[0] == 0


@pytest.mark.slow
def test_nothing_is_removed_without_a_yes(cbtui, ended, data):
    ended()
    (data / "cache").mkdir(exist_ok=True)
    (data / "cache" / "a.jsonl").write_bytes(bytes(5_000))
    code, _, err = cbtui("prune")
    assert code == 2
    assert (
        "Remove 1 files, 5.0 kB: caches, which are made again? Nothing was done: pass --yes to agree." in err
    )
    assert (data / "cache" / "a.jsonl").exists()
    assert cbtui("prune", "--yes")[0] == 0
    assert cbtui("prune", "--yes")[2] == "There is nothing to remove.\n"


def test_what_is_past_its_time_goes_but_answers_nobody_exported_want_their_own_word(
    cbtui, simulator, ended, data, tmp_path, requests_file
):
    exported, other = ended("exported"), ended("other", 5)
    assert cbtui("results", exported, "-o", tmp_path / "out.jsonl")[0] == 0
    make_old(data)
    _, out, _ = cbtui("prune", "--dry-run", "--keep-days", 30, "--json")
    assert kinds(out) == {
        "bodies older than 30 days": 4,
        "exported results older than 30 days": 3,
        "results older than 30 days that were never exported": 3,
    }
    code, _, err = cbtui("prune", "--yes", "--keep-days", 30)
    assert code == 0
    assert (
        "Kept: results older than 30 days that were never exported (--unexported removes them, too)." in err
    )
    assert files(data / "results") == [f"{other}.jsonl{end}" for end in ("", ".index", ".judged")]
    assert all(name.endswith(".digests") for name in files(data / "spool"))
    assert (data / "journal.jsonl").exists()
    assert cbtui("prune", "--yes", "--unexported", "--keep-days", 30)[0] == 0
    assert files(data / "results") == []


def test_what_is_not_settled_or_has_not_ended_keeps_its_body(
    cbtui, simulator, requests_file, data, monkeypatch
):
    batch_id = cbtui("submit", requests_file(), "--yes")[1].strip()
    make_old(data)
    monkeypatch.setenv("CBTUI_KEEP_DAYS", "1")
    before = files(data / "spool")
    assert cbtui("prune", "--yes")[0] == 0  # the store has not heard of its end
    assert files(data / "spool") == before
    assert cbtui("status", batch_id)[0] == 0


def test_a_run_is_forgotten_here_and_is_still_not_paid_for_twice(
    cbtui, simulator, ended, data, requests_file
):
    batch_id = ended()
    code, out, err = cbtui("forget", "mine", "--yes")
    assert (code, out) == (2, "")
    assert "The results of 1 were never exported and would be lost. Nothing was done: --unexported" in err
    code, out, err = cbtui("forget", "mine", "--yes", "--unexported")
    assert (code, out) == (0, f"{batch_id} forgotten\n")
    assert err.endswith(" freed.\n")
    assert [name.partition(".")[2] for name in files(data / "spool")] == ["digests"]
    assert files(data / "results") == []
    assert cbtui("list", "--json")[1] == ""
    (hidden,) = [json.loads(line) for line in cbtui("list", "--json", "--hidden")[1].splitlines()]
    assert (hidden["id"], hidden["results"]) == (batch_id, "none")
    code, _, err = cbtui("submit", requests_file(3, "mine.jsonl"), "--yes")
    assert (code, f"as {batch_id}" in err) == (2, True)
    assert len(simulator.log.creates) == 1
    assert simulator.log.all("DELETE", "/batches") == []
    (data / "store.db").unlink()
    assert cbtui("submit", requests_file(3, "mine.jsonl"), "--yes")[0] == 2


@pytest.mark.slow
def test_a_run_is_forgotten_on_the_server_when_asked(cbtui, simulator, ended, tmp_path):
    batch_id = ended()
    assert cbtui("export", batch_id, "-o", tmp_path / "out.csv")[0] == 0
    assert cbtui("forget", batch_id, "--server")[0] == 2
    assert len(simulator.batches.all()) == 1
    code, out, _ = cbtui("forget", batch_id, "--server", "--yes", "--json")
    assert (code, json.loads(out)["server"]) == (0, True)
    assert simulator.batches.all() == []
    assert cbtui("list", "--hidden", "--json")[1] == ""


def test_what_runs_is_not_forgotten(cbtui, simulator, requests_file):
    running = simulator.batches.add(3, duration=3600 * 10_000).id
    code, _, err = cbtui("forget", running, "--yes")
    assert (code, "has not ended: cancel it, or wait for its end." in err) == (2, True)


def test_leftovers_are_swept_once_a_day_and_nothing_else(cbtui, ended, data):
    batch_id = ended()
    (data / "locks" / "swept").unlink(missing_ok=True)
    results, spool = data / "results", data / "spool"
    whole = files(results), files(spool)
    dead = [
        spool / "sub_x.body.json.999999999.part",
        results / "msgbatch_a.jsonl.part",
        results / "msgbatch_b.jsonl.index",
        results / f"{batch_id}.jsonl.incomplete",
    ]
    alive = [
        spool / f"sub_y.body.json.{os.getpid()}.part",
        results / "msgbatch_c.jsonl.part",
        results / "msgbatch_d.jsonl.part",
        results / "msgbatch_e.jsonl.incomplete",
        results / "mine.txt",
    ]
    for path in (*dead, *alive):
        path.write_bytes(b"x")
        age(path, 3)
    age(alive[2], 0)
    with alive[1].open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert cbtui("list")[0] == 0
        assert [path.name for path in dead if path.exists()] == []
        assert [path.name for path in alive if not path.exists()] == []
    for path in dead:
        path.write_bytes(b"x")
        age(path, 3)
    assert cbtui("list")[0] == 0  # not twice a day
    assert all(path.exists() for path in dead)
    age(data / "locks" / "swept", 2)
    assert cbtui("list")[0] == 0
    for path in alive[1:]:
        path.unlink(missing_ok=True)
    alive[0].unlink()
    assert (files(results), files(spool)) == whole


@pytest.mark.slow
def test_doctor_tells_how_large_everything_is(cbtui, ended, data):
    ended()
    _, out, _ = cbtui("doctor", "--json")
    (found,) = [row for row in map(json.loads, out.splitlines()) if row["check"] == "sizes"]
    assert found["verdict"] == "ok"
    assert {"bodies", "results", "caches", "store and journal"} <= {
        part.strip().rsplit(" ", 2)[0] for part in found["found"].split(",")
    }
