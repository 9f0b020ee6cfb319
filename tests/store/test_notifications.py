from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.store import batches, notifications, workspaces
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.store import Store

NOW = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    opened = Store(Locations(tmp_path / "data"))
    yield opened
    opened.close()


@pytest.fixture
def workspace(store):
    return workspaces.remember(store.database, "http://here", "w", None, "hint", NOW).scope_id


def put(store, workspace, name, *, ended=False):
    counts = RequestCounts(succeeded=2) if ended else RequestCounts(processing=2)
    batch = Batch(name, "ended" if ended else "in_progress", counts, NOW)
    if ended:
        batch = msgspec.structs.replace(batch, ended_at=NOW)
    batches.merge(store.database, workspace, [batch], seen=True)


def make_run(store, workspace, *names):
    with store.database.change() as connection:
        connection.execute("INSERT INTO run VALUES ('run_1', ?, 'split', '', NULL, NULL, NULL)", (workspace,))
    for name in names:
        batches.adopt(store.database, workspace, name, run_id="run_1", model=None, source=None)


def test_an_end_is_given_to_the_first_who_asks_and_to_no_other(store, workspace):
    put(store, workspace, "a")
    put(store, workspace, "a", ended=True)
    assert notifications.claim(store.database, workspace, NOW) == [("a", ("a",))]
    assert notifications.claim(store.database, workspace, NOW) == []


def test_an_end_first_seen_by_another_command_is_still_due(store, workspace, tmp_path):
    put(store, workspace, "a")
    other = Store(Locations(tmp_path / "data"))
    put(other, workspace, "a", ended=True)
    other.close()
    assert notifications.claim(store.database, workspace, NOW) == [("a", ("a",))]


def test_a_run_is_told_once_when_its_last_batch_has_ended(store, workspace):
    put(store, workspace, "a")
    put(store, workspace, "b")
    make_run(store, workspace, "a", "b")
    put(store, workspace, "a", ended=True)
    assert notifications.claim(store.database, workspace, NOW) == []
    put(store, workspace, "b", ended=True)
    assert notifications.claim(store.database, workspace, NOW) == [("run_1", ("a", "b"))]
    assert notifications.claim(store.database, workspace, NOW) == []


def test_a_run_of_one_batch_is_told_as_that_batch(store, workspace):
    put(store, workspace, "a")
    make_run(store, workspace, "a")
    put(store, workspace, "a", ended=True)
    assert notifications.claim(store.database, workspace, NOW) == [("a", ("a",))]
