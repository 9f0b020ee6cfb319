"""What a start waits for: the first picture is the list as it is known, and nothing is loaded that it does not show."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from datetime import timedelta

import pytest

from claude_batch_tui.tui.app import DashboardApp, _import_the_rest

KEY = "sk-ant-sim-demo-000000000000a1b2"
START = """
import asyncio, gc, sys
import claude_batch_tui.__main__
from claude_batch_tui.cli.command import Dashboard
from claude_batch_tui.config import load
from claude_batch_tui.terminal import Profile
config, _ = load({"base_url": "http://127.0.0.1:1"})
profile = Profile(slow=False, colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)
gc.disable()
from claude_batch_tui.tui.app import DashboardApp, _import_the_rest
app = DashboardApp(config, profile=profile, api_key=KEY)
begin, begun = app.begin, []
def note_and_begin():
    begun.append([app.screen.query_one("#list").row_count, *sys.modules])
    begin()
app.begin = note_and_begin
app.engines.start()
async def main():
    async with app.run_test(size=(80, 24)) as pilot:
        while not begun:
            await pilot.pause(0.01)
asyncio.run(main())
app.engines.stop()
print(gc.isenabled(), *begun[0])
"""
"""Says whether garbage is collected again, how many rows are shown, and what is loaded when the engine may begin."""

NOT_SHOWN = (
    *("anthropic", "httpx2", "ulid", "jinja2", "numpy", "stringzilla", "plotext", "aiofiles", "chardet"),
    *("importlib.metadata", "tomllib", "hashlib", "statistics", "rich.markdown", "textual.widgets._markdown"),
    *("api", "services", "sources", "exports", "simulator", "cli.commands"),
    *("domain.money.pricing", "domain.requests.validation"),
    *(f"engine.{name}" for name in ("poller", "submitter", "downloader", "warner")),
    *(f"tui.{name}.screen" for name in ("build", "results", "history")),
    *("tui.batches.timeline", "tui.batches.tabs", "tui.submitting.dialog", "tui.submitting.retry_dialog"),
    *(f"tui.dialogs.{name}" for name in ("help", "palette", "confirm", "input")),
)


@pytest.mark.slow
def test_the_first_frame_waits_for_nothing_that_it_does_not_show(filled, week):
    filled(week)
    script = f"KEY = {KEY!r}\n{START}"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    collects, rows, *modules = done.stdout.split()
    assert (collects, int(rows)) == ("True", len(week))
    assert "claude_batch_tui.tui.batches.screen" in modules
    loaded = {name.removeprefix("claude_batch_tui.") for name in modules}
    assert sorted(loaded.intersection(NOT_SHOWN)) == []


def test_what_a_key_may_ask_for_is_loaded_once_the_first_frame_is_there(caplog):
    _import_the_rest()
    assert not caplog.records, caplog.text


@pytest.fixture
def pictures(monkeypatch):
    """Every picture that is painted, as text, the first one first."""
    found = []

    def painted(app):
        if not app._batch_count and app.is_running:
            lines = app.screen._compositor.render_strips()
            found.append("\n".join("".join(segment.text for segment in line).rstrip() for line in lines))

    monkeypatch.setattr(DashboardApp, "post_display_hook", painted)
    return found


async def test_the_first_picture_is_whole(dashboard, filled, week, pictures):
    filled(week, polled=timedelta(minutes=21))
    app = dashboard(link=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
    first = pictures[0]
    assert all(name in first for name, _ in week[:6] if name)
    assert "BATCHES" in first
    assert "last known list" in first
    assert "─" * 80 in first  # between list and detail
    assert "[overview]" in first
    assert "enter open" in first
    assert gc.isenabled()


async def test_a_results_file_is_opened_without_the_batches_before_it(dashboard, results_file):
    app = dashboard(results=results_file, link=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert [mode for mode, screens in app._screen_stacks.items() if screens] == ["results"]


async def test_tasks_that_textual_has_begin_at_once_wait_for_their_turn_on_every_python(
    dashboard, filled, week
):
    filled(week)
    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda loop, coroutine, **how: asyncio.Task(coroutine, loop=loop, **how))
    async with dashboard().run_test(size=(80, 24)):
        assert loop.get_task_factory() is None
