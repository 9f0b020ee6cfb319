"""The log: what was asked of the API and what went wrong, without keys and prompts, shared by processes, never too large."""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from claude_batch_tui import logs
from claude_batch_tui.config import load
from claude_batch_tui.logs import log_path, log_to_file, stop_logging
from claude_batch_tui.simulator import ALL_ANSWERED, Fault, Simulator
from forked import command_lines

KEY = "sk-ant-sim-demo-CANARYkey0123456789"
PROMPT = "CANARYprompt"


@pytest.fixture(autouse=True)
def own_logging():
    """What a process sets up once is put back."""
    factory, names = logging.getLogRecordFactory(), ("", "claude_batch_tui", "httpx2", "httpcore2")
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    stop_logging()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.setLogRecordFactory(factory)


@pytest.fixture
def simulator():
    with Simulator(speed=10_000, seed=7, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def cbtui(simulator, tmp_path, monkeypatch):
    """A command in a process of its own: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return command_lines().run


def test_the_log_holds_no_key():
    config = load({})[0]
    log_to_file(config)
    try:
        raise ValueError("Illegal header value b'Bearer 0123456789\\n'")
    except ValueError:
        logging.getLogger("anything").exception("with sk-ant-0123456789")
    written = log_path(config).read_text()
    assert "ERROR anything: with sk-ant-…" in written
    assert "Illegal header value b'Bearer …" in written
    assert "0123456789" not in written


def test_only_its_user_can_read_it_and_a_link_in_its_place_is_not_followed(tmp_path):
    old = os.umask(0)
    try:
        config = load({"state_dir": tmp_path / "state"})[0]
        log_to_file(config)
        logging.getLogger("claude_batch_tui").info("one")
        assert stat.S_IMODE(log_path(config).stat().st_mode) == 0o600
        assert stat.S_IMODE(log_path(config).parent.stat().st_mode) == 0o700
    finally:
        os.umask(old)
    elsewhere = load({"state_dir": tmp_path / "other"})[0]
    log_path(elsewhere).parent.mkdir()
    log_path(elsewhere).symlink_to(tmp_path / "victim")
    log_to_file(elsewhere)
    logging.getLogger("claude_batch_tui").info("two")
    assert not (tmp_path / "victim").exists()


def test_below_a_warning_only_what_is_ours_is_written():
    config = load({})[0]
    log_to_file(config)
    logging.getLogger("anthropic").setLevel(logging.DEBUG)
    logging.getLogger("anthropic._base_client").debug("Request options: %s", {"content": PROMPT})
    logging.getLogger("claude_batch_tui.api").info("ours")
    logging.getLogger("claude_batch_tui.api").debug("too small")
    logging.getLogger("other").warning("theirs")
    logging.getLogger("anthropic").setLevel(logging.NOTSET)
    lines = log_path(config).read_text().splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["ours", "theirs"]


def test_a_message_of_any_length_is_cut():
    config = load({})[0]
    log_to_file(config)
    logging.getLogger("claude_batch_tui").warning("x" * 100_000)
    assert len(log_path(config).read_text()) < 2_100


def test_off_writes_nothing_and_a_folder_that_cannot_be_written_stops_nobody(tmp_path, capsys):
    log_to_file(load({"log_level": "off"})[0])
    (tmp_path / "file").write_text("")
    config = load({"state_dir": tmp_path / "file"})[0]
    log_to_file(config)
    logging.getLogger("claude_batch_tui").warning("nowhere")
    assert capsys.readouterr().err == ""


def test_where_its_folder_is_removed_nobody_is_stopped_and_it_goes_on_once_that_is_back():
    config = load({})[0]
    log_to_file(config)
    log = logging.getLogger("claude_batch_tui")
    log.warning("before")
    shutil.rmtree(config.state_dir)
    for _ in range(3):
        log.warning("nowhere")
    config.state_dir.mkdir(parents=True)
    log.warning("again")
    assert [line.rpartition(" ")[2] for line in log_path(config).read_text().splitlines()] == ["again"]


def _write(state_dir, name, count):
    logs._LARGEST = 20_000
    log_to_file(load({"state_dir": state_dir})[0])
    for number in range(count):
        logging.getLogger("claude_batch_tui").info("%s %d", name, number)


@pytest.mark.slow
def test_several_processes_share_it_and_it_never_grows_too_large(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write, args=(tmp_path, name, 600)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["cbtui.log", "cbtui.log.1", "cbtui.log.2"]
    assert all(path.stat().st_size <= 20_500 for path in tmp_path.iterdir())
    lines = [line for path in tmp_path.iterdir() for line in path.read_text().splitlines()]
    assert all(re.fullmatch(r"[\d-]+ [\d:,]+ \d+ INFO claude_batch_tui: [abc] \d+", line) for line in lines)
    assert len(set(lines)) == len(lines)


@pytest.mark.slow
@pytest.mark.parametrize("level", ["info", "debug"])
def test_what_was_asked_is_there_with_its_request_ids_and_no_prompt(
    cbtui, simulator, own_folders, tmp_path, monkeypatch, level
):
    requests = tmp_path / "requests.jsonl"
    requests.write_text(
        '{"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user",'
        f'"content":"{PROMPT}"}}]}}}}\n'
    )
    monkeypatch.setenv("CBTUI_LOG_LEVEL", level)
    code, out, err = cbtui("submit", requests, "--yes")
    assert (code, err) == (0, "")
    assert cbtui("watch", out.strip(), "--interval", "1", "--timeout", "30")[0] == 0
    assert cbtui("results", out.strip())[0] == 0
    assert cbtui("try", requests, "--yes")[0] == 0
    assert cbtui("check", requests, "--count", "--timeout", "0")[0] == 0
    simulator.faults.always(Fault(status=529, headers={"request-id": "req_01overloaded"}))
    assert cbtui("list", "--timeout", "0")[0] == 3
    written = (own_folders / "state" / "cbtui.log").read_text()
    assert re.search(r"POST /v1/messages/batches: HTTP 200, req_\w+, idempotency key \S+-1\n", written)
    assert f"GET /v1/messages/batches/{out.strip()}/results: HTTP 200, req_" in written
    assert "GET /v1/messages/batches: HTTP 529, req_01overloaded" in written
    assert ("send_request_headers" in written) == (level == "debug")
    assert "CANARY" not in written


@pytest.mark.slow
def test_what_the_sdk_is_asked_to_log_is_on_stderr_of_a_command_and_never_in_the_file(
    cbtui, own_folders, monkeypatch
):
    monkeypatch.setenv("ANTHROPIC_LOG", "debug")
    monkeypatch.setenv("CBTUI_LOG_LEVEL", "debug")
    command = [sys.executable, "-m", "claude_batch_tui", "list"]  # the SDK looks when it is imported
    err = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert "DEBUG] HTTP Response" in err
    written = (own_folders / "state" / "cbtui.log").read_text()
    assert "anthropic" not in re.sub(r"anthropic-\w+", "", written)
    assert "CANARY" not in err + written


def test_a_bug_is_one_sentence_and_the_report_is_in_the_log(capsys, monkeypatch):
    from claude_batch_tui.cli.main import main

    def broken(*_arguments):
        raise ValueError(f"no {KEY}")

    monkeypatch.setattr("claude_batch_tui.cli.commands.info._facts", broken)
    assert main(["info"], lambda _: 0) == 1
    err = capsys.readouterr().err
    path = log_path(load({})[0])
    assert err.count("\n") == 2
    assert err.startswith("cbtui: stopped because of a bug in it: ValueError: no sk-ant-… (")
    assert f"The whole report is in {path}" in err
    assert "Traceback" in path.read_text()
    assert "CANARY" not in err + path.read_text()
    stop_logging()
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("in the way")
    assert main(["info"], lambda _: 0) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "CANARY" not in err


def test_doctor_says_where_the_log_is(capsys, own_folders, monkeypatch):
    from claude_batch_tui.cli.main import main

    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    main(["doctor"], lambda _: 0)
    assert f"ok    log          {own_folders / 'state' / 'cbtui.log'}" in capsys.readouterr().out
