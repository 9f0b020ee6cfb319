"""Saving results from the dashboard."""

from __future__ import annotations

import json
import sqlite3
import threading

import pytest

from claude_batch_tui.tui.results import save
from claude_batch_tui.tui.results.save import SaveDialog
from claude_batch_tui.tui.results.screen import ResultsScreen
from claude_batch_tui.tui.widgets.inputs import LineInput
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import reached


@pytest.fixture
def opened(dashboard, filled, results_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    filled([])
    return dashboard(results=results_file)


def field(app):
    return app.screen.query_one(LineInput)


def said(app):
    return app.screen.query_one(StatusLine).text


def text_of(app, selector):
    return str(app.screen.query_one(selector).render())


async def test_the_ending_chooses_and_the_arrows_go_through_the_formats(opened, settled, tmp_path):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("s")
        await settled(pilot)
        assert isinstance(opened.screen, SaveDialog)
        assert field(opened).value == "classify-tickets.csv"
        assert text_of(opened, ".folder").endswith(tmp_path.name)
        assert "▸ .csv" in text_of(opened, ".formats")
        await pilot.press("down")
        assert field(opened).value == "classify-tickets.sqlite"
        await pilot.press("up", "up")
        await settled(pilot)
        assert field(opened).value == "classify-tickets.json"
        assert "▸ .json " in text_of(opened, ".formats")
        await pilot.press(*"xyz")
        await settled(pilot)
        assert "▸" not in text_of(opened, ".formats")
        await pilot.press("enter")
        await settled(pilot)
        assert "no format has this ending" in text_of(opened, ".problem")


async def test_a_folder_below_the_home_folder_is_no_name_without_an_ending(
    opened, settled, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "out").mkdir()
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("s")
        await settled(pilot)
        await pilot.press(*"~/out", "enter")
        await settled(pilot)
        assert isinstance(opened.screen, SaveDialog)
        assert "~/out" in text_of(opened, ".problem")
        assert not (tmp_path / "out.csv").exists()


async def test_of_a_file_without_entries_no_filter_is_to_blame(dashboard, filled, settled, tmp_path):
    filled([])
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    app = dashboard(results=empty)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("s")
        await reached(pilot, lambda: "there is no entry" in said(app))


async def test_a_file_that_went_while_its_name_was_typed_is_a_sentence(
    opened, settled, results_file, tmp_path
):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("s")
        await settled(pilot)
        results_file.unlink()
        await pilot.press("enter")
        await reached(pilot, lambda: "this file is no longer there. Nothing was saved." in said(opened))
        assert not [*tmp_path.glob("*.csv")]


async def test_a_download_that_ends_while_a_name_is_typed_is_saved_from_the_file_it_left(
    live, simulator, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    simulator.batches.add(5, age=86_400, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key is not None)
        await pilot.press("enter")
        await reached(
            pilot, lambda: isinstance(live.screen, ResultsScreen) and live.screen.opened.path is not None
        )
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).row_count == 5)
        results = live.screen.opened.file.results
        monkeypatch.setattr(results, "path", results.path.with_name("arriving.part"))  # as while it arrived
        await pilot.press("s")
        await reached(pilot, lambda: isinstance(live.screen, SaveDialog))
        await pilot.press("enter")
        await reached(pilot, lambda: "5 results saved" in said(live))
        assert len([*tmp_path.glob("*.csv")]) == 1


async def test_a_name_that_is_typed_replaces_the_one_there_and_needs_no_ending(opened, settled, tmp_path):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("s")
        await settled(pilot)
        await pilot.press(*"mine")
        await settled(pilot)
        assert field(opened).value == "mine"
        assert "▸ .csv" in text_of(opened, ".formats")
        await pilot.press("enter")
        await settled(pilot)
        assert "saved: mine.csv in " in said(opened)
    assert (tmp_path / "mine.csv").exists()


async def test_marks_are_saved_in_the_format_chosen(opened, settled, tmp_path):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("space", "space", "s")
        await settled(pilot)
        assert "Save 2 marked results" in str(opened.screen.query_one("#box").border_title)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert said(opened).startswith("2 results saved: classify-tickets.sqlite in ")
        assert said(opened).endswith(tmp_path.name)
        await pilot.press("u", "s", "down", "enter")
        await settled(pilot)
        assert "11 results saved" in said(opened)
    connection = sqlite3.connect(tmp_path / "classify-tickets.sqlite")
    assert connection.execute("SELECT count(*) FROM batch_results").fetchone() == (11,)
    connection.close()


async def test_structured_answers_are_spread_when_asked(opened, settled, tmp_path, results_file):
    answer = {"content": [{"type": "text", "text": '{"label": "bug"}'}], "stop_reason": "end_turn"}
    line = {"custom_id": "T-1", "result": {"type": "succeeded", "message": answer}}
    results_file.write_text(json.dumps(line) + "\n")
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("s", "ctrl+t")
        await settled(pilot)
        assert "[x] a column for each key" in text_of(opened, ".spread")
        await pilot.press("enter")
        await settled(pilot)
    assert (tmp_path / "classify-tickets.csv").read_text().splitlines()[0].endswith(",label")


async def test_x_stops_saving_and_nothing_stays(opened, settled, tmp_path, monkeypatch):
    started, stopped = threading.Event(), threading.Event()
    real = save.export

    def slowly(*arguments, **options):
        started.set()
        assert stopped.wait(20)
        yield from real(*arguments, **options)

    monkeypatch.setattr(save, "export", slowly)
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("s", "enter")
        while not started.is_set():
            await pilot.pause(0.02)
        await pilot.press("s")
        assert "being saved: x stops that" in said(opened)
        await pilot.press("x")
        stopped.set()
        await settled(pilot)
        assert "Saving was stopped" in said(opened)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("classify")] == [
        "classify-tickets.jsonl"
    ]
