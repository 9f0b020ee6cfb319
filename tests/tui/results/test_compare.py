"""Comparing in the dashboard: two marked entries, or the open file with another."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.tui.results.compare import CompareScreen
from claude_batch_tui.tui.results.compare_rows import _from_difference
from claude_batch_tui.tui.results.screen import ResultsScreen
from claude_batch_tui.tui.widgets.lines import StatusLine, TabsLine, TwoSidedLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import paste


def write(path, answers):
    lines = []
    for custom_id, text in answers.items():
        usage = {"input_tokens": 100_000, "output_tokens": 10_000}
        content = [{"type": "text", "text": text}]
        message = {
            "model": "claude-haiku-4-5",
            "content": content,
            "usage": usage,
            "stop_reason": "end_turn",
        }
        result = {"type": "succeeded", "message": message} if text else {"type": "expired"}
        lines.append(json.dumps({"custom_id": custom_id, "result": result}))
    path.write_text("\n".join(lines) + "\n")
    return path


LETTER = "Dear customer,\n\nyour refund of 12.50 EUR\nis on its way.\n\nRegards"


@pytest.fixture
def files(tmp_path):
    left = write(tmp_path / "haiku.jsonl", {"T-1": "billing", "T-2": LETTER, "T-3": "", "T-4": "other"})
    answers = {"T-1": "billing", "T-2": LETTER.replace("12.50", "21.50"), "T-3": "bug", "T-9": "new"}
    return left, write(tmp_path / "sonnet.jsonl", answers)


@pytest.fixture
def opened(dashboard, filled, files):
    filled([])
    return dashboard(results=files[0])


def difference(app):
    view = app.screen.query_one("#detail", TextView)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def compare_files(pilot, settled, files):
    await settled(pilot)
    await pilot.press("equals_sign")
    await settled(pilot)
    await paste(pilot, str(files[1]))
    await pilot.press("enter")
    await settled(pilot)


async def test_two_files_are_joined_and_the_difference_of_a_pair_is_shown(opened, settled, files):
    async with opened.run_test(size=(120, 40)) as pilot:
        await compare_files(pilot, settled, files)
        assert isinstance(opened.screen, CompareScreen)
        counts = opened.screen.query_one("#counts", TwoSidedLine).render_line(0).text
        assert "in both 3 · same 1 (50.0%) · different 1 · one failed 1 · only in A 1 · only in B 1" in counts
        totals = opened.screen.query_one("#totals", TwoSidedLine).render_line(0).text
        assert "A  in 300,000 · out 30,000 · $0.22" in totals
        await pilot.press("e", "enter")
        await settled(pilot)
        shown = difference(opened)
        assert "- your refund of 12.50 EUR" in shown
        assert "+ your refund of 21.50 EUR" in shown
        assert "  is on its way." in shown


async def test_both_sides_are_named_at_80_columns_by_their_ends_too(dashboard, filled, settled, tmp_path):
    filled([])
    left, right = (
        write(tmp_path / f"nightly-labels-of-the-shop-{name}.jsonl", {"T-1": "bug"})
        for name in ("haiku", "sonnet")
    )
    app = dashboard(results=left)
    async with app.run_test(size=(80, 24)) as pilot:
        await compare_files(pilot, settled, (left, right))
        tabs = app.screen.query_one(TabsLine).render_line(0).text
        assert "haiku" in tabs
        assert tabs.rstrip().endswith("sonnet.jsonl")


@pytest.mark.slow
async def test_pairs_of_one_agreement_can_be_looked_at_alone(opened, settled, files):
    async with opened.run_test(size=(120, 40)) as pilot:
        await compare_files(pilot, settled, files)
        table = opened.screen.query_one("#list", VirtualList)
        seen = []
        for _ in range(6):
            await pilot.press("f")
            await settled(pilot)
            seen.append(table.row_count)
        assert seen == [1, 1, 1, 1, 1, 5]
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(opened.screen, ResultsScreen)


async def test_two_marked_entries_fill_the_screen_and_one_step_leads_back(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("space", "space", "equals_sign")
        await settled(pilot)
        assert "- billing" in difference(opened)
        assert "+ Dear customer," in difference(opened)
        await pilot.press("q")
        await settled(pilot)
        assert isinstance(opened.screen, ResultsScreen)


async def test_a_click_on_a_tab_leaves_a_comparison_as_its_key_does(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        for leave in (lambda: pilot.press("1"), lambda: pilot.click(TabsLine, offset=(2, 0))):
            await pilot.press("3")
            await settled(pilot)
            opened.screen.table.set_marks(["0", "1"])
            await pilot.press("equals_sign")
            await settled(pilot)
            assert isinstance(opened.screen, CompareScreen)
            await leave()
            await settled(pilot)
            assert opened.current_mode == "batches"
            assert len(opened.screen_stack) == 1


async def test_results_that_cannot_be_found_are_said_in_the_dialog(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("equals_sign")
        await settled(pilot)
        await pilot.press(*"nobody", "enter")
        await settled(pilot)
        assert "Nothing is called nobody" in str(opened.screen.query_one(".problem").render())


@pytest.mark.slow
async def test_a_file_that_is_none_of_results_is_said_on_the_screen(opened, settled, tmp_path):
    (tmp_path / "notes.txt").write_text("hello\n")
    async with opened.run_test(size=(80, 24)) as pilot:
        await compare_files(pilot, settled, (None, tmp_path / "notes.txt"))
        assert "not a results file" in opened.screen.query_one("#list", VirtualList).empty


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])
def test_the_comparison_as_a_picture(snap_compare, opened, settled, files, size):
    async def look(pilot):
        await compare_files(pilot, settled, files)
        await pilot.press("e")
        await settled(pilot)

    assert snap_compare(opened, terminal_size=size, run_before=look)


async def test_the_pairs_that_differ_are_saved_as_a_table(opened, settled, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with opened.run_test(size=(120, 40)) as pilot:
        await compare_files(pilot, settled, files)
        await pilot.press("s")
        await settled(pilot)
        assert "Save 4 pairs that differ" in str(opened.screen.query_one("#box").border_title)
        await pilot.press("enter")
        await settled(pilot)
        assert "4 pairs saved: " in opened.screen.query_one(StatusLine).text
    [saved] = tmp_path.glob("*.csv")
    assert [line.split(",")[0] for line in saved.read_text().splitlines() if line.startswith("T-")] == [
        "T-2",
        "T-3",
        "T-4",
        "T-9",
    ]


def test_a_row_begins_where_two_long_answers_begin_to_differ():
    same = "The customer writes that "
    assert _from_difference(same + "it broke", same + "all is well", "…") == (
        "…es that it broke",
        "…es that all is well",
    )
    assert _from_difference("short one", "short two", "…") == ("short one", "short two")
