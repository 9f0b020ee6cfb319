from __future__ import annotations

import pytest
from textual.app import App

from claude_batch_tui.tui.widgets.json_rows import AT_ONCE, JsonRows, summary
from claude_batch_tui.tui.widgets.json_tree import JsonTree
from waiting import workers_done


class TreeApp(App):
    def __init__(self, value):
        super().__init__()
        self.value = value
        self.copied = []
        self.found = []

    def compose(self):
        yield JsonTree()

    def on_mount(self):
        self.json = self.query_one(JsonTree)
        self.json.show(self.value)
        self.json.focus()

    def on_json_tree_copied(self, event):
        self.copied.append(event.text)

    def on_json_tree_found(self, event):
        self.found.append((event.current, event.total))

    def lines(self):
        drawn = [self.json.render_line(y).text.rstrip("▐ ") for y in range(self.json.size.height)]
        return [line for line in drawn if line]


VALUE = {"a": 1, "b": {"c": [True, None], "d": "text"}, "e": []}


async def test_a_value_is_folded_and_unfolded_and_left_for_what_holds_it():
    app = TreeApp(VALUE)
    async with app.run_test(size=(40, 12)) as pilot:
        assert app.lines() == [
            ">- {3}",
            "     a: 1",
            "   - b: {2}",
            "     - c: [2]",
            "         0: true",
            "         1: null",
            '       d: "text"',
            "     e: []",
        ]
        await pilot.press("j", "j", "enter")
        assert app.lines() == [" - {3}", "     a: 1", ">  + b: {2}", "     e: []"]
        await pilot.press("l", "l")
        assert app.lines()[3] == ">    + c: [2]"
        await pilot.press("h", "h", "h", "h")
        assert app.lines() == [">+ {3}"]
        await pilot.press("plus")
        assert len(app.lines()) == 8
        await pilot.press("minus")
        assert len(app.lines()) == 4


async def test_value_and_path_under_the_cursor_are_copied():
    app = TreeApp(VALUE)
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("G", "k", "y", "Y", "g", "y")
        await pilot.pause()
        assert app.copied[:2] == ["text", "$.b.d"]
        assert app.copied[2].startswith('{\n  "a": 1')


async def test_search_unfolds_what_it_finds_and_goes_round():
    app = TreeApp({"first": "x", "deep": {"er": {"Needle": 1, "list": ["a needle", "b"]}}})
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("minus")
        app.json.find("needle")
        await workers_done(app)
        await pilot.pause()
        assert app.json.path == ("deep", "er", "Needle")
        await pilot.press("n")
        assert app.json.path == ("deep", "er", "list", 0)
        await pilot.press("n", "N")
        await pilot.pause()
        assert app.found == [(1, 2), (2, 2), (1, 2), (2, 2)]
        app.json.find("nowhere")
        await workers_done(app)
        await pilot.pause()
        assert app.found[-1] == (0, 0)


async def test_a_long_string_folds_out_into_rows():
    app = TreeApp({"text": "one line\n" * 5 + "end"})
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("j", "enter")
        assert [line.strip() for line in app.lines()[2:]] == ["one line"] * 5 + ["end"]


@pytest.mark.parametrize("value", [list(range(5_000)), "line\n" * 5_000], ids=["list", "text"])
def test_a_great_many_rows_come_in_parts(value):
    rows = JsonRows([value])
    index = next(i for i, row in enumerate(rows.rows) if row.value is value)
    if not rows.is_unfolded(index):
        rows.unfold(index)
    last = rows.row_count() - 1
    assert last - index == AT_ONCE + 1
    assert "more" in summary(rows.rows[last])
    rows.unfold(last)
    assert rows.row_count() - 1 - index == 2 * AT_ONCE + 1


def test_a_match_far_down_a_long_list_is_revealed():
    rows = JsonRows(["x"] * 3_000 + ["needle"])
    (path,) = rows.matches("NEEDLE")
    assert rows.rows[rows.reveal(path)].value == "needle"


def test_a_value_of_any_depth_is_opened_outermost_first():
    value = "core"
    for _ in range(3_000):
        value = [value]
    rows = JsonRows(value)
    rows.unfold_all()
    assert rows.reveal((0,) * 3_000) == 3_000


async def test_the_next_value_keeps_folds_cursor_and_place():
    app = TreeApp({"a": 1, "b": {"c": [True, None], "d": "text"}, "e": []})
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("j", "j", "enter")
        app.json.show({"a": 2, "b": {"d": "other"}, "z": 0}, keep_place=True)
        assert app.lines() == [" - {3}", "     a: 2", ">  + b: {1}", "     z: 0"]
        app.json.show([1], keep_place=True)
        assert app.lines() == [">- [1]", "     0: 1"]
        app.json.show(VALUE)
        assert len(app.lines()) == 8
