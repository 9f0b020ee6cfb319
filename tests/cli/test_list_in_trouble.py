"""`list` where the store cannot be written or read: what is known is shown, and what could not be done is said."""

import contextlib
import json
import sqlite3

import pytest

from claude_batch_tui.simulator import Fault
from full_disk import files_of_at_most
from rights import read_only

CREATE = {"method": "POST", "path": r"/batches$"}


@pytest.fixture
def data(own_folders):
    return own_folders / "data"


@pytest.fixture
def two(cbtui, simulator, requests_file):
    """A batch of ours with a name, and one that was made elsewhere since the store was last written."""
    ours = cbtui("submit", requests_file(), "--yes", "--name", "mine")[1].strip()
    return ours, simulator.batches.add(4, age=60, duration=600).id


def rows(out):
    return {row["id"]: row for row in map(json.loads, out.splitlines())}


@pytest.mark.parametrize("words", [[], ["--where", "requests>0"]])
def test_a_read_only_folder_lists_what_is_known_and_says_that_nothing_is_remembered(cbtui, data, two, words):
    with read_only(data):
        code, out, err = cbtui("list", "--json", *words)
    assert code == 4
    assert (rows(out)[two[0]]["name"], rows(out)[two[1]]["name"]) == ("mine", None)
    assert "cannot be written: make its folder writable" in err
    assert "Traceback" not in err


def test_a_read_only_folder_without_a_store_lists_what_the_api_has(cbtui, data, two):
    for path in (data / "store.db", data / "locks"):
        path.unlink() if path.is_file() else [each.unlink() for each in path.iterdir()] and path.rmdir()
    with read_only(data):
        code, out, err = cbtui("list", "--json")
    assert (code, len(rows(out))) == (4, 2)
    assert str(data) in err


def test_a_full_disk_lists_what_is_known_and_says_so(cbtui, data, two):
    with files_of_at_most(1):
        code, out, err = cbtui("list", "--json")
    assert code == 4
    assert rows(out)[two[0]]["name"] == "mine"
    assert two[1] in rows(out)
    assert "The disk that holds" in err


def test_a_store_of_a_newer_cbtui_lists_what_this_one_can_read_of_it(cbtui, data, two):
    with contextlib.closing(sqlite3.connect(data / "store.db")) as connection, connection:
        connection.execute("ALTER TABLE batch ADD COLUMN later TEXT")
        connection.execute("PRAGMA user_version = 99")
    code, out, err = cbtui("list", "--json")
    assert (code, rows(out)[two[0]]["name"], len(rows(out))) == (4, "mine", 2)
    assert "was written by a newer cbtui and can only be read by this one: update it." in err


def test_a_store_of_a_newer_cbtui_that_cannot_be_read_lists_what_the_api_has(cbtui, data, two):
    with contextlib.closing(sqlite3.connect(data / "store.db")) as connection, connection:
        connection.execute("ALTER TABLE name RENAME TO title")
        connection.execute("PRAGMA user_version = 99")
    code, out, err = cbtui("list", "--json")
    assert (code, set(rows(out))) == (4, set(two))
    assert "cannot read what is asked for" in err
    assert (data / "store.db").exists()
    assert not list(data.glob("*.damaged-*"))


@pytest.mark.slow
def test_what_is_still_looked_for_is_said(cbtui, simulator, requests_file, data):
    simulator.faults.next(Fault(**CREATE, after_work=True, status=500))
    simulator.faults.always(Fault(method="GET", path=r"/batches$", skip=1, status=503))
    assert cbtui("submit", requests_file(), "--yes", "--name", "lost")[0] != 0
    simulator.faults.clear()
    code, _, err = cbtui("list")
    assert code == 0
    assert "Still looked for: 3 requests of " in err
    with read_only(data):
        assert "Still looked for: 3 requests of " in cbtui("list")[2]


@pytest.mark.parametrize(
    "words", [["submit", "FILE", "--yes"], ["name", "mine", "other"], ["tag", "mine", "+a"], ["hide", "mine"]]
)
def test_what_has_to_be_written_down_is_refused_in_a_sentence_and_not_done(
    cbtui, simulator, requests_file, data, two, words
):
    words = [requests_file(2, "other.jsonl") if word == "FILE" else word for word in words]
    with read_only(data):
        code, out, err = cbtui(*words)
    assert (code, out) == (4, "")
    assert str(data) in err
    assert "writ" in err
    assert "Traceback" not in err
    assert len(simulator.log.creates) == 1
