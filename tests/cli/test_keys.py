"""No key, whole or in pieces, in anything the command line prints or writes."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from urllib.parse import quote

import pytest

from claude_batch_tui.simulator import Fault

CANARY = "CANARY7f3a9c2be1"
KEY = f"sk-ant-sim-demo-{CANARY}-a1b2"


class Workspace:
    """A batch that runs, one that has ended, a requests file, and every place where a key could come out."""

    def __init__(self, cbtui, simulator, file, home, log):
        self.cbtui, self.simulator, self.file, self.home, self.log = cbtui, simulator, file, home, log
        self.printed = ""
        self.running = simulator.batches.add(3, duration=36_000_000).id
        self.ended = simulator.batches.add(3, age=3600, duration=60).id
        self.run("list")

    def run(self, *arguments):
        """A command line; what it prints is kept."""
        code, out, err = self.cbtui(*arguments)
        self.printed += out + err
        return code, out, err

    def run_every_verb(self):
        """The verbs that reach the API, and those that look at what is here; exit codes by verb."""
        submit = ("submit", self.file, "--yes", "--again")
        lines = (
            ("list",),
            ("list", "--json"),
            ("status", self.running),
            submit,
            ("watch", self.running, "--timeout", "0.05"),
            ("results", self.ended),
            ("cancel", self.running, "--yes"),
            ("try", self.file, "--yes"),
            ("delete", self.ended, "--yes"),
            ("doctor",),
            ("info",),
            ("history",),
        )
        return {line[0]: self.run(*line)[0] for line in lines}

    @property
    def leaks(self):
        """The places that show the key: `printed`, `log`, and files."""
        found = [str(path) for path in self.home.rglob("*") if path.is_file() and CANARY in _text(path)]
        found += ["printed"] if CANARY in self.printed else []
        return found + (["log"] if CANARY in self.log.getvalue() else [])


def _text(path):
    return path.read_bytes().decode("utf-8", "replace")


@pytest.fixture
def log():
    """All that this process and its libraries log, down to the smallest, as a handler of a library's would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    names = ("", "anthropic", "httpx2", "httpcore2")
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def workspace(cbtui, simulator, requests_file, own_folders, log, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setattr("claude_batch_tui.services.downloading.download._TRIES", 1)
    return Workspace(cbtui, simulator, requests_file(), own_folders, log)


def answer_with_the_key(status, key=KEY):
    """An error that repeats the key in the forms that servers and libraries give it."""
    words = (
        f"invalid key {key} and {key}\r\n and {quote(key)}%0A and Authorization: Bearer {key} "
        f"and {{'x-api-key': '{key}'}} and {(b'Authorization', f'Bearer {key}'.encode())}"
    )
    body = {"type": "error", "error": {"type": f"odd {key}", "message": words}, "request_id": f"req_{key}"}
    return Fault(status=status, body=json.dumps(body), headers={"request-id": f"req_{key}"})


@pytest.mark.slow
def test_where_all_is_well_no_key_is_printed_logged_or_written(workspace):
    codes = workspace.run_every_verb()
    assert {verb: code for verb, code in codes.items() if code not in (0, 5)} == {}
    assert workspace.leaks == []


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_server_that_repeats_the_key_has_it_neither_printed_nor_written(workspace, status):
    workspace.simulator.faults.always(answer_with_the_key(status))
    codes = workspace.run_every_verb()
    assert codes["list"] == codes["status"] == codes["submit"] == codes["try"] == codes["doctor"] == 3 or (
        status == 500 and codes["try"] == 75
    )
    assert "HTTP" in workspace.printed
    assert workspace.leaks == []


@pytest.mark.parametrize("status", [400, 500])
def test_a_create_whose_answer_repeats_the_key_is_written_down_without_it(workspace, status):
    creating = answer_with_the_key(status)
    creating.method, creating.path = "POST", r"/batches$"
    workspace.simulator.faults.next(creating)
    workspace.run("submit", workspace.file, "--yes")
    assert "invalid key" in _text(workspace.home / "data" / "journal.jsonl")
    assert workspace.leaks == []


def test_a_key_of_a_gateway_that_looks_like_no_key_is_taken_out_too(workspace, monkeypatch):
    key = f"gateway/{CANARY}+a1b2"
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"x-gateway-token: token-{CANARY}\nx-place: here")
    body = {"error": {"type": "x", "message": f"no {key}, {quote(key, safe='')}, token-{CANARY} from here"}}
    workspace.simulator.faults.always(Fault(status=403, body=json.dumps(body)))
    _, _, err = workspace.run("list")
    workspace.run_every_verb()
    assert "from here" in err
    assert workspace.leaks == []


@pytest.mark.parametrize("added", ["{}\n", "{}\r\n", "  {}\t\n", "\ufeff{}", "\ufeff {}\n\n"])
def test_what_a_mounted_file_adds_to_a_key_is_taken_off(workspace, monkeypatch, added):
    monkeypatch.setenv("ANTHROPIC_API_KEY", added.format(KEY))
    code, out, err = workspace.run("list")
    assert (code, out.count("msgbatch_"), err) == (0, 2, "")
    if added == "{}\r\n":
        assert workspace.run("submit", workspace.file, "--yes")[0] == 0
        assert workspace.run("results", workspace.ended)[0] == 0
        assert workspace.run("doctor")[0] == 0
        assert "ANTHROPIC_API_KEY …a1b2\n" in workspace.run("info")[1]
    assert workspace.leaks == []


def test_the_same_goes_for_tokens_profiles_custom_headers_and_the_address(
    workspace, own_folders, monkeypatch
):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f" {workspace.simulator.base_url}\r\n")
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", f"\ufeff{KEY}\r\n")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"\ufeffx-one: {CANARY}-one\r\nx-two: two\r\n")
    assert workspace.run("list")[0] == 0
    sent = workspace.simulator.log.all()[-1].headers
    assert (sent["x-one"], sent["x-two"]) == (f"{CANARY}-one", "two")
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN")
    monkeypatch.setenv("MOUNTED", f"\ufeff{KEY}\r\n")
    settings = own_folders / "config" / "config.toml"
    settings.parent.mkdir()
    settings.write_text('[profiles.mounted]\napi_key_env = "MOUNTED"\n')
    address = ("--base-url", workspace.simulator.base_url, "--profile", "mounted")
    assert workspace.run("list", *address)[0] == 0
    assert workspace.leaks == []


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (f"sk-ant-sim-demo-{CANARY}\nx-other: 1", "a line end"),
        (f"sk-ant-sim-demo-{CANARY}\x00a1b2", "a control character"),
        (f"sk-ant-sim-demo {CANARY}", "a blank"),
        (f"sk-ant-sim-dêmo-{CANARY}", "a character outside ASCII"),
        (f"“sk-ant-sim-demo-{CANARY}”", "a character outside ASCII"),
    ],
)
def test_a_key_that_no_header_can_hold_is_refused_in_one_sentence_before_anything_is_sent(
    workspace, monkeypatch, odd, told
):
    # a zero byte can be in no environment, but in what a caller hands over
    monkeypatch.setattr(os, "environ", {**os.environ, "ANTHROPIC_API_KEY": odd})
    workspace.simulator.log.clear()
    for verb in (("list",), ("status", workspace.running), ("submit", workspace.file, "--yes")):
        code, out, err = workspace.run(*verb)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert f"ANTHROPIC_API_KEY holds {told}" in err
    assert workspace.run("doctor")[0] == 2
    assert len(workspace.simulator.log) == 0
    assert list((workspace.home / "data" / "spool").glob("*")) == []
    assert workspace.leaks == []


def test_a_blank_key_is_named_as_one(workspace, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", " \r\n")
    code, _, err = workspace.run("list")
    assert (code, err.count("\n")) == (2, 1)
    assert "ANTHROPIC_API_KEY is set, but blank" in err


@pytest.mark.parametrize(
    "headers", [f"x-gateway-token: {CANARY}\rx", f"x-gateway token: {CANARY}", f"x-\x07: {CANARY}"]
)
def test_a_custom_header_that_cannot_be_sent_is_refused_without_its_value(workspace, monkeypatch, headers):
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", headers)
    workspace.simulator.log.clear()
    code, out, err = workspace.run("submit", workspace.file, "--yes")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "ANTHROPIC_CUSTOM_HEADERS" in err
    assert len(workspace.simulator.log) == 0
    assert workspace.leaks == []


def test_a_create_with_a_header_that_cannot_be_sent_is_no_unknown_outcome(workspace):
    code, out, err = workspace.run("submit", workspace.file, "--yes", "--betas", "one\x07two")
    assert (code, out) == (2, "")
    assert "The header anthropic-beta holds a line end or a control character" in err
    assert workspace.simulator.log.creates == []
    assert list((workspace.home / "data" / "spool").glob("*")) == []
    assert workspace.run("submit", workspace.file, "--yes")[0] == 0


def test_a_dead_server_shows_no_key(workspace, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    codes = workspace.run_every_verb()
    assert codes["submit"] == codes["try"] == codes["cancel"] == 3
    assert "127.0.0.1:9" in workspace.printed
    assert workspace.leaks == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", "ANTHROPIC_BASE_URL is empty"),
        (" \n", "ANTHROPIC_BASE_URL is empty"),
        ("localhost:8000", "ANTHROPIC_BASE_URL, localhost:8000, does not begin with https://"),
        ("api.example.com/v1", "ANTHROPIC_BASE_URL, api.example.com/v1, does not begin with https://"),
        ("ftp://x", "ANTHROPIC_BASE_URL, ftp://x, begins with ftp://"),
        ("https://", "ANTHROPIC_BASE_URL, https://, names no host"),
        ("http://example.com", "example.com is not this machine"),
        (f"https://me:{CANARY}@example.com", "holds a password"),
    ],
)
def test_an_address_that_is_none_is_named_for_what_it_is(workspace, monkeypatch, address, told):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
    for verb in (("list",), ("submit", workspace.file, "--yes")):
        code, _, err = workspace.run(*verb)
        assert (code, err.count("\n")) == (2, 1)
        assert told in err
    assert workspace.run("doctor")[0] == 2
    assert workspace.leaks == []


def test_settings_that_hold_a_secret_are_shown_without_it(workspace, monkeypatch):
    monkeypatch.setenv("CBTUI_BASE_URL", f"https://me:{CANARY}@example.com")
    monkeypatch.setenv("CBTUI_HOOK", f"curl -H 'Authorization: Bearer {CANARY}' https://example.com")
    for verb in (("config",), ("config", "--json"), ("info",), ("info", "--json"), ("doctor",)):
        workspace.run(*verb)
    assert workspace.printed.count("https://…@example.com") >= 4
    assert workspace.leaks == []


def test_an_address_of_a_flag_is_named_as_that(workspace):
    assert "--base-url" in workspace.run("list", "--base-url", "localhost:1")[2]


@pytest.mark.slow
def test_with_the_sdks_own_log_nothing_of_the_key_is_on_stderr(workspace):
    """Nobody but a process of its own has the SDK write its log where it wants."""
    workspace.simulator.faults.next(answer_with_the_key(500))
    done = subprocess.run(
        [sys.executable, "-m", "claude_batch_tui", "list", "--timeout", "0"],
        env={**os.environ, "ANTHROPIC_LOG": "debug", "ANTHROPIC_API_KEY": f"{KEY}\n"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "DEBUG] HTTP Response" in done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_a_bug_is_shown_without_the_key(workspace, monkeypatch):
    def broken(*_arguments):
        raise ValueError(f"Illegal header value b'Bearer {KEY}\\n'")

    monkeypatch.setattr("claude_batch_tui.runtime.Runtime.connect", broken)
    code, _, err = workspace.run("list")
    assert code == 1
    assert "ValueError: Illegal header value" in err
    assert workspace.leaks == []


def test_a_script_that_prints_the_key_is_repeated_without_it(workspace, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import os\n\ndef build_requests():\n    raise ValueError(os.environ['ANTHROPIC_API_KEY'])\n"
    )
    code, _, err = workspace.run(
        "build", "custom", script, "-o", tmp_path / "out", "--trust-script", "--traceback"
    )
    assert code == 2
    assert "ValueError" in err
    assert workspace.leaks == []
