"""The tour: offered once, done by the real keys, left at any time."""

from __future__ import annotations

import msgspec
import pytest
from textual.events import Key

from claude_batch_tui.cli.demo_history import remembered
from claude_batch_tui.config import load
from claude_batch_tui.simulator import Simulator
from claude_batch_tui.tui.app import DashboardApp
from claude_batch_tui.tui.tour import STEPS, TourStrip
from contrast import faint_in_every_look
from waiting import reached


def said(app):
    """What the tour says on the screen that is shown; empty where it says nothing."""
    return "".join(f"{strip.border_title}: {strip.content}" for strip in app.screen.query(TourStrip))


async def asked(pilot, dialog):
    """Until a dialog is there: a key typed before is no answer to it."""
    await reached(pilot, lambda: type(pilot.app.screen).__name__ == dialog)
    await pilot.pause(0.3)


async def test_the_tour_is_offered_once_and_escape_leaves_it_at_any_step(dashboard, filled, settled):
    filled([])
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.tour.offer(always=False)
        await pilot.pause()
        assert "New here?: ^t takes a tour" in said(app)
        await pilot.press("escape")
        await reached(pilot, lambda: not said(app))
        app.tour.begin()
        await pilot.pause()
        assert await faint_in_every_look(pilot) == []
        await pilot.press("escape")
        app.tour.offer(always=True)
        assert not app.tour.is_on
        for number, step in enumerate(STEPS, 1):
            await pilot.press("ctrl+t")
            await reached(pilot, lambda n=number, s=step: f"Tour {n} of 5: {s.name}" in said(app))
        await pilot.press("ctrl+t")
        await reached(pilot, lambda: "That was the loop" in said(app))
        await pilot.press("escape")
        await reached(pilot, lambda: not said(app))
        assert "^t begins it at any time" in app.messages[-1][0]


async def test_an_escape_typed_ahead_leaves_the_field_that_comes_and_not_the_tour(dashboard, filled, settled):
    filled([])
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.tour.begin()
        app.post_message(Key("n", "n"))
        app.post_message(Key("escape", None))
        await reached(pilot, lambda: app.current_mode == "build" and app.focused is not None)
        await settled(pilot)
        assert app.focused.id == "detail"
        assert app.tour.is_on


async def test_a_batch_sent_before_the_tour_saw_the_check_counts_as_checked_and_sent(
    dashboard, filled, week, settled
):
    filled(week, runs=[("labels", [week[0][1]])])
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        home, there = app.engines.home, app.engines.home.snapshot
        app.snapshot = home.snapshot = msgspec.structs.replace(there, batches=())
        app.tour.begin()
        app.snapshot = home.snapshot = there
        assert app.tour.fresh()
        await reached(pilot, lambda: "Tour 3 of 5: watch" in said(app))


async def test_the_tour_is_not_offered_unasked_where_batches_are_known(dashboard, filled, week, settled):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.tour.offer(always=False)
        assert not app.tour.is_on
        app.tour.offer(always=True)
        assert app.tour.is_on


@pytest.mark.slow
async def test_the_five_steps_of_the_tour_are_done_by_their_keys_in_the_demo(
    own_folders, settled, tmp_path, monkeypatch
):
    sources = tmp_path / "data" / "files"
    sources.mkdir(parents=True)
    monkeypatch.chdir(sources)
    with Simulator(demo=True) as simulator:
        config = load({"data_dir": str(sources.parent), "config_dir": str(sources.parent / "config")})[0]
        config = msgspec.structs.replace(config, base_url=simulator.base_url)
        remembered(simulator, config, sources).write_files()
        app = DashboardApp(config, api_key=simulator.key, offers_tour=True)
        app.engines.start()
        try:
            async with app.run_test(size=(120, 40)) as pilot:
                await reached(pilot, lambda: "New here?" in said(app))
                await reached(pilot, lambda: app.snapshot.link.polled_at and app.snapshot.credential)
                await pilot.press("ctrl+t", "n")
                await reached(pilot, lambda: "Tour 1" in said(app) and app.is_typing)
                await pilot.press("escape", "R")
                await asked(pilot, "PickDialog")
                await pilot.press("enter")
                await reached(pilot, lambda: getattr(app.screen, "draft", None) and app.screen.draft.source)
                await pilot.press("enter")
                await reached(pilot, lambda: "Tour 2" in said(app))
                await pilot.press("enter")
                await asked(pilot, "ConfirmDialog")
                await pilot.press("y")
                await reached(pilot, lambda: "Tour 3" in said(app))
                await pilot.press("right_square_bracket")
                await reached(pilot, lambda: "ticket facts, of which" in said(app))
                facts = next(one.id for one in app.snapshot.batches if one.name == "ticket facts")
                assert app.screen.go_to(facts)
                await pilot.press("R")
                await reached(pilot, lambda: getattr(app.screen, "_made", None) is not None)
                await pilot.press("enter")
                await asked(pilot, "ConfirmDialog")
                await pilot.press("y")
                await reached(pilot, lambda: "Tour 5" in said(app))
                await settled(pilot)  # the cursor has gone to what was sent
                labels = next(one.id for one in app.snapshot.batches if one.name == "label eval, haiku")
                assert app.screen.go_to(labels)
                await pilot.press("enter")
                await reached(pilot, lambda: "label eval" in app.screen.title_left())
                await reached(pilot, lambda: app.screen.reason_disabled("save", ()) is None)
                await pilot.press("s")
                await asked(pilot, "SaveDialog")
                await pilot.press("enter")
                await reached(pilot, lambda: "That was the loop" in said(app))
                assert (sources / "label-eval-haiku.csv").exists()
        finally:
            app.engines.stop()
