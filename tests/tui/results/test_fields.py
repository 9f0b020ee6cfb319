"""Fields of JSON answers as columns of the list."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.tui.widgets.inputs import FilterBar
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import paste


@pytest.fixture
def results_file(tmp_path):
    """Answers in JSON, and one that was refused."""
    path = tmp_path / "labels.jsonl"
    answers = [
        json.dumps({"label": label, "score": score})
        for label, score in (("bug", 2), ("billing", 10), ("bug", 1))
    ]
    answers.append(json.dumps({"label": "other", "late": "x"}))
    with path.open("w") as file:
        for number, text in enumerate([*answers, "I cannot say"]):
            stop = "end_turn" if text[0] == "{" else "refusal"
            message = {"content": [{"type": "text", "text": text}], "stop_reason": stop}
            line = {"custom_id": f"r{number}", "result": {"type": "succeeded", "message": message}}
            file.write(json.dumps(line) + "\n")
    return path


@pytest.fixture
def opened(dashboard, filled, results_file):
    filled([])
    return dashboard(results=results_file)


def lines(app):
    table = app.screen.query_one("#list", VirtualList)
    return [" ".join(table.render_line(y).text.split()) for y in range(table.row_count + 1)]


async def test_fields_are_columns_that_sort_by_number_filter_by_name_and_complete(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("V")
        await settled(pilot)
        assert lines(opened)[:2] == ["# CUSTOM_ID S STOP label score late", "> 1 r0 ✓ end bug 2"]
        assert opened.screen.query_one(StatusLine).text.startswith("3 fields: > and < shift them")
        assert lines(opened)[4:] == ["4 r3 ✓ end other x", "5 r4 r refused I cannot say"]
        await pilot.press("o", "2")
        await settled(pilot)
        assert [line.split()[-1] for line in lines(opened)[1:4]] == ["1", "2", "10"]
        await pilot.press("greater_than_sign")
        await settled(pilot)
        assert lines(opened)[0] == "# CUSTOM_ID S STOP score late"
        await pilot.press("slash")
        await paste(pilot, "json.la")
        await pilot.press("tab")
        assert opened.screen.query_one(FilterBar).value == "json.label="
        await pilot.press("b", "tab", "tab")
        await settled(pilot)
        assert opened.screen.query_one(FilterBar).value == "json.label=billing"
        assert len(lines(opened)) == 2
        await pilot.press("enter", "V")
        await settled(pilot)
        assert lines(opened)[0].endswith("TEXT")


async def test_columns_of_fields_leave_without_a_word_where_another_file_has_none(opened, settled, tmp_path):
    plain = tmp_path / "plain.jsonl"
    message = {"content": [{"type": "text", "text": "words"}], "stop_reason": "end_turn"}
    plain.write_text(
        json.dumps({"custom_id": "a", "result": {"type": "succeeded", "message": message}}) + "\n"
    )
    async with opened.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("V")
        await settled(pilot)
        opened.screen.query_one(StatusLine).clear()
        await pilot.press("O")
        await settled(pilot)
        await paste(pilot, str(plain))
        await pilot.press("enter")
        await settled(pilot)
        assert "> 1 a" in lines(opened)[1]
        assert not opened.screen.has_class("-spread")
        assert "no fields" not in opened.screen.query_one(StatusLine).text


async def test_where_no_answer_is_json_there_are_no_fields_and_that_is_said(
    dashboard, filled, settled, tmp_path
):
    filled([])
    path = tmp_path / "plain.jsonl"
    message = {"content": [{"type": "text", "text": "words"}], "stop_reason": "end_turn"}
    path.write_text(
        json.dumps({"custom_id": "a", "result": {"type": "succeeded", "message": message}}) + "\n"
    )
    app = dashboard(results=path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("V")
        await settled(pilot)
        assert "no fields" in app.screen.query_one(StatusLine).text
        assert not app.screen.has_class("-spread")
