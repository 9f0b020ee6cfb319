"""A batch that waits here for its place is of this process: leaving asks before, and loses nothing."""

from __future__ import annotations

import msgspec
import pytest

from adopting import requests
from claude_batch_tui.services.submitting.order import SendOrder
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog
from dialogs import words
from sending import agree
from waiting import reached, until


@pytest.fixture
def simulator():
    """A batch ends when the test says so."""
    with Simulator(speed=1, seed=3, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def one_at_a_time(monkeypatch):
    monkeypatch.setenv("CBTUI_IN_FLIGHT", "1")


@pytest.mark.slow
async def test_q_asks_while_a_batch_waits_here_for_its_place(one_at_a_time, live, simulator, tmp_path):
    engine = live.engines.home
    engine.connect()
    for number in (1, 2):
        file = tmp_path / f"{number}.jsonl"
        made = requests(number, words=f"Say {{}} of {number}")
        file.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in made))
        agree(engine, str(number), SendOrder(requests=file))
        until(lambda number=number: len(engine.snapshot.batches) == 1)
    until(lambda: (shown := engine.snapshot.submitting.get("2")) and shown.held == 2)
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.snapshot.batches)
        await pilot.press("q")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        assert "2 requests" in words(live)
        await pilot.press("escape")
        assert live.is_running
        simulator.batches.finish()
        await reached(pilot, lambda: len(live.snapshot.batches) == 2)
    assert len(simulator.log.creates) == 2
