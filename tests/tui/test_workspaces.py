"""Several workspaces watched at once, on real engines against the simulator."""

from __future__ import annotations

import pytest

from claude_batch_tui.config import load, of_profile
from claude_batch_tui.domain.batches.batch_list import order_of
from claude_batch_tui.domain.batches.tracked import LinkState
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.simulator.workspaces import Caller, caller_of
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.app import DashboardApp
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.widgets.lines import StatusLine, TitleLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import paste, reached

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
        app.engines.start()
        made.append(app)
        return app

    yield make
    for app in made:
        app.engines.stop()


def shown(app):
    return {tracked.id for tracked in app.snapshot.batches}


def find(app, batch):
    return app.snapshot.find(batch.id)


def status(app):
    return app.screen.query_one(StatusLine).text


def top(app):
    return "".join(run.text for run in app.screen.query_one(TitleLine).runs(200))


def lines(app):
    """The lines of the list."""
    table = app.screen.query_one("#list", VirtualList)
    return [table.render_line(y).text for y in range(table.size.height)]


def text_of(screen):
    """What is on the screen, line by line."""
    return ["".join(segment.text for segment in line) for line in screen._compositor.render_strips()]


@pytest.mark.slow
async def test_each_workspace_shows_its_own_batches_and_ends_elsewhere_are_told(
    dashboard, batch_of, simulator
):
    ours, theirs = batch_of("research", 4), batch_of("production", 7)
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        await app.run_action("show_workspace('research')")
        await reached(pilot, lambda: shown(app) == {ours.id})
        await reached(pilot, lambda: all(snapshot.batches for snapshot in app.engines.snapshots))
        assert app.engines.home.snapshot.credential.startswith("research …")
        simulator.batches.finish(theirs.id)
        await reached(pilot, lambda: any(text.startswith("production: ") for text, _ in app.messages))
        assert shown(app) == {ours.id}
        await pilot.press("colon")
        await paste(pilot, "production")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await reached(pilot, lambda: shown(app) == {theirs.id})
        assert app.screen.query_one("#list", VirtualList).row_count == 1
        assert app.engines.home.snapshot.credential.startswith("production …")


def workspaces_offered(app):
    """What the palette offers of workspaces."""
    return {name: action for name, action in app.palette_actions().items() if "workspace" in name}


async def test_a_profile_of_the_settings_is_watched_from_when_it_is_first_shown(dashboard, batch_of):
    theirs = batch_of("production", 7)
    app = dashboard()
    async with app.run_test(size=(100, 24)) as pilot:
        await reached(pilot, lambda: app.snapshot.link.polled_at is not None)
        assert workspaces_offered(app) == {"workspace production": "show_workspace('production')"}
        await app.run_action("show_workspace('production')")
        await reached(pilot, lambda: shown(app) == {theirs.id})
        assert workspaces_offered(app) == {
            "workspace research": "show_workspace('research')",
            "all workspaces": "show_workspace(None)",
        }


async def test_a_workspace_without_a_key_says_so_and_the_others_go_on(dashboard, batch_of, monkeypatch):
    ours = batch_of("research", 4)
    monkeypatch.delenv("PRODUCTION_KEY")
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        await reached(pilot, lambda: shown(app) == {ours.id})
        await app.run_action("show_workspace('production')")
        await reached(pilot, lambda: "PRODUCTION_KEY, which is not set" in (app.snapshot.link.error or ""))


async def test_how_long_batches_take_is_learned_in_each_workspace_from_its_own(dashboard, batch_of):
    for word, count in (("research", 9), ("production", 6)):
        for _ in range(count):
            batch_of(word, 100, age=3600, duration=60)
        batch_of(word, 100)
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        for name, similar in (("research", 9), ("production", 6)):
            await app.run_action(f"show_workspace('{name}')")
            await reached(pilot, lambda similar=similar: len(shown(app)) == similar + 1)
            detail = app.screen.query_one("#detail TextView", TextView)
            await reached(
                pilot, lambda detail=detail, similar=similar: f"of {similar} similar" in detail._rows.text
            )


async def test_the_batches_of_all_workspaces_are_one_list_that_says_whose_each_is(dashboard, batch_of):
    older = batch_of("research", 4, age=600)
    newer = batch_of("production", 7)
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        await reached(pilot, lambda: shown(app) == {older.id, newer.id})
        await reached(pilot, lambda: app.snapshot.link.state is LinkState.LIVE and "next poll" in top(app))
        assert [tracked.profile for tracked in app.snapshot.batches] == ["production", "research"]
        screen = app.screen
        assert "WORKSPACE" in lines(app)[0]
        assert "production" in lines(app)[1]
        assert "research" in lines(app)[2]
        assert "2 workspaces" in top(app)
        await pilot.press("slash")
        await paste(pilot, "workspace:rese")
        await pilot.press("enter")
        await reached(pilot, lambda: [row.key for row in screen.view.listing.rows] == [older.id])
        await pilot.press("escape")
        screen.view.listing.order = order_of("-workspace")
        screen.view.listing.choose(app.now())
        assert [row.key for row in screen.view.listing.rows] == [older.id, newer.id]


async def test_every_act_in_the_mixed_list_reaches_the_workspace_of_the_batch(dashboard, batch_of, simulator):
    ours, theirs = batch_of("research", 4, age=60), batch_of("production", 7, age=30)
    ended = [batch_of(word, 3, age=7_200, duration=60) for word in ("research", "production")]
    app = dashboard("production")
    async with app.run_test(size=(120, 40)) as pilot:
        await reached(pilot, lambda: len(shown(app)) == 4)
        table = app.screen.query_one("#list", VirtualList)
        table.set_marks([ours.id, theirs.id])
        await pilot.press("x")
        assert any("production: " in line and "7 requests" in line for line in text_of(app.screen))
        await pilot.press("y")
        await reached(
            pilot, lambda: all(simulator.batches.find(one.id).cancel_initiated_at for one in (ours, theirs))
        )
        app.engines.tag([ours.id, theirs.id], add=["eval"], remove=[])
        app.engines.of(theirs.id).rename(theirs.id, "their name")
        app.engines.of(ours.id).note(ours.id, "our note")
        app.engines.hide([ended[0].id], hidden=True)
        await reached(pilot, lambda: all(find(app, one).tags == ("eval",) for one in (ours, theirs)))
        await reached(
            pilot, lambda: find(app, theirs).name == "their name" and find(app, ours).note == "our note"
        )
        await reached(pilot, lambda: find(app, ended[0]).hidden_at is not None)
        for one in ended:
            app.engines.of(one.id).download(one.id)
        await reached(pilot, lambda: all(find(app, one).results.value == "complete" for one in ended))
        assert not any(event.is_error for event in app.snapshot.events), app.snapshot.events
        app.engines.of(ended[1].id).delete(ended[1].id)
        await reached(pilot, lambda: len(shown(app)) == 3)
        (deleted,) = simulator.log.all("DELETE")
        assert (deleted.status, deleted.path.rsplit("/", 1)[-1]) == (200, ended[1].id)


async def test_a_workspace_out_of_reach_is_named_while_the_others_go_on(dashboard, batch_of, monkeypatch):
    ours = batch_of("research", 4)
    monkeypatch.delenv("PRODUCTION_KEY")
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        await reached(pilot, lambda: shown(app) == {ours.id})
        await reached(pilot, lambda: "production no API key" in top(app))
        assert "research live" in top(app)
        assert "production: The key of profile" in app.screen.query_one(StatusLine).text


async def test_w_turns_to_each_workspace_and_back_to_all(dashboard, batch_of):
    ours, theirs = batch_of("research", 4), batch_of("production", 7)
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        for wanted in ({ours.id, theirs.id}, {ours.id}, {theirs.id}, {ours.id, theirs.id}):
            await reached(pilot, lambda wanted=wanted: shown(app) == wanted)
            await pilot.press("w")


async def test_what_is_for_one_workspace_asks_which_where_all_are_shown(dashboard, batch_of):
    batch_of("research", 4)
    theirs = batch_of("production", 7)
    app = dashboard("production")
    async with app.run_test(size=(100, 24)) as pilot:
        await reached(pilot, lambda: len(shown(app)) == 2)
        await pilot.press("n")
        await reached(pilot, lambda: "Build in which workspace?  1 research   2 production" in status(app))
        await pilot.press("2")
        await reached(pilot, lambda: app.current_mode == "build")
        assert shown(app) == {theirs.id}
        assert app.engines.home.snapshot.credential.startswith("production …")
        await app.run_action("show_workspace(None)")
        await reached(pilot, lambda: app.current_mode == "batches" and isinstance(app.focused, VirtualList))
        await pilot.press("i")
        await reached(pilot, lambda: "Track a batch in which workspace?" in status(app))
        await pilot.press("1")
        await reached(pilot, lambda: isinstance(app.screen, InputDialog))
        assert app.engines.shown == "research"
