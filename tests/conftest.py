"""Every test has folders of its own and no network but loopback."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sys
import urllib.request

import pytest

from claude_batch_tui import redaction

_FOREIGN = (
    "ANTHROPIC_",
    "CBTUI_",
    "TEXTUAL",
    "SSH_",
    "TMUX",
    "STY",
    "NO_COLOR",
    "COLORTERM",
    "XDG_",
    "SSL_CERT_",
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
_LOOPBACK = ("127.", "::1", "localhost")


def pytest_configure(config):
    """Temporary folders are in memory where there is room: every commit of a store waits for the disk otherwise."""
    memory = "/dev/shm"
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2_000_000_000:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)
    # Processes that tests start, and the asserts pytest rewrites, are compiled once.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_make_parametrize_id(val):
    """A long value is named by its length: names are sent between processes four times a test, one was 24 MB."""
    return f"{len(val)} long" if isinstance(val, (str, bytes)) and len(val) > 100 else None


def pytest_collection_finish():
    """What was imported lives to the end: the collector need not look at it after every test."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_xdist_auto_num_workers(config):
    """Twice the cores: slow tests wait for a screen or a server half of their time, the others less, and a worker costs 4 s to start."""
    cores = os.cpu_count() or 1
    return cores + cores // 2 if config.option.markexpr == "not slow" else 2 * cores


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """Home, config, data and state folders are temporary; nothing of the developer's environment leaks in."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(_FOREIGN) and not name.startswith("TEXTUAL_SNAPSHOT"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv(
        "SSL_CERT_DIR", str(home)
    )  # trusts nobody: reading the system's certificates takes 22 ms
    for name in ("data", "state", "config"):
        monkeypatch.setenv(f"CBTUI_{name.upper()}_DIR", str(home / name))
    monkeypatch.setattr(redaction, "_known", frozenset())
    monkeypatch.setattr(redaction, "_known_pattern", None)
    return home


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """A connection to anywhere but this machine is refused, as a test's failure."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def given_results():
    """A function that asks a simulator for the results of a batch, as bytes."""

    def ask(simulator, batch_id):
        address = f"{simulator.base_url}/v1/messages/batches/{batch_id}/results"
        headers = {"x-api-key": simulator.key, "anthropic-version": "2023-06-01"}
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return answer.read()

    return ask
