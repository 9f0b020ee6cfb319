"""A store that was lost, emptied, damaged or half made is rebuilt from its journal, whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.errors import DamagedStoreError, StoreError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.submitting import reconcile
from claude_batch_tui.store import batches, labels, submissions, workspaces
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.journal import Journal
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.migrations import APPLICATION_ID, STEPS
from claude_batch_tui.store.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WHERE = {"base_url": "https://api", "workspace_id": "ws"}
OPEN = """
import sys
from claude_batch_tui.config import load
from claude_batch_tui.runtime import Runtime
store = Runtime(load({"data_dir": sys.argv[1]})[0]).store
print(store.database.row("SELECT count(*) FROM submission")[0])
"""


@pytest.fixture
def locations(tmp_path):
    found = Locations(tmp_path / "data")
    found.create()
    return found


@pytest.fixture
def opened(locations):
    """A function that opens the data folder as a command does; all are closed afterwards."""
    made = []

    def start():
        made.append(Runtime(load({"data_dir": str(locations.data)})[0]).store)
        return made[-1]

    yield start
    for store in made:
        store.close()


def steps(number, **changes):
    """A submission as it is written down: prepared, sending, created."""
    prepared = Submission(
        submission_id=f"sub_{number}",
        run_id=f"run_{number}",
        state=SubmissionState.PREPARED,
        requests=3,
        body_bytes=10,
        sha256=f"{number:064}",
        body_path="/b",
        rows_path=None,
        name=f"name {number}",
        model="claude-haiku-4-5",
        source="s.csv",
        cost_at_most=1.5,
        created_at=NOW,
        prices_as_of="2026-11-01",
    )
    sending = msgspec.structs.replace(
        prepared, state=SubmissionState.SENDING, attempt=1, sent_at=NOW, **WHERE
    )
    created = msgspec.structs.replace(
        sending, **{"state": SubmissionState.CREATED, "batch_id": f"msgbatch_{number}", **changes}
    )
    return [prepared, sending, created]


def write_journal(locations, count, **changes):
    """A journal of so many submissions, a name and tags for each third; the submissions as they are at its end."""
    journal, last = [], []
    for number in range(count):
        states = steps(number, **changes)
        last.append(states[-1])
        journal += [{"kind": "submission", "at": NOW, "submission": state} for state in states]
        if number % 3 == 0:
            about = {"at": NOW, **WHERE}
            journal.append(
                {"kind": "name", "target_id": f"msgbatch_{number}", "name": f"own {number}", **about}
            )
            tags = {"batch_ids": [f"msgbatch_{number}"], "add": ["a", "b"], "remove": []}
            journal.append({"kind": "tags", **tags, **about})
            journal.append({"kind": "tags", **tags, "add": [], "remove": ["b"], **about})
    locations.journal.write_bytes(b"".join(msgspec.json.encode(fact) + b"\n" for fact in journal))
    return last


def reported(number):
    """A batch as the API has it."""
    return Batch(f"msgbatch_{number}", "in_progress", RequestCounts(processing=3), NOW)


def listed(store, *numbers):
    """What the list shows of batches once the API has told of them."""
    workspace = workspaces.remember(store.database, *WHERE.values(), None, "hint", NOW)
    told = [reported(number) for number in numbers]
    batches.merge(store.database, workspace.scope_id, told, seen=True)
    return batches.find_all(store.database, workspace.scope_id, [batch.id for batch in told])


def no_store(locations):
    """There is none."""


def empty_store(locations):
    locations.database.touch()


def half_a_schema(locations):
    connection = sqlite3.connect(locations.database)
    connection.executescript(STEPS[0][: STEPS[0].index("CREATE TABLE submission")])
    connection.close()


def schema_without_facts(locations):
    """As another reader of the store than a command leaves it."""
    Database(locations.database).close()


def schema_marked_before_the_facts(locations):
    """As earlier versions left it where they were killed before the first fact."""
    connection = sqlite3.connect(locations.database)
    for step in STEPS:
        connection.executescript(step)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")
    connection.close()


def no_database(locations):
    locations.database.write_bytes(b"not a database" * 1000)


def half_a_file(locations):
    schema_marked_before_the_facts(locations)
    locations.database.write_bytes(locations.database.read_bytes()[: locations.database.stat().st_size // 2])


def a_page_of_zeros(locations):
    schema_marked_before_the_facts(locations)
    with locations.database.open("r+b") as file:
        file.seek(8192)
        file.write(bytes(20_000))


def a_table_less(locations):
    """It shows at the first query only."""
    schema_marked_before_the_facts(locations)
    connection = sqlite3.connect(locations.database)
    connection.execute("DROP TABLE submission")
    connection.close()


def no_store_but_its_rollback_journal(locations):
    (locations.data / "store.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 5000)


@pytest.mark.parametrize(
    "damage",
    [
        no_store,
        empty_store,
        half_a_schema,
        schema_without_facts,
        schema_marked_before_the_facts,
        no_database,
        half_a_file,
        no_store_but_its_rollback_journal,
    ],
)
def test_what_the_journal_says_is_in_the_store_whatever_became_of_it(locations, opened, damage):
    last = write_journal(locations, 4)
    damage(locations)
    store = opened()
    assert [submissions.find(store, each.submission_id) for each in last] == last
    first, second, *_ = listed(store, 0, 1, 2, 3)
    assert (first.name, first.tags) == ("own 0", ("a",))
    assert (second.name, second.run_id, second.model, second.source) == (
        "name 1",
        "run_1",
        "claude-haiku-4-5",
        "s.csv",
    )
    assert (second.cost_at_most, second.provisional) == (1.5, False)
    with contextlib.closing(Database(locations.database)) as database:
        assert database.row("PRAGMA integrity_check")[0] == "ok"


@pytest.mark.parametrize("taken", range(6))
def test_a_rebuild_that_ended_after_any_fact_is_gone_on_with(locations, opened, taken):
    """Earlier versions marked the store first, and wrote each fact in a transaction of its own."""
    last = write_journal(locations, 2)
    schema_marked_before_the_facts(locations)
    with Store(locations) as store:
        facts = [fact["submission"] for fact in store.journal.facts() if fact["kind"] == "submission"]
        for fact in facts[:taken]:
            submissions.put(store, msgspec.convert(fact, type=Submission))
    assert [submissions.find(opened(), each.submission_id) for each in last] == last


def test_a_store_that_knows_more_than_its_journal_keeps_what_it_knows(locations, opened):
    (created,) = write_journal(locations, 1)
    opened()
    lines = locations.journal.read_bytes().splitlines(keepends=True)
    locations.journal.write_bytes(b"".join(lines[:2]))
    assert submissions.find(opened(), "sub_0") == created


def test_an_older_copy_of_the_store_is_brought_up_to_its_journal(locations, opened, tmp_path):
    write_journal(locations, 1)
    opened().close()
    shutil.copy(locations.database, tmp_path / "older.db")
    store = opened()
    workspace = workspaces.remember(store.database, *WHERE.values(), None, "hint", NOW)
    for state in steps(1)[:2]:
        (submissions.insert if state.attempt == 0 else submissions.put)(store, state)
    store.journal.append("submission", NOW, submission=steps(1)[1])
    labels.tag(store, workspace, ["msgbatch_0"], add=["late"], remove=[], now=NOW)
    store.close()
    shutil.copy(tmp_path / "older.db", locations.database)
    again = opened()
    assert [each.submission_id for each in submissions.unsettled(again)] == ["sub_1"]
    assert listed(again, 0)[0].tags == ("a", "late")
    assert workspaces.recall(again.database, "hint") is not None


def test_an_unknown_submission_is_unknown_after_a_rebuild_and_looked_for_at_its_workspace(locations, opened):
    unknown = {"state": SubmissionState.UNKNOWN, "batch_id": None}
    (last,) = write_journal(locations, 1, **unknown)
    store = opened()
    assert submissions.unsettled(store) == (last,)
    assert submissions.with_body(store, last.sha256, NOW) == (last,)


def test_a_batch_that_turned_out_to_be_another_does_not_get_the_name_back(locations, opened):
    write_journal(locations, 2)
    lost = msgspec.structs.replace(
        steps(1)[1], state=SubmissionState.UNKNOWN, excluded=("msgbatch_1",), name="name 1"
    )
    Journal(locations.journal).append("submission", NOW, submission=lost)
    (found,) = listed(opened(), 1)
    assert (found.name, found.run_id, found.cost_at_most) == (None, None, None)


def test_a_name_that_was_taken_away_stays_away(locations, opened):
    write_journal(locations, 2)
    Journal(locations.journal).append("name", NOW, **WHERE, target_id="msgbatch_1", name=None)
    (found,) = listed(opened(), 1)
    assert (found.name, found.run_id) == (None, "run_1")


def test_a_batch_asked_for_alone_has_its_run_back_as_one_of_the_list_has(locations, opened):
    write_journal(locations, 2, provisional=True)
    assert [(b.run_id, b.model, b.provisional) for b in listed(opened(), 1)] == [
        ("run_1", "claude-haiku-4-5", True)
    ]


def test_every_kind_of_fact_is_read_and_one_that_is_not_known_is_passed_over(locations, opened):
    """Word for word as commit 6276892 writes them."""
    locations.journal.write_bytes(
        b"""{"kind":"try","at":"2026-11-20T12:00:00Z","custom_id":"r0","sha256":"aa","state":"sending"}
{"kind":"submission","at":"2026-11-20T12:00:00Z","submission":{"submission_id":"sub_1","run_id":"run_1","state":"created","requests":3,"body_bytes":10,"sha256":"aa","body_path":"/b","rows_path":null,"name":"mine","model":"claude-haiku-4-5","source":"s.csv","cost_at_most":1.5,"created_at":"2026-11-20T12:00:00Z","prices_as_of":"2026-11-01","attempt":1,"watermark_id":null,"server_date":"2026-11-20T12:00:00Z","sent_at":"2026-11-20T12:00:00Z","settled_at":"2026-11-20T12:00:01Z","last_looked_at":null,"looks":0,"candidates":[],"excluded":[],"batch_id":"msgbatch_1","provisional":false,"request_id":"req_1","error":null,"betas":["b"],"kind":"pilot","part":1,"parts":2,"retry_of":["sub_0"],"base_url":"https://api","workspace_id":"ws"}}
{"kind":"name","at":"2026-11-20T12:00:00Z","base_url":"https://api","workspace_id":"ws","target_id":"run_2","name":"theirs"}
{"kind":"tags","at":"2026-11-20T12:00:00Z","base_url":"https://api","workspace_id":"ws","batch_ids":["msgbatch_1"],"add":["eval"],"remove":[]}
{"kind":"note","at":"2026-11-20T12:00:00Z","base_url":"https://api","workspace_id":"ws","target_id":"msgbatch_1","note":"ask Ana"}
{"kind":"hidden","at":"2026-11-20T12:00:00Z","base_url":"https://api","workspace_id":"ws","batch_ids":["msgbatch_2"],"is_hidden":true}
{"kind":"adoption","at":"2026-11-20T12:00:00Z","base_url":"https://api","workspace_id":"ws","batch_ids":["msgbatch_2"],"run_id":"run_2"}
{"kind":"cancel","at":"2026-11-20T12:00:00Z","batch_id":"msgbatch_1"}
{"kind":"delete","at":"2026-11-20T12:00:00Z","batch_id":"msgbatch_3"}
{"kind":"of a later version","at":"2026-11-20T12:00:00Z","submission":7}
{"kind":"submission","at":"2026-11-20T12:00:00Z","submission":{"of":"a later version"}}
{"kind":["odd"]}
7
\xff\xfe{"kind":"name"}
"""
    )
    store = opened()
    first, second = listed(store, 1, 2)
    assert (first.name, first.run_id, first.model, first.cost_at_most) == (
        *("mine", "run_1", "claude-haiku-4-5", 1.5),
    )
    assert (first.tags, first.note) == (("eval",), "ask Ana")
    assert (second.run_name, second.run_id, second.hidden_at) == ("theirs", "run_2", NOW)
    (made,) = submissions.of_run(store, "run_1")
    assert (made.kind, made.parts, made.betas, made.retry_of) == ("pilot", 2, ("b",), ("sub_0",))


@pytest.mark.slow
@pytest.mark.parametrize("damage", [empty_store, no_database])
def test_processes_that_open_a_lost_store_at_once_all_see_a_whole_one(locations, damage):
    write_journal(locations, 200)
    damage(locations)
    command = [sys.executable, "-c", OPEN, str(locations.data)]
    several = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [each.communicate(timeout=60)[0] for each in several] == ["200\n"] * 2
    assert len(list(locations.data.glob("store.db.damaged-*"))) == (damage is no_database)
    with contextlib.closing(Database(locations.database)) as database:
        assert database.row("SELECT count(*) FROM submission")[0] == 200


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.0, 0.1])
def test_a_rebuild_that_is_killed_leaves_nothing_half_and_the_next_one_is_whole(locations, opened, moment):
    last = write_journal(locations, 1500)
    process = subprocess.Popen([sys.executable, "-c", OPEN, str(locations.data)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not locations.database.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(moment)
    process.kill()
    process.wait()
    with Store(locations) as left:
        assert left.database.row("SELECT count(*) FROM submission")[0] in (0, len(last))
    store = opened()
    assert [submissions.find(store, each.submission_id) for each in last] == last
    assert not store.is_new


def test_a_rebuild_that_fails_in_the_middle_leaves_nothing(locations, opened):
    write_journal(locations, 3)
    with Store(locations) as store, store.database.change() as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON tag BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    with pytest.raises(StoreError, match="no room"):
        opened()
    with Store(locations) as store:
        assert store.is_new
        assert store.database.row("SELECT count(*) FROM submission")[0] == 0


def test_a_journal_that_cannot_be_read_is_said_and_no_store_is_taken_for_whole(locations, opened):
    locations.journal.mkdir()
    with pytest.raises(StoreError, match="journal"):
        opened()
    locations.journal.rmdir()
    last = write_journal(locations, 1)
    assert submissions.find(opened(), "sub_0") == last[0]


@pytest.mark.parametrize("end", [1, 20, 60])
def test_a_fact_after_a_half_written_line_is_not_swallowed(locations, end):
    journal = Journal(locations.journal)
    journal.append("a", NOW, word="x" * 100)
    journal.append("b", NOW, word="x" * 100)
    whole = locations.journal.read_bytes()
    locations.journal.write_bytes(whole[:-end])
    journal.append("c", NOW)
    kinds = ["a", "b", "c"] if end == 1 else ["a", "c"]
    assert [fact["kind"] for fact in journal.facts()] == kinds


def test_a_fact_that_was_glued_to_a_half_written_line_is_found_in_it(locations):
    """Earlier versions wrote on where the line ended."""
    locations.journal.write_bytes(
        b'{"kind":"a","at":1}\n{"kind":"b","word":"a {\\"kind\\":{"kind":"submission","at":2}\n{"kind":"d","at'
    )
    journal = Journal(locations.journal)
    assert [fact["kind"] for fact in journal.facts()] == ["a", "submission"]
    assert journal.newest("submission") == {"kind": "submission", "at": 2}
    assert journal.newest("d") is None
    assert journal.newest("a") == {"kind": "a", "at": 1}


def test_two_damaged_stores_are_both_kept(locations, opened):
    for word in (b"one", b"two"):
        locations.database.write_bytes(word * 1000)
        opened().close()
        locations.database.unlink()
    kept = sorted(file.read_bytes()[:3] for file in locations.data.glob("store.db.damaged-*[0-9]"))
    assert kept == [b"one", b"two"]


FACTS = {
    "submission": "SELECT facts FROM submission",
    "run": "SELECT run_id, kind, source FROM run",
    "name": "SELECT target_id, name FROM name",
    "tag": "SELECT target_id, tag FROM tag",
    "note": "SELECT target_id, note FROM note",
    "hidden": "SELECT batch_id FROM hidden",
    "adoption": "SELECT batch_id, run_id FROM adoption",
    "cost": "SELECT target_id, kind, usd, prices_as_of FROM cost",
    "batch": "SELECT batch_id, run_id, model, source, provisional, cancel_sent_at, deleted_at FROM batch"
    " WHERE run_id IS NOT NULL OR cancel_sent_at IS NOT NULL OR deleted_at IS NOT NULL",
}
NUMBERS = st.integers(0, 3)
WORDS = st.sampled_from(["", "a", "b", "ü \U0001f600", '{"kind":"submission"'])
DEEDS = st.one_of(
    st.tuples(st.just("send"), NUMBERS, st.booleans()),
    st.tuples(st.just("name"), NUMBERS, WORDS),
    st.tuples(st.just("tag"), NUMBERS, WORDS.filter(bool)),
    st.tuples(st.just("note"), NUMBERS, WORDS),
    st.tuples(st.just("hide"), NUMBERS, st.booleans()),
    st.tuples(st.just("adopt"), st.integers(4, 5), WORDS),
    st.tuples(st.just("cancel"), st.integers(0, 5), st.booleans()),
    st.tuples(st.just("delete"), st.integers(0, 5), st.booleans()),
)


def do(store, workspace, deed):
    """What commands do to the store, as if the API had answered well."""
    what, number, detail = deed
    batch_id = f"msgbatch_{number}"
    match what:
        case "send" if submissions.find(store, f"sub_{number}") is None:
            prepared, sending, _ = steps(number)
            submissions.insert(store, prepared)
            submissions.advance(store, sending, expected=SubmissionState.PREPARED, at=NOW)
            if detail:
                batch = Batch(batch_id, "in_progress", RequestCounts(processing=3), NOW)
                reconcile.record_created(
                    sending,
                    batch,
                    store=store,
                    workspace=workspace,
                    at=NOW,
                    request_id=None,
                    provisional=number == 2,
                )
        case "name" if detail or submissions.of_batch(store, batch_id):
            labels.name(store, workspace, batch_id, detail or None, NOW)
        case "tag":
            labels.tag(
                store, workspace, [batch_id], add=[detail], remove=["a"] if detail != "a" else [], now=NOW
            )
        case "note":
            labels.note(store, workspace, batch_id, detail, NOW)
        case "hide":
            labels.hide(store, workspace, [batch_id], hidden=detail, now=NOW)
        case "cancel":
            batches.merge(store.database, workspace.scope_id, [reported(number)], seen=True)
            labels.mark_canceled(store, workspace, reported(number), NOW)
        case "delete":
            batches.merge(store.database, workspace.scope_id, [reported(number)], seen=True)
            labels.mark_deleted(store, workspace, reported(number), NOW)
        case "adopt":
            labels.adopt(store, workspace, [batch_id], f"run_{number}", NOW)


def known(locations):
    """All that is ours in the store, once the list has been heard; a command begins again where it is set aside."""
    for _ in range(2):
        with (
            contextlib.suppress(DamagedStoreError),
            Runtime(load({"data_dir": str(locations.data)})[0]).store as store,
            store.database.set_aside_if_damaged(),
        ):
            listed(store, *range(6))
            return {table: sorted(map(tuple, store.database.rows(query))) for table, query in FACTS.items()}
    raise AssertionError("damaged after it was rebuilt")


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    deeds=st.lists(DEEDS, max_size=12),
    damage=st.sampled_from(
        [
            *(no_store, empty_store, half_a_schema, schema_without_facts, no_database, half_a_file),
            *(a_page_of_zeros, a_table_less),
        ]
    ),
    torn=st.booleans(),
)
def test_whatever_was_done_is_known_again_after_the_store_was_lost(deeds, damage, torn):
    with tempfile.TemporaryDirectory() as folder:
        locations = Locations(Path(folder))
        with Runtime(load({"data_dir": folder})[0]).store as store:
            workspace = workspaces.remember(store.database, *WHERE.values(), None, "hint", NOW)
            for deed in deeds:
                do(store, workspace, deed)
                if torn:
                    with locations.journal.open("ab") as file:
                        file.write(b'{"kind":"submission","at":"20')
        before = known(locations)
        locations.database.unlink()
        damage(locations)
        assert known(locations) == before
