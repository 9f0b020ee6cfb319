from __future__ import annotations

import time

import pytest
from textual.app import App
from textual.widgets import Input

from claude_batch_tui.tui.widgets.columns import Cell, Column, compose_row, place
from claude_batch_tui.tui.widgets.list_canvas import ListWindow
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from listed import Listed

COLUMNS = [Column("S", 1), Column("NAME"), Column("REQS", 7, align="right"), Column("AGE", 5, drop=1)]


class Numbers:
    """Rows made up when they are asked for."""

    def __init__(self, count):
        self.count = count
        self.asked = 0
        self.suffix = ""

    def row_count(self):
        return self.count

    def key(self, index):
        return f"k{index}"

    def cells(self, index):
        self.asked += 1
        return ("✓", f"row {index}{self.suffix if index == 2 else ''}", f"{index:,}", "1m")


class ListApp(App):
    def __init__(self, source, columns=COLUMNS, **settings):
        super().__init__()
        self.list = VirtualList(columns, source, **settings)
        self.heard = []

    def compose(self):
        yield self.list
        yield Input()

    def on_mount(self):
        self.list.focus()

    def on_virtual_list_highlighted(self, event):
        self.heard.append(("highlighted", event.key))

    def on_virtual_list_opened(self, event):
        self.heard.append(("opened", event.key))

    def on_virtual_list_marks_changed(self, event):
        self.heard.append(("marks", set(event.marks)))

    def lines(self):
        return [self.list.render_line(y).text for y in range(self.list.size.height)]


def names(*items):
    return Listed(str, lambda item: ("✓", item, "1", "2m"), items)


async def test_only_visible_rows_are_asked_for():
    source = Numbers(1_000_000)
    async with ListApp(source).run_test(size=(60, 20)) as pilot:
        await pilot.press("G", "g", "pagedown")
        assert source.asked < 400


async def test_keys_move_the_cursor_as_everywhere_else():
    app = ListApp(Numbers(100))
    async with app.run_test(size=(60, 13)) as pilot:
        visible = app.list.size.height - 1
        for key, index in [
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("up", 0),
            ("G", 99),
            ("down", 99),
            ("home", 0),
            ("end", 99),
            ("g", 0),
            ("pagedown", visible - 1),
            ("pageup", 0),
            ("ctrl+d", (visible - 1) // 2),
            ("ctrl+u", 0),
        ]:
            await pilot.press(key)
            assert app.list.cursor_index == index, key


async def test_the_cursor_and_marks_are_seen_without_color():
    app = ListApp(Numbers(5))
    async with app.run_test(size=(60, 13)) as pilot:
        await pilot.press("space")
        assert [line[:2] for line in app.lines()[1:4]] == [" *", "> ", "  "]


async def test_the_cursor_stays_on_its_key_when_rows_come_go_and_move():
    source = names("a", "b", "c")
    app = ListApp(source)
    async with app.run_test(size=(60, 13)) as pilot:
        await pilot.press("j")
        source.items = ["new", "c", "b", "a"]
        app.list.rows_changed()
        assert (app.list.cursor_key, app.list.cursor_index) == ("b", 2)
        source.items = ["new", "c", "a"]
        app.list.rows_changed()
        assert app.list.cursor_key == "a"
        source.items = []
        app.list.rows_changed()
        assert app.list.cursor_key is None
        source.items = ["x"]
        app.list.rows_changed()
        assert app.list.cursor_key == "x"


async def test_a_source_that_cannot_find_keys_is_searched_around_the_cursor():
    source = Numbers(1000)
    app = ListApp(source)
    async with app.run_test(size=(60, 13)):
        app.list.go_to(500)
        source.key = lambda index: f"k{index - 3}"
        app.list.rows_changed()
        assert (app.list.cursor_key, app.list.cursor_index) == ("k500", 503)


async def test_the_row_under_the_cursor_stays_on_its_line_when_rows_come_above():
    source = names(*(f"n{number}" for number in range(100)))
    app = ListApp(source)
    async with app.run_test(size=(60, 13)):
        app.list.go_to(50)
        before = [line[0] for line in app.lines()].index(">")
        source.items = ["first", "second", *(f"n{number}" for number in range(100))]
        app.list.rows_changed()
        assert app.list.cursor_key == "n50"
        assert [line[0] for line in app.lines()].index(">") == before


@pytest.mark.slow
async def test_a_million_rows_are_as_quick_as_a_thousand():
    took = {}
    for count in (1_000, 1_000_000):
        app = ListApp(Numbers(count))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            start = time.perf_counter()
            for _ in range(20):
                app.list.action_last()
                app.list.rows_changed()
                app.list.action_first()
                app.lines()
            took[count] = time.perf_counter() - start
    assert took[1_000_000] < 4 * took[1_000] + 0.05


async def test_marks_are_keys_and_survive_other_rows():
    source = names("a", "b", "c")
    app = ListApp(source)
    async with app.run_test(size=(60, 13)) as pilot:
        await pilot.press("space", "shift+down")
        assert app.list.marks == {"a", "b", "c"}
        await pilot.press("u")
        assert app.list.targets == ["c"]
        app.list.set_marks(["b"])
        source.items = ["c", "x"]
        app.list.rows_changed()
        await pilot.pause()
        assert app.list.targets == ["b"]
        assert app.heard[-1] == ("marks", {"b"})


async def test_enter_right_and_l_open_and_asterisk_marks_all():
    app = ListApp(names("a", "b"))
    async with app.run_test(size=(60, 13)) as pilot:
        await pilot.press("enter", "right", "l", "asterisk")
        assert [what for what, _ in app.heard if what != "highlighted"] == ["opened"] * 3 + ["marks"]
        assert app.list.marks == {"a", "b"}


async def test_a_click_moves_the_cursor_and_a_double_click_opens():
    app = ListApp(names("a", "b", "c"))
    async with app.run_test(size=(60, 13)) as pilot:
        await pilot.click(app.list, offset=(5, 3))
        assert app.list.cursor_key == "c"
        await pilot.click(app.list, offset=(5, 2), times=2)
        assert ("opened", "b") in app.heard


async def test_an_empty_list_says_what_to_do():
    app = ListApp(names(), empty=f"No batches yet.\n  n builds one{' of many rows' * 6}.")
    async with app.run_test(size=(60, 13)):
        assert "No batches yet." in app.lines()[1]
        assert "n builds one" in app.lines()[2]
        assert app.lines()[3].index("many") == app.lines()[2].index("n builds")


async def test_a_change_repaints_only_the_cells_that_changed(monkeypatch):
    source = Numbers(100)
    app = ListApp(source)
    async with app.run_test(size=(60, 13)) as pilot:
        await pilot.pause()
        asked = []
        monkeypatch.setattr(app.list, "refresh", lambda *regions, **_: asked.extend(regions))
        app.list.rows_changed()
        assert asked == []
        source.suffix = "!"
        app.list.rows_changed()
        assert [(region.y, region.width) for region in asked] == [(3, 1)]
        asked.clear()
        app.list.action_move(1)
        assert sorted(region.y for region in asked) == [1, 2]


def test_columns_leave_by_priority_and_the_flexible_one_fills_the_width():
    columns = [
        Column("S", 1),
        Column("NAME", min_width=10),
        Column("AGE", 5, drop=1),
        Column("LEFT", 5, drop=2),
    ]
    assert [spot.column for spot in place(columns, 40)] == [0, 1, 2, 3]
    assert [spot.column for spot in place(columns, 20)] == [0, 1, 2]
    assert [spot.column for spot in place(columns, 13)] == [0, 1]
    for width in range(12, 90):
        places = place(columns, width)
        assert places[-1].x + places[-1].width == width


def test_flexible_columns_share_by_weight_up_to_their_maximum():
    columns = [Column("A", weight=1), Column("B", weight=3), Column("C", max_width=8)]
    widths = [spot.width for spot in place(columns, 82)]
    assert widths[2] == 8
    assert sum(widths) == 80
    assert widths[1] > widths[0]


def test_cells_are_cut_aligned_spanned_and_drawn_for_their_width():
    columns = [Column("A", 6), Column("B", 6, align="right"), Column("C", 6)]
    places = place(columns, 20)

    def text(*cells):
        return "".join(run.text for run in compose_row(cells, columns, places, "…"))

    assert text("abcdefgh", "12", "x") == "abcde…     12 x     "
    assert text("a", Cell(lambda width: "#" * width, span=2), "hidden") == "a      #############"
    assert text("日本語日本", "1", "tab\there") == "日本 …      1 tab h…"
    assert text() == " " * 20


def test_blanks_between_cells_cost_no_change_of_style():
    columns = [Column("A", 3), Column("B", 3)]
    runs = compose_row([Cell("a", "good"), Cell("b", "good")], columns, place(columns, 7), "…")
    assert [tuple(run) for run in runs] == [("a   b  ", "good")]


def test_the_window_never_leaves_the_rows():
    window = ListWindow()
    window.resize(10)
    window.change_rows(25, 0)
    for step in (1, 5, 30, -3, -100, 24):
        window.move_cursor(window.cursor + step)
        assert 0 <= window.cursor < 25
        assert window.shows(window.cursor)
        assert 0 <= window.top <= 15
    window.change_rows(3, window.cursor)
    assert (window.top, window.cursor) == (0, 2)
