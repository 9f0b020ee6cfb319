"""A check takes its time, and the draft does not wait for it: what is shown is of the draft as it is now."""

from __future__ import annotations

import os

import msgspec
import pytest
from textual.screen import ModalScreen

from claude_batch_tui.store.batches import record_cost
from claude_batch_tui.tui.build.form import Field
from claude_batch_tui.tui.build.screen import BuildScreen
from claude_batch_tui.tui.widgets.text_view import TextView
from waiting import reached

SCRIPT = """
def build_requests():
    open("{name}.begun", "w").close()
    {wait}
    message = {{"role": "user", "content": "Hello from {name}"}}
    params = {{"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [message]}}
    yield {{"custom_id": "{name}", "params": params}}
    {then}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Scripts that give their request when somebody opens the gate, or at once."""
    here = tmp_path / "work"
    here.mkdir()
    os.mkfifo(here / "gate")
    (here / "slow.py").write_text(SCRIPT.format(name="slow", wait='open("gate").read()', then=""))
    (here / "quick.py").write_text(SCRIPT.format(name="quick", wait="", then=""))
    (here / "failing.py").write_text(
        SCRIPT.format(name="failing", wait='open("gate").read()', then='raise ValueError("too late")')
    )
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def build(dashboard, filled, folder):
    filled([])
    return dashboard()


def screen(app) -> BuildScreen:
    assert isinstance(app.screen, BuildScreen)
    return app.screen


def detail(app):
    if screen(app).check_view.display:
        return screen(app).check_view.said
    shown = screen(app).query_one("#detail", TextView)._shown
    return shown if isinstance(shown, str) else "\n".join(text for text, _ in shown)


def open_the_gate(folder, name="gate"):
    """Let the script go on that waits; it has to wait by now."""
    (folder / name).write_text("")


def drafts(app):
    return list(app.config.data_dir.glob("spool/draft-*"))


async def begin_check(app, pilot, source):
    """Agree to a script, and wait until it runs."""
    screen(app).query_one("#source", Field).value = source
    await reached(pilot, lambda: "Hello from" in detail(app) and source[:-3] in detail(app))
    screen(app).query_one("#detail").focus()
    await pilot.press("enter")
    await reached(pilot, lambda: not isinstance(app.screen, BuildScreen))
    await pilot.press("y")
    begun = f"{source[:-3]}.begun"
    await reached(pilot, lambda: os.path.exists(begun))  # noqa: PTH110


async def test_a_check_of_a_draft_that_has_changed_since_is_never_offered_for_submission(
    build, folder, settled
):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await begin_check(build, pilot, "slow.py")
        screen(build).query_one("#name", Field).value = "another"
        await reached(pilot, lambda: not drafts(build))
        await settled(pilot)
        assert screen(build).draft.checked is None
        assert "Nothing has been sent" not in detail(build)


async def test_leaving_a_row_out_stops_the_check_of_the_draft_that_had_it(build, folder, settled):
    (folder / "rows.csv").write_text("body\nHello\nWorld\n")
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        for name, value in (
            ("source", "rows.csv"),
            ("prompt_column", "body"),
            ("model", "m"),
            ("max_tokens", "9"),
        ):
            screen(build).query_one(f"#{name}", Field).value = value
        await reached(pilot, lambda: screen(build).preview.request is not None)
        await settled(pilot)
        screen(build).query_one("#detail").focus()
        # The key comes before what the thread has to show: both wait for the loop.
        await screen(build).action_check()
        screen(build).action_leave_out_row()
        await settled(pilot)
        await reached(pilot, lambda: not screen(build).background.is_busy)
        assert screen(build).draft.checked is None
        await pilot.press("enter")
        await reached(pilot, lambda: screen(build).draft.checked is not None)
        assert screen(build).draft.checked.requests == 1


@pytest.mark.slow
@pytest.mark.parametrize("first", ["slow.py", "failing.py"])
async def test_a_check_that_was_stopped_harms_nothing_of_the_one_begun_after_it(
    build, folder, settled, first
):
    async with build.run_test(size=(120, 30)) as pilot:
        await pilot.press("2")
        await begin_check(build, pilot, first)
        await pilot.press("ctrl+c")
        assert not screen(build).background.is_busy
        await begin_check(build, pilot, "quick.py")
        await reached(
            pilot, lambda: screen(build).draft.checked is not None and not screen(build).background.is_busy
        )
        files, said = screen(build).draft.checked.files, detail(build)
        await reached(pilot, lambda: drafts(build) == [files.requests.parent])
        await settled(pilot)
        assert b"Hello from quick" in files.requests.read_bytes()
        assert detail(build) == said
        assert screen(build).draft.checked.files == files


@pytest.mark.slow
async def test_a_check_goes_on_while_one_that_was_stopped_ends(build, folder):
    os.mkfifo(folder / "other-gate")
    waiting = (folder / "slow.py").read_text().replace("gate", "other-gate").replace("slow", "late")
    (folder / "late.py").write_text(waiting)
    async with build.run_test(size=(120, 30)) as pilot:
        await pilot.press("2")
        await begin_check(build, pilot, "slow.py")
        await pilot.press("ctrl+c")
        await begin_check(build, pilot, "late.py")
        await reached(pilot, lambda: len(drafts(build)) == 1)
        await pilot.pause()
        assert screen(build).background.is_busy
        open_the_gate(folder, "other-gate")
        await reached(pilot, lambda: screen(build).draft.checked is not None)


async def test_the_limit_on_what_is_in_flight_holds_where_the_api_has_not_counted_the_input(
    dashboard, filled, folder, week
):
    name, running = week[0]
    filled([(name, running)], costs=[(running, 49.0)])
    app = dashboard()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("2")
        await begin_check(app, pilot, "quick.py")
        await reached(
            pilot, lambda: screen(app).draft.checked is not None and not screen(app).background.is_busy
        )
        screen(app).draft.checked = msgspec.structs.replace(screen(app).draft.checked, cost=None)
        for dollars, is_over in ((49.0, False), (50.0, True)):
            database = app.engines.home.store.database
            record_cost(database, app.engines.home.workspace.scope_id, running.id, "at_most", dollars, None)
            await pilot.press("enter")
            await reached(pilot, lambda: isinstance(app.screen, ModalScreen))
            said = "".join(
                segment.text for line in app.screen._compositor.render_strips() for segment in line
            )
            assert f"in flight ${dollars:.2f} at most" in said
            assert ("(confirm_in_flight)" in said) is is_over
            await pilot.press("escape")
            await reached(pilot, lambda: isinstance(app.screen, BuildScreen))
