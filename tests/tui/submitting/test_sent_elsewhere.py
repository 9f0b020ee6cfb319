"""R on a batch of another program: what was sent is asked for, held against the results, and kept."""

from __future__ import annotations

import json

import pytest
from anthropic import Anthropic

from adopting import request
from claude_batch_tui.cli.main import main
from claude_batch_tui.store import submissions
from claude_batch_tui.tui.dialogs.file_picker import FilePicker
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.submitting.retry_dialog import RetryDialog
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from dialogs import words
from waiting import reached


@pytest.fixture
def foreign(simulator, own_folders, tmp_path, monkeypatch, capsys):
    """An ended batch of another program, of which one failed, with its results here and two requests files around."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)
    monkeypatch.chdir(tmp_path)
    requests = [request(f"r{number}", f"Say {number}") for number in range(3)]
    (tmp_path / "theirs.jsonl").write_text("".join(json.dumps(one) + "\n" for one in requests))
    (tmp_path / "others.jsonl").write_text(json.dumps(request("x", "x")) + "\n")
    simulator.decide("r1", "errored")
    client = Anthropic(base_url=simulator.base_url, api_key=simulator.key, max_retries=0)
    batch_id = client.messages.batches.create(requests=requests).id
    main(["watch", batch_id, "--interval", "1"], lambda _: 0)
    main(["results", batch_id, "-o", "results.jsonl"], lambda _: 0)
    capsys.readouterr()
    return batch_id


@pytest.fixture
def live(foreign, live):
    """A dashboard that knows the batch from its start."""
    return live


async def test_the_requests_file_of_another_program_is_asked_for_checked_and_remembered(live, foreign):
    engine = live.engines.home

    async def choose(pilot, name):
        await reached(pilot, lambda: isinstance(live.screen, FilePicker))
        await pilot.press(*name, "enter")

    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key == foreign)
        await pilot.press("R")
        await choose(pilot, "other")
        await reached(pilot, lambda: "is not what" in live.screen.query_one("StatusLine").text)
        assert submissions.of_batch(engine.store, foreign) is None
        await pilot.press("R")
        await choose(pilot, "theirs")
        await reached(pilot, lambda: isinstance(live.screen, RetryDialog))
        kept = submissions.of_batch(engine.store, foreign)
        assert (kept.requests, kept.batch_id) == (3, foreign)
        await pilot.press("escape", "R")
        await reached(pilot, lambda: isinstance(live.screen, RetryDialog))


async def test_what_a_results_file_was_sent_is_asked_for_shown_and_written_again(
    live, simulator, foreign, tmp_path
):
    async with live.run_test(size=(120, 30)) as pilot:
        live.open_file(tmp_path / "results.jsonl")
        await reached(pilot, lambda: live.screen.opened.why_not("retry") is None)
        await pilot.press("R")
        await reached(pilot, lambda: isinstance(live.screen, FilePicker))
        await pilot.press(*"others", "enter")
        await reached(pilot, lambda: "is not what" in live.screen.query_one("StatusLine").text)
        await pilot.press("R")
        await reached(pilot, lambda: isinstance(live.screen, FilePicker))
        await pilot.press(*"theirs", "enter")
        await reached(pilot, lambda: isinstance(live.screen, InputDialog))
        await pilot.press("enter")
        again = tmp_path / "results-again.jsonl"
        await reached(pilot, again.exists)
        await reached(pilot, lambda: "Say " in words(live))
    assert json.loads(again.read_text()) == request("r1", "Say 1")
    assert len(simulator.log.creates) == 1
