"""Eight instances on one store: engines as the dashboard has, and commands that pay, label, fetch and list, all at once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from forked import CommandLines, Ended, command_lines

_ENGINE = """
import sys, time
from claude_batch_tui.config import load
from claude_batch_tui.engine.engine import Engine
config, _ = load({"base_url": sys.argv[1], "poll_interval": "1"})
engine = Engine(config, on_snapshot=lambda _: None, api_key=sys.argv[2])
engine.start()
engine.connect()
sys.stdin.read()
engine.stop()
"""


class Report(NamedTuple):
    """What the eight did together; the last four are to be nothing."""

    seconds: float
    commands: int
    submitted: int
    polls: int
    """List requests of the three engines, of which one leads at a time."""
    paid_twice: int
    failed: int
    """Commands that ended with an error, or said that the store is locked."""
    damaged: int
    notes: list[str]

    @property
    def is_good(self) -> bool:
        """Whether everybody got on."""
        return not (self.paid_twice or self.failed or self.damaged)


class _Loop(threading.Thread):
    """One instance after the other of a command, until told to stop."""

    def __init__(
        self, lines: CommandLines, make: Callable[[CommandLines, int], Ended], stop: threading.Event
    ) -> None:
        super().__init__()
        self._lines, self._make, self._stop_event = lines, make, stop
        self.ended: list[Ended] = []

    def run(self) -> None:
        """Go on until the end."""
        while not self._stop_event.is_set():
            self.ended.append(self._make(self._lines, len(self.ended)))


def run(seconds: float, seed: int = 1) -> Report:
    """Let them all work on one data folder for so long."""
    chance = random.Random(seed)
    with (
        tempfile.TemporaryDirectory() as name,
        Simulator(seed=seed, speed=200, rates=ALL_ANSWERED) as simulator,
    ):
        folder, stop = Path(name), threading.Event()
        os.environ.update(ANTHROPIC_BASE_URL=simulator.base_url, ANTHROPIC_API_KEY=simulator.key)
        for kind in ("data", "state", "config"):
            os.environ[f"CBTUI_{kind.upper()}_DIR"] = f"{folder}/{kind}"
        known = [simulator.batches.add(30, age=3600, duration=60).id for _ in range(20)]

        def submit(who: str) -> Callable[[CommandLines, int], Ended]:
            def one(lines: CommandLines, number: int) -> Ended:
                path = folder / f"{who}-{number}.jsonl"
                message = {"role": "user", "content": f"{who} {number}"}
                params = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [message]}
                path.write_text(json.dumps({"custom_id": "r1", "params": params}) + "\n")
                return lines.run("submit", path, "--yes")

            return one

        def label(lines: CommandLines, number: int) -> Ended:
            batch = chance.choice(known)
            return lines.run(
                *chance.choice([("tag", batch, f"+word{number}"), ("note", batch, f"note {number}")])
            )

        def fetch(lines: CommandLines, number: int) -> Ended:
            return lines.run(
                "results", chance.choice(known), "--force", "-o", folder / f"out-{number % 5}.jsonl"
            )

        def listing(lines: CommandLines, _number: int) -> Ended:
            return lines.run("list", "--json")

        makers = [submit("first"), submit("second"), label, fetch, listing]
        loops = [_Loop(command_lines(), make, stop) for make in makers]
        command = [sys.executable, "-c", _ENGINE, simulator.base_url, simulator.key]
        engines = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(3)]
        for loop in loops:
            loop.start()
        time.sleep(seconds)
        stop.set()
        for loop in loops:
            loop.join()
        for engine in engines:
            engine.communicate()
        ended = [each for loop in loops for each in loop.ended]
        bad = [each for each in ended if each.returncode not in {0, 1} or "locked" in each.stderr]
        bad += [Ended(engine.returncode, "", "an engine") for engine in engines if engine.returncode]
        submitted = sum(each.returncode == 0 for loop in loops[:2] for each in loop.ended)
        with contextlib.closing(sqlite3.connect(next((folder / "data").glob("*.db")))) as store:
            whole = store.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        polls = len(simulator.log.all("GET", "/batches"))
        twice = max(0, len(simulator.log.creates) - submitted)
        notes = [f"{each.returncode} {each.stderr[-200:]}" for each in bad[:10]]
        return Report(seconds, len(ended), submitted, polls, twice, len(bad), int(not whole), notes)
