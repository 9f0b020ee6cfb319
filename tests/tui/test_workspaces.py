"""Several workspaces watched at once, on real engines against the simulator."""

from __future__ import annotations

import pytest

from claude_batch_tui.config import load, of_profile
from claude_batch_tui.engine.budget import APART, Budget
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.simulator.keys import Caller, caller_of
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.app import DashboardApp
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList

PROFILE = Profile(slow=False, colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)


@pytest.fixture
def simulator():
    with Simulator(speed=1, seed=3, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def batch_of(simulator):
    """A function that puts a batch into a workspace named by a word."""

    def add(word, requests, *, age=0, duration=36_000):
        caller: Caller = caller_of({"x-api-key": simulator.key_of(word)})
        return simulator.batches.add(requests, age=age, duration=duration, caller=caller)

    return add


@pytest.fixture
def config(simulator, own_folders, monkeypatch):
    """Settings of two profiles, whose keys are in the environment."""
    file = own_folders / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    for word in ("research", "production"):
        monkeypatch.setenv(f"{word.upper()}_KEY", simulator.key_of(word))
    file.write_text(
        f'[profiles.research]\napi_key_env = "RESEARCH_KEY"\nbase_url = "{simulator.base_url}"\n'
        f'[profiles.production]\napi_key_env = "PRODUCTION_KEY"\nbase_url = "{simulator.base_url}"\n'
    )
    return load({"profile": "research", "poll_interval": "1"})[0]


@pytest.fixture
def dashboard(config):
    """A function that makes the app; its engines are stopped afterwards."""
    made = []

    def make(*beside):
        app = DashboardApp(
            config, profile=PROFILE, beside=[of_profile(config, name) for name in beside], connects=True
        )
        app.workspaces.start()
        made.append(app)
        return app

    yield make
    for app in made:
        app.workspaces.stop()


async def until(pilot, claim, seconds=60.0):
    for _ in range(int(seconds / 0.05)):
        if claim():
            return
        await pilot.pause(0.05)
    raise AssertionError(f"never true: {pilot.app.screen.query_one(StatusLine).text!r}")


def shown(app):
    return {tracked.id for tracked in app.snapshot.batches}


async def test_each_workspace_shows_its_own_batches_and_ends_elsewhere_are_told(
    dashboard, batch_of, simulator
):
    ours, theirs = batch_of("research", 4), batch_of("production", 7)
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: shown(app) == {ours.id})
        await until(pilot, lambda: all(snapshot.batches for snapshot in app.workspaces.snapshots))
        assert app.engine.snapshot.credential.startswith("research …")
        simulator.batches.finish(theirs.id)
        await until(pilot, lambda: any(text.startswith("production: ") for text, _ in app.messages))
        assert shown(app) == {ours.id}
        await pilot.press("colon")
        await pilot.press(*"production")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await until(pilot, lambda: shown(app) == {theirs.id})
        assert app.screen.query_one("#list", VirtualList).row_count == 1
        assert app.engine.snapshot.credential.startswith("production …")


async def test_a_profile_of_the_settings_is_watched_from_when_it_is_first_shown(dashboard, batch_of):
    theirs = batch_of("production", 7)
    app = dashboard()
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: app.snapshot.link.polled_at is not None)
        assert app.palette_actions() == {"workspace production": "show_workspace('production')"}
        await app.run_action("show_workspace('production')")
        await until(pilot, lambda: shown(app) == {theirs.id})
        assert app.palette_actions() == {"workspace research": "show_workspace('research')"}


async def test_a_workspace_without_a_key_says_so_and_the_others_go_on(dashboard, batch_of, monkeypatch):
    ours = batch_of("research", 4)
    monkeypatch.delenv("PRODUCTION_KEY")
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: shown(app) == {ours.id})
        await app.run_action("show_workspace('production')")
        await until(pilot, lambda: "PRODUCTION_KEY, which is not set" in (app.snapshot.link.error or ""))


async def test_how_long_batches_take_is_learned_in_each_workspace_from_its_own(dashboard, batch_of):
    for word, count in (("research", 9), ("production", 6)):
        for _ in range(count):
            batch_of(word, 100, age=3600, duration=60)
        batch_of(word, 100)
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        for name, similar in (("research", 9), ("production", 6)):
            await app.run_action(f"show_workspace('{name}')")
            await until(pilot, lambda similar=similar: len(shown(app)) == similar + 1)
            detail = app.screen.query_one("#detail TextView", TextView)
            await until(
                pilot, lambda detail=detail, similar=similar: f"of {similar} similar" in detail._rows.text
            )


def test_one_budget_keeps_the_polls_of_several_workspaces_apart_and_a_single_one_free():
    budget = Budget()
    budget.join()
    assert [budget.wait(now) for now in (0.0, 0.1, 0.2)] == [0, 0, 0]
    budget.join()
    assert budget.wait(10.0) == 0
    assert budget.wait(11.0) == APART - 1
    assert budget.wait(12.0) == 2 * APART - 2
    assert budget.wait(100.0) == 0
