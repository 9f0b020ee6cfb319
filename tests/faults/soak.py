"""An engine for a day on a clock that is moved, with 300 batches: what it holds at the end is what it held after an hour.

python -m tests.faults soak
"""

from __future__ import annotations

import asyncio
import gc
import random
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from claude_batch_tui.config import load
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.simulator import Fault, Simulator
from clock import MovedClock

HOUR = 3600.0
STEP = 300.0


class Held(NamedTuple):
    """What a process holds."""

    memory: float
    """Megabytes of its own (RssAnon)."""
    descriptors: int
    threads: int
    tasks: int
    """Of the engine's loop."""


class Report(NamedTuple):
    """A day of an engine."""

    hours: float
    batches: int
    polls: int
    all_there: Held
    """When the last batch had been made and the first results had been read."""
    at_the_end: Held

    @property
    def is_good(self) -> bool:
        """Whether nothing was left behind: memory within 10 MB, the rest not more than before."""
        first, last = self.all_there, self.at_the_end
        return (
            last.memory - first.memory <= 10
            and last.descriptors <= first.descriptors
            and last.threads <= first.threads
            and last.tasks <= first.tasks
        )


def held(engine: Engine) -> Held:
    """What this process holds now."""
    gc.collect()
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    anonymous = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    tasks = len(asyncio.all_tasks(engine._loop))
    return Held(anonymous / 1024, len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), tasks)


def run(hours: float = 24.0, batches: int = 300, seed: int = 1) -> Report:
    """Let an engine poll for so long, with batches that come, end, are downloaded, and an API that fails now and then."""
    chance = random.Random(seed)
    clock = MovedClock()
    with tempfile.TemporaryDirectory() as folder, Simulator(seed=seed, now=clock.now) as simulator:
        config, _ = load(
            {
                "base_url": simulator.base_url,
                "data_dir": f"{folder}/data",
                "auto_download": True,
                "settle": "1",
            }
        )
        engine = Engine(config, on_snapshot=lambda _: None, api_key=simulator.key, clock=clock)
        engine.start()
        engine.connect()
        try:
            polls, first = 0, None
            for _ in range(batches // 3):
                simulator.batches.add(20, age=chance.uniform(0, HOUR), duration=chance.uniform(60, 4 * HOUR))
            clock.until(lambda: len(engine.snapshot.batches) >= batches // 3)
            for step in range(int(hours * HOUR / STEP)):
                if len(simulator.batches.all()) < batches:
                    for _ in range(4):
                        simulator.batches.add(20, duration=chance.uniform(60, 4 * HOUR))
                if chance.random() < 0.05:
                    simulator.faults.next(Fault(status=chance.choice([429, 500, 529]), times=2))
                clock.advance(STEP)
                polls += len(simulator.log.all("GET", "/batches"))
                simulator.log.clear()
                if first is None and step * STEP >= hours / 4 * HOUR:
                    first = held(engine)
            assert first is not None
            return Report(hours, len(simulator.batches.all()), polls, first, held(engine))
        finally:
            engine.stop()
