"""A batch that was found for a lost submission, in the dashboard: marked, and settled by keys or by its results."""

from __future__ import annotations

import msgspec
import pytest

from adopting import lose_the_next_create, request, somebody_creates
from claude_batch_tui.api.client import AnthropicApi
from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.services.submitting.order import SendOrder
from claude_batch_tui.tui.submitting.dialog import SubmissionDialog
from claude_batch_tui.tui.widgets.lines import StatusLine
from sending import agree
from waiting import reached, until


@pytest.fixture
def adopted(live, simulator, tmp_path, monkeypatch):
    """A dashboard that found somebody's batch for a submission of its own that was lost."""
    file = tmp_path / "mine.jsonl"
    file.write_bytes(msgspec.json.encode(request("a", "x")) + b"\n")
    create = AnthropicApi.create

    def interrupted(*arguments, **options):
        somebody_creates(simulator, [request("a", "x", max_tokens=0)])
        lose_the_next_create(simulator)
        return create(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(AnthropicApi, "create", interrupted)
        engine = live.engines.home
        engine.connect()
        agree(engine, "t", SendOrder(requests=file, name="mine"))
        until(lambda: [one.is_adopted for one in engine.snapshot.submissions] == [True])
    return live


async def test_what_was_found_is_marked_and_a_key_takes_it(adopted, simulator):
    async with adopted.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: "U decides" in adopted.screen.query_one(StatusLine).text)
        await pilot.press("U")
        await reached(pilot, lambda: isinstance(adopted.screen, SubmissionDialog))
        assert adopted.screen.reason_disabled("again", ()) is not None
        assert adopted.screen.reason_disabled("give_up", ()) is not None
        await pilot.press("y")
        await reached(pilot, lambda: adopted.snapshot.submissions == ())
        assert [(b.name, b.provisional) for b in adopted.snapshot.batches] == [("mine", False)]
    assert len(simulator.log.creates) == 2


async def test_a_key_says_that_it_is_anothers_and_nothing_is_sent(adopted, simulator):
    async with adopted.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: "U decides" in adopted.screen.query_one(StatusLine).text)
        await pilot.press("U")
        await reached(pilot, lambda: isinstance(adopted.screen, SubmissionDialog))
        await pilot.press("n")
        states = (SubmissionState.UNKNOWN, SubmissionState.ABSENT)
        await reached(pilot, lambda: [one.state in states for one in adopted.snapshot.submissions] == [True])
        await reached(pilot, lambda: [b.run_id for b in adopted.snapshot.batches] == [None])
    assert len(simulator.log.creates) == 2


@pytest.fixture
def looks_shortly(monkeypatch):
    monkeypatch.setenv("CBTUI_SETTLE", "0.2")


async def test_what_was_lost_before_and_is_not_there_is_sent_in_its_place(
    looks_shortly, live, simulator, tmp_path
):
    file = tmp_path / "mine.jsonl"
    file.write_bytes(msgspec.json.encode(request("a", "x")) + b"\n")
    engine = live.engines.home
    engine.connect()
    lose_the_next_create(simulator)
    agree(engine, "t", SendOrder(requests=file))
    until(lambda: [one.state for one in engine.snapshot.submissions] == [SubmissionState.ABSENT])
    assert engine.submit("once more", SendOrder(requests=file)).result(20) is None
    until(lambda: (shown := engine.snapshot.submitting.get("once more")) and shown.is_finished)
    async with live.run_test(size=(80, 24)) as pilot:
        dialog = SubmissionDialog(token="once more", engine=engine, send_same_again=pytest.fail)
        live.push_screen(dialog)
        await reached(pilot, lambda: live.screen is dialog and dialog.reason_disabled("again", ()) is None)
        await pilot.press("a")
        await reached(pilot, lambda: len(engine.snapshot.batches) == 1)
    assert (len(simulator.log.creates), len(simulator.batches.all())) == (2, 1)
