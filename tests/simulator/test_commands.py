from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from claude_batch_tui.cli.commands import demo
from claude_batch_tui.cli.main import main
from claude_batch_tui.errors import StoreError
from claude_batch_tui.simulator import Fault, Simulator, SimulatorProcess

SIMULATE = [sys.executable, "-m", "claude_batch_tui", "simulate"]


def started(*options, **streams):
    process = subprocess.Popen(
        [*SIMULATE, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **streams
    )
    return process, process.stdout.readline().strip()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_simulate_says_where_it_is_first_and_ends_cleanly_on_a_signal(number):
    process, url = started("--speed", "100")
    assert url.startswith("http://127.0.0.1:")
    begun = time.monotonic()
    process.send_signal(number)
    _, notes = process.communicate(timeout=10)
    assert process.returncode == 0
    assert time.monotonic() - begun < 1
    assert f"ANTHROPIC_BASE_URL={url}" in notes


@pytest.mark.slow
def test_simulate_ends_when_its_parents_end_of_stdin_closes():
    process, url = started("--until-stdin-closes", stdin=subprocess.PIPE)
    assert url
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()
    process.stderr.close()


def test_a_port_in_use_is_one_sentence(capsys):
    with Simulator() as simulator:
        assert main(["simulate", "--port", str(simulator.port)], lambda _: 0) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_simulator_in_a_process_of_its_own_is_steered_the_same_way(caller_of):
    with SimulatorProcess("--demo-workspace") as simulator:
        simulator.port = int(simulator.base_url.rpartition(":")[2])
        simulator.faults.next(Fault(status=529))
        call = caller_of(simulator)
        assert call("GET", "/v1/messages/batches").status == 529
        assert len(call("GET", "/v1/messages/batches").json["data"]) == 20
        assert [entry.status for entry in simulator.log()] == [529, 200]


@pytest.mark.slow
def test_demo_opens_the_dashboard_on_a_simulator_of_its_own_and_ends_it(caller_of, monkeypatch, tmp_path):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-real")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    seen = []

    def dashboard(opened):
        config = opened.settled()
        simulator = Simulator.__new__(Simulator)
        simulator.key, simulator.port = opened.api_key, int(config.base_url.rpartition(":")[2])
        batches = caller_of(simulator)("GET", "/v1/messages/batches").json["data"]
        seen.append((config, len(batches), os.environ.get("ANTHROPIC_API_KEY")))
        assert [path.name for path in Path().glob("tickets-w4?.csv")]
        if len(seen) == 1:  # a second one beside it
            assert main(["demo"], dashboard) == 7
        return 7

    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--seed", "3"], dashboard) == 7
    (config, count, key), (beside, *_) = seen
    assert count == 20
    assert key is None
    assert config.data_dir.name == config.state_dir.name == "demo"
    assert beside.data_dir.name == beside.state_dir.name == "demo-2"
    with pytest.raises(ConnectionRefusedError):
        caller_of(type("Gone", (), {"key": "x", "port": int(config.base_url.rpartition(":")[2])}))("GET", "/")


def test_demo_starts_afresh_and_never_deletes_what_is_not_its_own(tmp_path):
    folder = demo._fresh(tmp_path / "demo")
    (folder / "old").touch()
    assert [file.name for file in demo._fresh(folder).iterdir()] == [".cbtui-demo"]
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "precious").touch()
    with pytest.raises(StoreError):
        demo._fresh(foreign)
    assert (foreign / "precious").exists()


@pytest.mark.slow
def test_demo_dies_with_a_killed_parent():
    script = (
        "import sys, time, claude_batch_tui.cli.main as m\n"
        "m.main(['demo'], lambda d: (print(d.settled().base_url, flush=True), time.sleep(60)) and 0)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    port = int(parent.stdout.readline().strip().rpartition(":")[2])
    parent.kill()
    parent.communicate()
    until = time.monotonic() + 5
    while _listens(port) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _listens(port)


def _listens(port):
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
