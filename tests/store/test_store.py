from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.errors import ConfigError, StoreError
from claude_batch_tui.store import batches, submissions, workspaces
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.journal import Journal
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.migrations import STEPS
from claude_batch_tui.store.rebuild import rebuild
from claude_batch_tui.store.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with Store(Locations(tmp_path / "data")) as opened:
        yield opened


@pytest.fixture
def scope_id(store):
    return workspaces.remember(store.database, "https://api", "ws", None, "hint", NOW).scope_id


def batch(number, *, ended=False, age=1):
    counts = RequestCounts(succeeded=3) if ended else RequestCounts(processing=3)
    created = NOW - timedelta(hours=age)
    return Batch(f"msgbatch_{number}", "ended" if ended else "in_progress", counts, created)


def submission(**changes):
    base = Submission(
        submission_id="sub_1",
        run_id="run_1",
        state=SubmissionState.PREPARED,
        requests=3,
        body_bytes=10,
        sha256="a" * 64,
        body_path="/b",
        rows_path=None,
        name="n",
        model="m",
        source="s",
        cost_at_most=1.0,
        created_at=NOW,
    )
    return msgspec.structs.replace(base, **changes)


def test_everything_made_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        with Store(Locations(tmp_path / "data")) as opened:
            opened.journal.append("x", NOW)
            for path in [tmp_path / "data", *(tmp_path / "data").rglob("*")]:
                assert path.stat().st_mode & 0o077 == 0, path
    finally:
        os.umask(before)


def test_the_database_uses_a_rollback_journal_and_full_synchronisation(store):
    assert store.database.row("PRAGMA journal_mode")[0] == "truncate"
    assert store.database.row("PRAGMA synchronous")[0] == 2
    assert store.database.row("PRAGMA user_version")[0] == len(STEPS)


def test_a_change_that_fails_leaves_nothing(store, scope_id):
    def fail():
        with store.database.change() as connection:
            connection.execute("INSERT INTO name VALUES (?, 'a', 'b')", (scope_id,))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.database.rows("SELECT * FROM name") == []


def test_a_store_of_a_newer_version_can_be_read_and_not_written(tmp_path):
    locations = Locations(tmp_path / "data")
    Store(locations).close()
    connection = sqlite3.connect(locations.database)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with Store(locations) as newer:
        assert newer.database.rows("SELECT * FROM batch") == []
        with pytest.raises(StoreError, match="newer cbtui"):
            workspaces.remember(newer.database, "u", "w", None, "h", NOW)


def test_a_damaged_store_is_moved_aside_and_its_submissions_come_back_from_the_journal(tmp_path):
    locations = Locations(tmp_path / "data")
    with Store(locations) as first:
        submissions.insert(first, submission())
    locations.database.write_bytes(b"not a database" * 1000)
    with Store(locations) as again:
        assert submissions.find(again, "sub_1") is None
        assert again.is_new
        assert rebuild(again, NOW) == 1
        assert submissions.find(again, "sub_1") == submission()
    assert list(locations.data.glob("store.db.damaged-*"))


@pytest.mark.slow
def test_two_processes_write_without_a_lock_error(tmp_path):
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.store import Store
from claude_batch_tui.store import workspaces
with Store(Locations(Path(sys.argv[1]))) as store:
    for number in range(60):
        workspaces.remember(store.database, "u", f"{sys.argv[2]}-{number}", None, "h", datetime.now(UTC))
"""
    folder = str(tmp_path / "data")
    writers = [subprocess.Popen([sys.executable, "-c", script, folder, name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    with Store(Locations(tmp_path / "data")) as store:
        assert store.database.row("SELECT count(*) FROM scope")[0] == 120


def test_an_ended_batch_never_un_ends_and_what_ends_while_we_watch_is_unseen(store, scope_id):
    database = store.database
    batches.merge(database, scope_id, [batch(1), batch(2, ended=True)], seen=False)
    assert [t.seen for t in batches.tracked(database, scope_id)] == [True, True]
    (change,) = batches.merge(database, scope_id, [batch(1, ended=True)], seen=False)
    assert (change.before, change.after) == (batch(1), batch(1, ended=True))
    assert batches.find(database, scope_id, "msgbatch_1").seen is False
    assert batches.merge(database, scope_id, [batch(1), batch(2)], seen=False) == []
    assert batches.find(database, scope_id, "msgbatch_1").batch.has_ended


def test_batches_are_newest_first_and_deleted_ones_are_left_out(store, scope_id):
    database = store.database
    batches.merge(database, scope_id, [batch(n, age=n) for n in (3, 1, 2)], seen=True)
    batches.mark(database, scope_id, "msgbatch_2", deleted_at=NOW.isoformat())
    assert [t.id for t in batches.tracked(database, scope_id)] == ["msgbatch_1", "msgbatch_3"]


def test_a_word_means_an_id_a_run_or_a_name_and_several_are_said(store, scope_id):
    database = store.database
    batches.merge(database, scope_id, [batch(1), batch(2)], seen=True)
    submissions.insert(store, submission())
    batches.adopt(database, scope_id, "msgbatch_1", run_id="run_1", model="m", source="s")
    batches.set_name(database, scope_id, "msgbatch_2", "mine")
    assert batches.ids_of(database, scope_id, "msgbatch_2") == ("msgbatch_2",)
    assert batches.ids_of(database, scope_id, "run_1") == ("msgbatch_1",)
    assert batches.ids_of(database, scope_id, "mine") == ("msgbatch_2",)
    assert batches.ids_of(database, scope_id, "nobody") == ()
    batches.set_name(database, scope_id, "msgbatch_1", "mine")
    with pytest.raises(ConfigError, match="2 batches are called"):
        batches.ids_of(database, scope_id, "mine")


def test_batches_of_other_workspaces_stay_apart(store, scope_id):
    other = workspaces.remember(store.database, "https://api", "other", None, "hint2", NOW).scope_id
    batches.merge(store.database, scope_id, [batch(1)], seen=True)
    assert batches.tracked(store.database, other) == ()
    assert workspaces.recall(store.database, "hint2").workspace_id == "other"


def test_only_one_process_moves_a_submission_on(store):
    submissions.insert(store, submission())
    sending = submission(state=SubmissionState.SENDING)
    submissions.advance(store, sending, expected=SubmissionState.PREPARED, at=NOW)
    with pytest.raises(StoreError, match="another process"):
        submissions.advance(store, sending, expected=SubmissionState.PREPARED, at=NOW)


def test_a_state_that_cannot_reach_the_journal_does_not_reach_the_store(store, monkeypatch):
    submissions.insert(store, submission())

    def full(*_, **__):
        raise StoreError("the disk is full")

    monkeypatch.setattr(store.journal, "append", full)
    with pytest.raises(StoreError):
        submissions.advance(
            store, submission(state=SubmissionState.SENDING), expected=SubmissionState.PREPARED, at=NOW
        )
    assert submissions.find(store, "sub_1").state is SubmissionState.PREPARED


def test_a_half_written_last_line_of_the_journal_is_left_out(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append("a", NOW, x=1)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"kind":"b","at"')
    assert [fact["kind"] for fact in journal.facts()] == ["a"]


@pytest.mark.slow
def test_a_lock_is_held_by_one_and_freed_by_death(tmp_path):
    path = tmp_path / "lock"
    script = f"""
import time
from pathlib import Path
from claude_batch_tui.store.locks import FileLock
from claude_batch_tui.store.migrations import STEPS
from claude_batch_tui.store.rebuild import rebuild
assert FileLock(Path({str(path)!r})).try_acquire()
print("held", flush=True)
time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    lock = FileLock(path)
    assert not lock.try_acquire()
    assert lock.holder() == str(holder.pid)
    holder.kill()
    holder.communicate()
    assert lock.try_acquire()
    lock.release()


def test_a_lock_says_what_its_holder_does(tmp_path):
    lock = FileLock(tmp_path / "lock", "tickets.jsonl,\nthe second half")
    assert lock.try_acquire()
    assert FileLock(tmp_path / "lock").holder() == f"{os.getpid()} (tickets.jsonl, the second half)"
    lock.release()


def test_a_file_gets_its_name_only_when_it_is_whole(tmp_path):
    target = tmp_path / "x"

    def fail():
        with written_whole(target) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []
    with written_whole(target) as file:
        file.write(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"


@pytest.mark.parametrize("version", range(1, len(STEPS)))
def test_a_store_of_every_earlier_schema_is_brought_up_to_date_with_its_batches(tmp_path, version):
    path = Locations(tmp_path / "data")
    path.create()
    old = sqlite3.connect(path.database)
    for step in STEPS[:version]:
        old.executescript(step)
    old.execute("INSERT INTO scope VALUES (1, 'https://api', 'ws', NULL, 'hint', '2026')")
    facts = msgspec.json.encode(batch(1)).decode()
    old.execute(
        "INSERT INTO batch (scope_id, batch_id, facts, created_at, has_ended) VALUES (1, ?, ?, ?, 0)",
        ("msgbatch_1", facts, NOW.isoformat()),
    )
    old.execute(f"PRAGMA user_version = {version}")
    old.commit()
    old.close()
    with Store(path) as store:
        assert [t.batch for t in batches.tracked(store.database, 1)] == [batch(1)]
        batches.set_name(store.database, 1, "msgbatch_1", "n")
        assert [t.name for t in batches.since(store.database, 1, 0).batches] == ["n"]


def test_a_follower_reads_what_was_written_since_and_nothing_else(store, scope_id):
    database = store.database
    batches.merge(database, scope_id, [batch(n) for n in range(5)], seen=True)
    known = batches.since(database, scope_id, 0)
    assert len(known.batches) == 5
    assert batches.since(database, scope_id, known.revision).batches == ()
    batches.set_name(database, scope_id, "msgbatch_2", "two")
    batches.merge(database, scope_id, [batch(3, ended=True), batch(4)], seen=False)
    batches.record_cost(database, scope_id, "msgbatch_0", "at_most", 2.0, None)
    batches.mark(database, scope_id, "msgbatch_1", deleted_at=NOW.isoformat())
    fresh = batches.since(database, scope_id, known.revision)
    assert sorted(t.id for t in fresh.batches) == ["msgbatch_0", "msgbatch_2", "msgbatch_3"]
    assert fresh.dropped == ("msgbatch_1",)
    assert batches.since(database, scope_id, fresh.revision) == batches.Since(fresh.revision, ())


def test_what_is_named_for_a_run_changes_all_its_batches(store, scope_id):
    submissions.insert(store, submission())
    batches.merge(store.database, scope_id, [batch(n) for n in range(3)], seen=True)
    for batch_id in ("msgbatch_0", "msgbatch_2"):
        batches.adopt(store.database, scope_id, batch_id, run_id="run_1", model=None, source=None)
    known = batches.revision(store.database, scope_id)
    batches.set_name(store.database, scope_id, "run_1", "evals")
    fresh = batches.since(store.database, scope_id, known)
    assert {t.id: t.run_name for t in fresh.batches} == {"msgbatch_0": "evals", "msgbatch_2": "evals"}


def test_a_page_of_the_history_begins_where_the_last_one_ended(store, scope_id):
    same = [msgspec.structs.replace(batch(n), created_at=NOW) for n in range(4)]
    batches.merge(store.database, scope_id, [*same, batch(8), batch(9)], seen=True)
    found, page = [], ()
    while page := batches.tracked(store.database, scope_id, 2, page[-1] if page else None):
        found += [t.id for t in page]
    assert found == [f"msgbatch_{n}" for n in (0, 1, 2, 3, 8, 9)]


def test_a_process_whose_store_was_set_aside_by_another_says_so_and_writes_nothing_to_the_new_one(tmp_path):
    path = tmp_path / "store.db"
    with contextlib.closing(Database(path)) as one, contextlib.closing(Database(path)) as other:
        kept = one.set_aside()
        assert kept is not None
        with contextlib.closing(Database(path)) as new:
            with pytest.raises(StoreError, match="was moved, removed or replaced while cbtui ran"):
                other.data_version()
            with (
                pytest.raises(StoreError, match="was moved, removed or replaced while cbtui ran"),
                other.change() as connection,
            ):
                connection.execute("INSERT INTO poll (at, seconds) VALUES ('x', 1)")
            assert other.set_aside() is None  # it is not the one that was opened
            assert new.row("SELECT count(*) FROM poll")[0] == 0
        assert path.exists()
