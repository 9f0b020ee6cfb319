"""The command line in this process, against a simulator named by the environment."""

from __future__ import annotations

import pytest

from claude_batch_tui.cli.command import Clock
from claude_batch_tui.cli.main import main
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from clock import SleptClock


@pytest.fixture
def simulator(monkeypatch):
    with Simulator(speed=10_000, seed=7, rates=ALL_ANSWERED) as running:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", running.key)
        monkeypatch.setenv("CBTUI_SETTLE", "0.2")
        yield running


@pytest.fixture
def slept():
    """The clock by which reads are tried again."""
    return SleptClock()


@pytest.fixture
def cbtui(capsys, slept):
    """Run a command line: exit code, stdout, stderr."""
    clock = Clock(slept.monotonic, slept.sleep, slept.pause)

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments], lambda _: 0, clock=clock)
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def requests_file(tmp_path):
    """A function that writes n ready requests and returns the path."""

    def write(count=3, name="requests.jsonl"):
        path = tmp_path / name
        line = '{{"custom_id":"r{0}","params":{{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":"{0}"}}]}}}}\n'
        path.write_text("".join(line.format(number) for number in range(count)))
        return path

    return write
