from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import timedelta

import pytest

from claude_batch_tui.services import doctor
from claude_batch_tui.simulator import Fault
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.locks import FileLock


@pytest.fixture
def found(cbtui):
    """Run doctor: exit code and a dict of check name to its checks."""

    def run(*arguments):
        code, out, _ = cbtui("doctor", "--json", *arguments)
        checks = {}
        for line in out.splitlines():
            check = json.loads(line)
            checks.setdefault(check["check"], []).append(check)
        return code, checks

    return run


@pytest.fixture
def downloaded(cbtui, simulator, own_folders):
    """A batch of 20 whose results are here; its id and file."""
    added = simulator.batches.add(20, age=3600, duration=60)
    batch_id = added.id
    assert cbtui("results", batch_id)[0] == 0
    return batch_id, own_folders / "data" / "results" / f"{batch_id}.jsonl"


def test_where_all_is_well_every_check_is_one_line_and_the_code_is_0(cbtui, simulator):
    cbtui("list")
    code, out, err = cbtui("doctor")
    assert code == 0
    names = [line.split()[1] for line in out.splitlines()]
    assert names == [
        *("settings", "hook", "credentials", "api", "clock", "store", "journal"),
        *("folders", "log", "disk", "sizes", "locks", "terminal", "tmux", "files"),
    ]
    assert {line.split()[0] for line in out.splitlines()} == {"ok", "skip"}
    assert err == "All is well.\n"


def test_looking_makes_nothing_and_asks_for_nothing_that_costs(cbtui, simulator, own_folders):
    assert cbtui("doctor")[0] == 0
    assert not (own_folders / "data").exists()
    assert [(call.method, call.path) for call in simulator.log.all()] == [("GET", "/v1/messages/batches")]


def test_no_key_is_code_2_and_the_rest_is_still_looked_at(found, simulator, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    code, checks = found()
    assert code == 2
    assert checks["credentials"][0]["verdict"] == "bad"
    assert checks["disk"][0]["verdict"] == "ok"


def test_a_refused_key_is_code_3_and_never_shown(cbtui, simulator, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wrong-SECRET-1234")
    code, out, _ = cbtui("doctor")
    assert code == 3
    assert "use another key" in out
    assert "SECRET" not in out


def test_an_api_out_of_reach_is_code_3(found, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-x-1234")
    code, checks = found()
    assert (code, checks["api"][0]["verdict"]) == (3, "bad")


async def test_a_clock_that_differs_from_the_api_is_told_with_how_much(simulator):
    from datetime import UTC, datetime

    from claude_batch_tui.config import load
    from claude_batch_tui.runtime import open_api

    api = await open_api(load({})[0])
    slow = [
        check async for check in doctor.look_at_api(api, lambda: datetime.now(UTC) - timedelta(minutes=5))
    ]
    await api.close()
    assert slow[1].verdict == "warn"
    assert slow[1].found.startswith(("300 s slow", "299 s slow"))


def test_a_server_error_is_told_and_the_clock_left_out(found, simulator):
    simulator.faults.always(Fault(path="batches", status=529))
    code, checks = found()
    assert code == 3
    assert "clock" not in checks


def test_a_damaged_store_is_code_4_and_stays_where_it_is(cbtui, found, simulator, own_folders):
    cbtui("list")
    file = own_folders / "data" / "store.db"
    damaged = file.read_bytes()[:8192] + b"\xff" * 8192 + file.read_bytes()[16384:]
    file.write_bytes(damaged)
    code, checks = found()
    assert (code, checks["store"][0]["verdict"]) == (4, "bad")
    assert "rebuilt" in checks["store"][0]["advice"]
    assert file.read_bytes() == damaged


def test_a_foreign_database_is_not_taken_for_the_store(found, simulator, own_folders):
    import sqlite3

    (own_folders / "data").mkdir(parents=True)
    connection = sqlite3.connect(own_folders / "data" / "store.db")
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    code, checks = found()
    assert code == 4
    assert "not a store of cbtui" in checks["store"][0]["found"]


def test_rights_that_are_too_wide_are_told_with_the_command_that_mends_them(
    cbtui, found, simulator, own_folders
):
    cbtui("list")
    (own_folders / "data" / "results").chmod(0o755)
    (own_folders / "data" / "store.db").chmod(0o644)
    code, checks = found()
    assert code == 0
    advice = [check["advice"] for check in checks["folders"]]
    assert advice == [
        f"chmod go-rwx {own_folders / 'data' / 'results'}",
        f"chmod go-rwx {own_folders / 'data' / 'store.db'}",
    ]


def test_a_half_written_line_of_the_journal_is_told(found, simulator, own_folders):
    (own_folders / "data").mkdir(parents=True)
    (own_folders / "data" / "journal.jsonl").write_text('{"kind":"name"}\n{"kind":"na')
    _, checks = found()
    assert checks["journal"][0]["found"] == "1 of 2 lines cannot be read"


def test_who_polls_is_told_without_taking_the_lock(found, simulator, own_folders):
    places = Locations(own_folders / "data")
    places.create()
    lock = FileLock(places.engine_lock("x"))
    assert lock.try_acquire()
    _, checks = found()
    assert checks["locks"][0]["found"] == f"process {os.getpid()} polls for all"
    lock.release()
    _, checks = found()
    assert checks["locks"][0]["found"] == "nobody polls"


@pytest.mark.parametrize(("free", "verdict"), [(5e9, "ok"), (1e9, "warn"), (1e8, "bad")])
def test_little_room_is_told_before_it_is_used_up(tmp_path, monkeypatch, free, verdict):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10e9, 0, free))
    (check,) = doctor.look_at_disk(tmp_path / "not there yet")
    assert check.verdict == verdict


def test_a_network_disk_is_told(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/home {tmp_path} nfs4 rw 0 0\n")
    checks = list(doctor.look_at_disk(tmp_path / "data", mounts))
    assert checks[-1].check == "filesystem"
    assert "nfs4" in checks[-1].found


def test_a_hook_that_is_not_there_is_code_2(found, simulator, monkeypatch):
    monkeypatch.setenv("CBTUI_HOOK", "/nowhere/notify --now")
    code, checks = found()
    assert code == 2
    assert "/nowhere/notify is not found" in checks["hook"][0]["found"]


def test_files_as_they_were_verified_are_one_line(found, downloaded):
    code, checks = found("--files")
    assert code == 0
    assert checks["files"][0]["found"].startswith("1 of 1 results files are as verified")


def test_one_changed_byte_of_a_results_file_is_found(found, downloaded):
    batch_id, file = downloaded
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert found()[0] == 0
    code, checks = found("--files")
    assert (code, checks["files"][0]["verdict"]) == (4, "bad")
    assert "has changed" in checks["files"][0]["found"]
    assert f"cbtui results {batch_id}" in checks["files"][0]["advice"]


def test_a_results_file_that_is_gone_and_one_nobody_knows_are_told(found, downloaded):
    _, file = downloaded
    file.rename(file.with_name("other.jsonl"))
    code, checks = found("--files")
    assert code == 4
    assert "is gone" in checks["files"][0]["found"]
    assert "is not in the store" in checks["files"][1]["found"]


def test_a_ledger_that_no_longer_adds_up_is_found(found, cbtui, downloaded, own_folders):
    import sqlite3

    connection = sqlite3.connect(own_folders / "data" / "store.db")
    connection.execute("UPDATE batch SET facts = replace(facts, '\"succeeded\":20', '\"succeeded\":21')")
    connection.commit()
    connection.close()
    code, checks = found("--files")
    assert code == 4
    assert "20 of 21 results arrived" in checks["files"][0]["found"]


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_options_of_tmux_that_keep_things_from_the_terminal_are_told(tmp_path, monkeypatch):
    server = ["tmux", "-S", str(tmp_path / "tmux.sock"), "-f", "/dev/null"]
    subprocess.run([*server, "new-session", "-d", "sleep 100"], check=True)
    try:
        monkeypatch.setenv("TMUX", f"{tmp_path / 'tmux.sock'},1,0")
        told = [check.found.split(": ", 1)[-1] for check in doctor.look_at_tmux(os.environ)]
        assert "allow-passthrough is off" in told
        assert "focus-events is off" in told
        subprocess.run([*server, "set-option", "-g", "allow-passthrough", "on"], check=True)
        subprocess.run([*server, "set-option", "-g", "focus-events", "on"], check=True)
        subprocess.run([*server, "set-option", "-s", "escape-time", "20"], check=True)
        assert [check.verdict for check in doctor.look_at_tmux(os.environ)] == ["ok"]
    finally:
        subprocess.run([*server, "kill-server"], check=False)
