"""A backup, and a data folder at another place."""

from __future__ import annotations

import json
import shutil
import tarfile

import pytest

from claude_batch_tui.config import load


@pytest.fixture
def data():
    return load({})[0].data_dir


@pytest.fixture
def worked(cbtui, simulator, requests_file):
    """A run with a name, tags and a note, of which one request failed and whose results are here."""
    simulator.decide("r1", "errored")
    batch_id = cbtui("submit", requests_file(4), "--yes")[1].strip()
    cbtui("watch", batch_id, "--interval", "1")
    cbtui("results", batch_id)
    cbtui("name", batch_id, "weekly")
    cbtui("tag", batch_id, "+eval")
    cbtui("note", batch_id, "for ana")
    return batch_id


def look(cbtui):
    return [json.loads(line) for line in cbtui("list", "--json")[1].splitlines()]


def require_same_and_paid_once(cbtui, simulator, requests_file, worked, before):
    assert look(cbtui) == before
    assert before[0]["name"] == "weekly"
    assert cbtui("results", "weekly")[0] == 1
    assert cbtui("doctor", "--files")[0] == 0
    code, _, err = cbtui("submit", requests_file(4), "--yes")
    assert (code, "Pass --again" in err) == (2, True)
    sent = len(simulator.log.creates)
    code, out, err = cbtui("retry", "weekly", "--yes")
    assert (code, len(simulator.log.creates)) == (0, sent + 1), err
    assert out.strip().startswith("msgbatch_")


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".tar", ".tgz"])
def test_a_backup_brought_back_elsewhere_has_the_same_list_names_and_runs_and_pays_nothing_twice(
    cbtui, simulator, requests_file, worked, data, tmp_path, monkeypatch, ending
):
    before, file = look(cbtui), tmp_path / f"backup{ending}"
    code, out, err = cbtui("backup", file, "--json")
    assert code == 0, err
    assert json.loads(out)["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    shutil.rmtree(data)
    with tarfile.open(file) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path / "elsewhere", filter="data")
    assert names[:2] == ["store.db", "journal.jsonl"]
    assert not any(name.startswith(("cache", "locks")) for name in names)
    monkeypatch.setenv("CBTUI_DATA_DIR", str(tmp_path / "elsewhere"))
    require_same_and_paid_once(cbtui, simulator, requests_file, worked, before)
    assert not data.exists()


@pytest.mark.slow
def test_a_data_folder_that_was_moved_is_the_same(
    cbtui, simulator, requests_file, worked, data, tmp_path, monkeypatch
):
    before = look(cbtui)
    data.rename(tmp_path / "moved")
    monkeypatch.setenv("CBTUI_DATA_DIR", str(tmp_path / "moved"))
    require_same_and_paid_once(cbtui, simulator, requests_file, worked, before)
    assert not data.exists()


@pytest.mark.slow
def test_a_moved_folder_whose_store_is_lost_is_rebuilt_where_it_is(
    cbtui, simulator, requests_file, worked, data, tmp_path, monkeypatch
):
    data.rename(tmp_path / "moved")
    (tmp_path / "moved" / "store.db").unlink()
    monkeypatch.setenv("CBTUI_DATA_DIR", str(tmp_path / "moved"))
    before = look(cbtui)
    require_same_and_paid_once(cbtui, simulator, requests_file, worked, before)


def test_a_backup_replaces_nothing_unasked_and_never_lies_in_what_it_backs_up(cbtui, worked, data, tmp_path):
    file = tmp_path / "b.tar"
    file.write_text("mine")
    code, _, err = cbtui("backup", file)
    assert (code, file.read_text()) == (4, "mine")
    assert "is there already" in err
    code, _, err = cbtui("backup", data / "b.tar")
    assert code == 4
    assert "lies in the data folder" in err
    assert cbtui("backup", file, "--force")[0] == 0
    assert tarfile.is_tarfile(file)
    assert [path.name for path in tmp_path.glob("b.tar*")] == ["b.tar"]
