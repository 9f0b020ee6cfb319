"""A sweep in the dashboard: one row, its runs in one table, and the way from a run to what was made of its answers."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.config import load
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.tui.app import DashboardApp
from claude_batch_tui.tui.build.screen import BuildScreen
from claude_batch_tui.tui.dialogs.file_picker import FilePicker
from claude_batch_tui.tui.dialogs.picking import PickDialog
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.results.compare import CompareScreen
from claude_batch_tui.tui.results.sweep import SweepScreen
from claude_batch_tui.tui.widgets.text_view import TextView
from waiting import reached


@pytest.fixture
def swept(own_folders, tmp_path, monkeypatch, capsys):
    """A dashboard over a sweep of two models, and a judge over the answers of the first."""
    source = tmp_path / "rows.csv"
    source.write_text("id,text,label\na,one,one\nb,two,two\nc,three,three\n")
    with Simulator(speed=10_000, seed=7, rates=ALL_ANSWERED) as simulator:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)

        def run(*words):
            main([str(word) for word in words], lambda _: 0)
            return capsys.readouterr().out.strip()

        def sent(path):
            batch_id = run("submit", path, "--yes")
            run("watch", batch_id, "--interval", "1")
            run("results", batch_id, "-o", tmp_path / f"{batch_id}.jsonl")
            return batch_id

        made = ("--template", "{{ text }}", "--id-column", "id", "--max-tokens", "9", "--name", "words")
        run(
            "build",
            "csv",
            source,
            *made,
            "--model",
            "claude-haiku-4-5,claude-sonnet-4-5",
            "-o",
            tmp_path / "v.jsonl",
        )
        first, second = (
            sent(tmp_path / f"v.{model}.jsonl") for model in ("claude-haiku-4-5", "claude-sonnet-4-5")
        )
        made = (
            "--template",
            "{{ answer }}?",
            "--model",
            "claude-haiku-4-5",
            "--max-tokens",
            "9",
            "--name",
            "judge",
        )
        run("build", "results", first, *made, "-o", tmp_path / "judge.jsonl")
        judge = sent(tmp_path / "judge.jsonl")
        app = DashboardApp(load({"base_url": simulator.base_url})[0], api_key=simulator.key)
        app.engines.start()
        yield app, first, second, judge
        app.engines.stop()


async def test_a_sweep_opens_into_its_runs_and_is_compared_in_one_table(swept, settled):
    app, first, second, judge = swept
    async with app.run_test(size=(100, 40)) as pilot:
        await reached(pilot, lambda: app.snapshot.link.polled_at)
        batches = app.screen
        sweep = app.snapshot.find(first).sweep.id
        assert [row.key for row in batches.view.listing.rows] == [judge, sweep]
        await pilot.press("down")
        assert batches.reason_disabled("rename", ()) is not None
        await pilot.press("enter")
        assert [row.key for row in batches.view.listing.rows] == [judge, sweep, first, second]
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(app.screen, SweepScreen))
        await reached(pilot, lambda: "3 ok" in text(app))
        head, one, other = text(app).splitlines()
        assert head.split()[:2] == ["run", "accuracy"]
        assert (one.split()[0], other.split()[0]) == (">A", "B")
        assert app.screen.reason_disabled("compare", ()) is not None
        await pilot.press("down", "equals_sign")
        await reached(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("q", "enter")
        await reached(pilot, lambda: "claude-sonnet" in app.screen.title_left() and app.screen is not batches)
        await pilot.press("1", "left")
        assert [row.key for row in batches.view.listing.rows] == [judge, sweep]

        assert batches.go_to(first)
        await reached(pilot, lambda: "judge: made of these answers" in text(app))
        await pilot.press("F")
        assert batches.table.cursor_key == judge
        await reached(pilot, lambda: "those of words claude-haiku-4-5" in text(app))
        await pilot.press("B")
        assert batches.table.cursor_key == first


def text(app):
    """The text on the screen."""
    return app.screen.query(TextView).first()._rows.text


async def test_the_answers_of_a_run_are_the_source_of_the_next_step(swept, tmp_path, monkeypatch):
    app, first, *_ = swept
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    async with app.run_test(size=(100, 40)) as pilot:
        await reached(pilot, lambda: app.snapshot.link.polled_at)
        await pilot.press("n", "ctrl+o")
        await reached(pilot, lambda: isinstance(app.screen, FilePicker))
        await pilot.press(*"answers", "enter")
        await reached(pilot, lambda: type(app.screen) is PickDialog)
        await pilot.press(*"haiku words", "enter")
        await reached(pilot, lambda: isinstance(app.screen, InputDialog))
        await pilot.press("enter")
        await reached(
            pilot, lambda: isinstance(app.screen, BuildScreen) and app.screen.draft.source is not None
        )
        build = app.screen
        assert build.draft.values["source"] == "words-claude-haiku-4-5.answers.jsonl"
        assert build.draft.values["id_column"] == "id"
        rows = [json.loads(line) for line in build.draft.source_path.read_text().splitlines()]
        assert [row["id"] for row in rows] == ["a", "b", "c"]
        assert {row["run"] for row in rows} == {first}
        assert {"answer", "json", "outcome", "text", "label"} <= set(rows[0])
