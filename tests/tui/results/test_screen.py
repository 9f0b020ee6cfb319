"""Keys of the results screen on a file with every kind of entry."""

from __future__ import annotations

import pytest
from textual import events

from claude_batch_tui.tui.results.error_groups_dialog import ErrorGroupsDialog
from claude_batch_tui.tui.widgets.inputs import FilterBar
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import paste, reached


@pytest.fixture
def opened(dashboard, filled, results_file):
    filled([])
    return dashboard(results=results_file)


def table(app):
    return app.screen.query_one("#list", VirtualList)


def ids(app):
    rows = table(app)._source
    return [rows.file.results.index.custom_id(position) for position in rows.positions]


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
        assert (
            "is a number: compare it with" in opened.screen.query_one(StatusLine).text
        )  # beside the filter it is cut
        await pilot.press("escape")
        await reached(pilot, lambda: not opened.screen.query_one(StatusLine).text)


async def test_letters_typed_ahead_of_the_filter_belong_to_it_and_are_no_keys_of_the_list(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key, character in (("slash", "/"), ("x", "x"), ("e", "e"), ("slash", "/")):
            opened.post_message(events.Key(key, character))
        await settled(pilot)
        assert opened.screen.query_one(FilterBar).value == "xe/"
        assert table(opened).cursor_index == 0


async def test_a_slash_in_the_inspector_finds_in_the_entry(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("tab")
        for key, character in (("slash", "/"), ("b", "b"), ("i", "i")):
            opened.post_message(events.Key(key, character))
        await settled(pilot)
        assert opened.screen.query_one(FilterBar).value == ""
        assert opened.screen.inspector.query_one(FilterBar).value == "bi"


async def test_e_goes_from_one_that_is_not_good_to_the_next(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        seen = []
        for _ in range(6):
            await pilot.press("e")
            seen.append(table(opened).cursor_index)
        assert seen == [2, 3, 5, 7, 9, 10]
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


async def test_words_are_found_in_answers_while_they_are_typed(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"text:refund")
        await settled(pilot)
        assert ids(opened) == ["T-90004"]
        assert "1 of 11" in str(opened.screen.query_one("#note").render())


async def test_o_and_a_letter_sort_and_the_same_again_reverses(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("o", "n")
        await settled(pilot)
        assert ids(opened)[0] == "T-90004"
        assert table(opened).cursor_index == 0
        await pilot.press("o", "n")
        await settled(pilot)
        assert ids(opened)[-1] == "T-90004"
        await pilot.press("o", "f")
        await settled(pilot)
        assert ids(opened)[0] == "T-90001"


async def test_tab_completes_what_is_typed_and_goes_through_the_choices(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        bar = opened.screen.query_one(FilterBar)
        await pilot.press("slash", *"outc", "tab")
        assert bar.value == "outcome="
        await pilot.press("e", "tab")
        assert bar.value == "outcome=errored"
        await pilot.press("tab")
        assert bar.value == "outcome=expired"
        await settled(pilot)
        assert ids(opened) == ["T-90006"]


async def test_filters_come_back_with_up_and_go_with_down(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        bar = opened.screen.query_one(FilterBar)
        for text in ("T-90001", "T-90002"):
            await pilot.press("slash")
            await paste(pilot, text)
            await settled(pilot)
            await pilot.press("enter")
            await settled(pilot)
            await pilot.press("escape")
            await settled(pilot)
        await pilot.press("slash", "x", "up", "up")
        assert bar.value == "T-90001"
        await pilot.press("down", "down")
        assert bar.value == "x"
        await pilot.press("down")
        await settled(pilot)
        assert table(opened).has_focus


async def test_errors_are_listed_by_message_and_one_becomes_the_filter(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("f", "m")
        await settled(pilot)
        assert isinstance(opened.screen, ErrorGroupsDialog)
        await pilot.press("enter")
        await settled(pilot)
        assert ids(opened) == ["T-90003"]


@pytest.fixture
def own_columns(monkeypatch):
    monkeypatch.setenv("CBTUI_RESULTS_COLUMNS", "cost,class,custom_id")


async def test_columns_are_those_of_the_setting_in_its_order(own_columns, opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        cells = table(opened)._source.cells(3)
        assert [getattr(cell, "text", cell) for cell in cells] == ["0.003162", "cut", "T-90004"]


async def test_a_dialog_opened_ahead_does_not_keep_a_file_from_opening(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon")
        opened.open_file(opened._opens)
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert len(ids(opened)) == 11
