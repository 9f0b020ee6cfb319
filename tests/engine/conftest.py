"""Engines on one data folder, against a simulator of their own."""

from __future__ import annotations

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from clock import MovedClock


@pytest.fixture
def simulator(own_folders):
    with Simulator(speed=1, seed=9, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def clock():
    """The clock of all engines of a test."""
    return MovedClock()


@pytest.fixture
def until(clock):
    """A function that lets time pass until a claim has become true."""
    return clock.until


@pytest.fixture
def make(simulator, clock):
    """A function that starts an engine on the same data folder; all are stopped afterwards."""
    made = []

    def start(*, connects=True, **settings):
        config, _ = load({"base_url": simulator.base_url, "poll_interval": "1", "settle": "1", **settings})
        engine = Engine(config, on_snapshot=lambda _: None, api_key=simulator.key, clock=clock)
        engine.start()
        if connects:
            engine.connect()
        made.append(engine)
        return engine

    yield start
    for engine in made:
        engine.stop()
