"""Keys of the results screen on a file with every kind of entry."""

from __future__ import annotations

import pytest

from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.status_line import StatusLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList


@pytest.fixture
def opened(dashboard, filled, results_file):
    filled([])
    return dashboard(results=results_file)


def table(app):
    return app.screen.query_one("#list", VirtualList)


def ids(app):
    rows = table(app)._source
    return [rows.results.index.custom_id(position) for position in rows.positions]


async def test_f_and_a_letter_filter_by_outcome(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("f", "e")
        await settled(pilot)
        assert opened.screen.query_one(FilterBar).value == "outcome=errored"
        assert ids(opened) == ["T-90003"]
        await pilot.press("f", "a")
        await settled(pilot)
        assert len(ids(opened)) == 11


async def test_a_filter_that_cannot_be_understood_is_said_in_place_and_changes_nothing(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash")
        await settled(pilot)
        await pilot.press(*"out:5")
        await settled(pilot)
        note = opened.screen.query_one("#note").render()
        assert "number" in str(note)


async def test_e_goes_from_failure_to_failure(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        seen = []
        for _ in range(4):
            await pilot.press("e")
            seen.append(table(opened).cursor_index)
        assert seen == [2, 5, 7, 10]
        await pilot.press("e")
        assert "No further" in opened.screen.query_one(StatusLine).text


async def test_escape_leaves_step_by_step_zoom_filter_screen(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("f", "e", "enter")
        await settled(pilot)
        assert opened.screen.has_class("-zoomed")
        await pilot.press("escape")
        assert not opened.screen.has_class("-zoomed")
        await pilot.press("escape")
        await settled(pilot)
        assert opened.screen.query_one(FilterBar).value == ""
        await pilot.press("escape")
        await settled(pilot)
        assert opened.current_mode == "batches"


async def test_what_is_shown_is_saved_and_never_over_another_file(opened, settled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for _ in range(2):
            await pilot.press("f", "e", "s")
            await settled(pilot)
            await pilot.press("enter")
            await settled(pilot)
        assert "there already" in str(opened.screen.query_one(".problem").render())
    saved = (tmp_path / "classify-tickets.csv").read_text()
    assert saved.count("\n") == 2
    assert "T-90003" in saved


async def test_hostile_text_is_inert_in_list_and_inspector(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for _ in range(8):
            await pilot.press("j")
        await settled(pilot)
        assert opened.screen.query_one(TextView).is_mounted
        painted = opened.export_screenshot()
        assert "\x1b" not in painted
        assert "\u202e" not in painted
        assert "[/x]" in painted.replace("&#160;", " ")
