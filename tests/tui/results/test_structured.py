"""Answers that do not fit the schema they were asked for, on the dashboard."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.app import DashboardApp
from claude_batch_tui.tui.results.inspector import InspectorFoot
from claude_batch_tui.tui.results.screen import ResultsScreen
from claude_batch_tui.tui.widgets.inputs import FilterBar
from claude_batch_tui.tui.widgets.json_tree import JsonTree
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import paste, reached

PROFILE = Profile(slow=False, colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)
DIGITS = {
    "type": "object",
    "properties": {"label": {"type": "string", "pattern": "^[0-9]+$"}},
    "required": ["label"],
}
"""The simulator, which makes answers of words, does not look at patterns."""
WORDS = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}


@pytest.fixture
def simulator():
    with Simulator(speed=10_000, seed=3, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def live(simulator, own_folders, tmp_path, monkeypatch):
    """A dashboard on a batch that has ended; one of its four answers does not fit its schema."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)
    file = tmp_path / "requests.jsonl"
    with file.open("w") as out:
        for number in range(4):
            schema = DIGITS if number == 2 else WORDS
            params = {
                "model": "claude-haiku-4-5",
                "max_tokens": 200,
                "messages": [{"role": "user", "content": "Some words"}],
                "output_config": {"format": {"type": "json_schema", "schema": schema}},
            }
            out.write(json.dumps({"custom_id": f"r{number}", "params": params}) + "\n")
    assert main(["submit", str(file), "--yes", "--name", "labels"], lambda _: 0) == 0
    config, _ = load({"base_url": simulator.base_url, "poll_interval": "1"})
    app = DashboardApp(config, profile=PROFILE, api_key=simulator.key)
    app.engines.start()
    yield app
    app.engines.stop()


@pytest.mark.slow
async def test_an_answer_that_does_not_fit_its_schema_is_told_from_the_others(live):
    async with live.run_test(size=(120, 30)) as pilot:
        table = lambda: live.screen.query_one("#list", VirtualList)  # noqa: E731
        await reached(pilot, lambda: any(one.batch.has_ended for one in live.snapshot.batches))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ResultsScreen) and table().row_count == 4)
        await reached(
            pilot,
            lambda: (
                live.screen.opened.file.results.index.class_counts() == {"complete": 3, "schema_invalid": 1}
            ),
        )
        await pilot.press("slash")
        await paste(pilot, "class=schema_invalid")
        await reached(pilot, lambda: table().row_count == 1)
        assert "1 of 4" in str(live.screen.query_one(FilterBar).query_one("#note").render())
        inspector = live.screen.inspector
        foot = inspector.query_one(InspectorFoot)
        await reached(
            pilot, lambda: foot.render_line(0).text.startswith("does not fit its schema at $.label:")
        )
        tree = inspector.query_one(JsonTree)
        assert inspector.body is tree
        assert "  label: " in tree.render_line(1).text
        await reached(pilot, lambda: inspector.has_class("-below"))
        assert "Some words" in inspector.query_one("#prompt", TextView).render_line(1).text
        await pilot.resize_terminal(160, 30)
        await reached(pilot, lambda: inspector.has_class("-beside"))
        await pilot.press("enter", "p")
        await reached(pilot, lambda: not inspector.has_class("-beside"))
        await reached(pilot, lambda: live.snapshot.batches[0].flawed == {"schema_invalid": 1})
        assert live.snapshot.batches[0].state(live.now()) is BatchState.ENDED_FLAWED
