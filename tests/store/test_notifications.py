from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.store import batches, notifications, scopes
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.store import Store

NOW = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    opened = Store(Locations(tmp_path / "data"))
    yield opened
    opened.close()


@pytest.fixture
def scope(store):
    return scopes.remember(store.database, "http://here", "w", None, "hint", NOW).scope_id


def put(store, scope, name, *, ended=False):
    counts = RequestCounts(succeeded=2) if ended else RequestCounts(processing=2)
    batch = Batch(name, "ended" if ended else "in_progress", counts, NOW)
    if ended:
        batch = msgspec.structs.replace(batch, ended_at=NOW)
    batches.merge(store.database, scope, [batch], seen=True)


def make_run(store, scope, *names):
    with store.database.change() as connection:
        connection.execute("INSERT INTO run VALUES ('run_1', ?, 'split', '', NULL, NULL, NULL)", (scope,))
    for name in names:
        batches.adopt(store.database, scope, name, run_id="run_1", model=None, source=None)


def test_an_end_is_given_to_the_first_who_asks_and_to_no_other(store, scope):
    put(store, scope, "a")
    put(store, scope, "a", ended=True)
    assert notifications.claim(store.database, scope, NOW) == [("a", ("a",))]
    assert notifications.claim(store.database, scope, NOW) == []


def test_an_end_first_seen_by_another_command_is_still_due(store, scope, tmp_path):
    put(store, scope, "a")
    other = Store(Locations(tmp_path / "data"))
    put(other, scope, "a", ended=True)
    other.close()
    assert notifications.claim(store.database, scope, NOW) == [("a", ("a",))]


def test_a_run_is_told_once_when_its_last_batch_has_ended(store, scope):
    put(store, scope, "a")
    put(store, scope, "b")
    make_run(store, scope, "a", "b")
    put(store, scope, "a", ended=True)
    assert notifications.claim(store.database, scope, NOW) == []
    put(store, scope, "b", ended=True)
    assert notifications.claim(store.database, scope, NOW) == [("run_1", ("a", "b"))]
    assert notifications.claim(store.database, scope, NOW) == []


def test_a_run_of_one_batch_is_told_as_that_batch(store, scope):
    put(store, scope, "a")
    make_run(store, scope, "a")
    put(store, scope, "a", ended=True)
    assert notifications.claim(store.database, scope, NOW) == [("a", ("a",))]
