"""What keys do, on the real engine against the simulator."""

from __future__ import annotations

import asyncio

from textual.screen import ModalScreen
from textual.widgets import Input

from claude_batch_tui.config import load
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.app import DashboardApp
from claude_batch_tui.tui.batches.screen import BatchesScreen
from claude_batch_tui.tui.build.form import Field
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog
from claude_batch_tui.tui.results.screen import ResultsScreen
from claude_batch_tui.tui.submitting.dialog import SubmissionDialog
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import reached

PROFILE = Profile(slow=False, colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)


def table(app):
    return app.screen.query_one("#list", VirtualList)


async def test_batches_appear_and_new_ones_never_move_the_cursor_or_the_marks(live, simulator):
    first = simulator.batches.add(5)
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: table(live).cursor_key is not None)
        await pilot.press("space")
        key, marks = table(live).cursor_key, table(live).marks
        simulator.batches.add(7)
        await reached(pilot, lambda: table(live).row_count == 2)
        assert (table(live).cursor_key, table(live).marks) == (key, marks)
        assert key == first.id


async def test_canceling_asks_and_enter_keeps_running(live, simulator):
    simulator.batches.add(5, duration=3600)
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: table(live).cursor_key is not None)
        await pilot.press("x")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, BatchesScreen))
        assert simulator.log.all("POST", "/cancel") == []
        await pilot.press("x", "y")
        await reached(pilot, lambda: len(simulator.log.all("POST", "/cancel")) == 1)


async def test_a_greyed_key_says_why(live, simulator):
    simulator.batches.add(5, age=3600, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: table(live).cursor_key is not None)
        await pilot.press("x")
        await reached(pilot, lambda: "already ended" in live.screen.query_one(StatusLine).text)


async def test_opening_an_ended_batch_downloads_and_shows_its_results(live, simulator):
    simulator.batches.add(300, age=3600, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: table(live).cursor_key is not None)
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ResultsScreen) and table(live).row_count == 300)
        await pilot.press("q")
        await reached(pilot, lambda: isinstance(live.screen, BatchesScreen))


async def test_results_that_are_here_and_that_nobody_has_read_open_without_the_api(
    live, simulator, given_results
):
    batch = simulator.batches.add(30, age=3600, duration=60)
    given = given_results(simulator, batch.id)
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: table(live).cursor_key is not None)
        live.engines.home.store.locations.data.joinpath("results", f"{batch.id}.jsonl").write_bytes(given)
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ResultsScreen) and table(live).row_count == 30)
        await reached(pilot, lambda: live.engines.home.snapshot.find(batch.id).results.value == "complete")
    assert len(simulator.log.all("GET", "/results")) == 1


async def test_a_file_becomes_one_batch_by_keys_alone(live, simulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("body,id\nHello,a\nWorld,b\n")
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.snapshot.link.polled_at is not None)
        await pilot.press("2")
        await pilot.pause()
        await pilot.press(*"rows.csv")
        for name, text in (("prompt_column", "body"), ("model", "claude-haiku-4-5"), ("max_tokens", "50")):
            while live.focused is not live.screen.query_one(f"#{name}", Field).query_one(Input):
                await pilot.press("tab")
            await pilot.press(*text)
        await pilot.press("ctrl+r")
        await reached(pilot, lambda: "Checked" in live.screen.query_one(StatusLine).text)
        await reached(pilot, lambda: not live.screen.background.is_busy)
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("enter")
        assert simulator.log.creates == []
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: isinstance(live.screen, BatchesScreen) and table(live).row_count == 1)
        await pilot.press("2")
        await reached(pilot, lambda: not isinstance(live.screen, BatchesScreen))
        await pilot.press("enter")
        await reached(pilot, lambda: "Checked" in live.screen.query_one(StatusLine).text)
        await reached(pilot, lambda: not live.screen.background.is_busy)
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, SubmissionDialog))
        await reached(pilot, lambda: live.screen.reason_disabled("again", ()) is None)
        await pilot.press("a")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("enter")
        await reached(pilot, lambda: not isinstance(live.screen, ModalScreen))
        assert len(simulator.log.creates) == 1
        assert len(list(live.config.data_dir.glob("spool/*.body.json"))) == 1
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, SubmissionDialog))
        await reached(pilot, lambda: live.screen.reason_disabled("again", ()) is None)
        await pilot.press("a")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: len(simulator.log.creates) == 2)


async def test_without_a_key_there_is_a_set_up_screen_and_exit_code_2(own_folders):
    config, _ = load({"base_url": "http://127.0.0.1:1"})
    app = DashboardApp(config, profile=PROFILE)
    app.engines.start()
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await reached(pilot, lambda: "No API key" in table(app).empty)
            await pilot.press("q")
            await asyncio.sleep(0.1)
        assert app.return_code == 2
    finally:
        app.engines.stop()
