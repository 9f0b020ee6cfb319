from __future__ import annotations

import time

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.screen import Screen

from claude_batch_tui.tui.widgets.roles import ROLE_CLASSES, role_css
from claude_batch_tui.tui.widgets.text_rows import TextRows, labeled
from claude_batch_tui.tui.widgets.text_view import TextView


def rows_of(text, width, *, wrap=True):
    rows = TextRows(text)
    rows.lay_out(width, wrap=wrap)
    return [rows.shown(rows.row(number)) for number in range(rows.reach(None))]


class RoleScreen(Screen):
    COMPONENT_CLASSES = ROLE_CLASSES


class TextApp(App):
    CSS = role_css()

    def get_default_screen(self):
        return RoleScreen(id="_default")

    def __init__(self, text, **settings):
        super().__init__()
        self.view = TextView(text, **settings)
        self.found = []

    def compose(self):
        yield self.view

    def on_mount(self):
        self.view.focus()

    def on_text_view_found(self, event):
        self.found.append((event.current, event.total))

    def lines(self):
        return [self.view.render_line(y).text.rstrip() for y in range(self.view.size.height)]


def test_a_line_goes_on_under_its_own_text_behind_a_label_too():
    lines = [
        labeled(" cost      at most one dollar"),
        labeled("in flight at most two"),
        (" indented on and on", "bad"),
    ]
    rows = TextRows(lines)
    rows.lay_out(18, wrap=True)
    made = [rows.row(number) for number in range(rows.reach(None))]
    assert [row.hang + rows.shown(row) for row in made] == [
        " cost      at most",
        "         one",
        "         dollar",
        "in flight at most",
        "         two",
        " indented on and",
        " on",
    ]


def test_long_lines_break_after_words_and_else_inside_them():
    assert rows_of("one two three\n\nabcdefghijkl", 8) == ["one two", "three", "", "abcdefgh", "ijkl"]


def test_wide_characters_never_stick_out():
    for width in (5, 6, 7):
        rows = rows_of("日本語のテキスト and more 日本語のテキスト", width)
        assert all(cell_len(row) <= width for row in rows)
        assert "".join(rows).replace(" ", "") == "日本語のテキストandmore日本語のテキスト"


def test_no_text_is_lost_by_wrapping():
    text = "lorem ipsum dolor sit amet, consectetur adipiscing elit " * 50
    for width in (7, 20, 79):
        assert "".join(rows_of(text, width)).replace(" ", "") == text.replace(" ", "")


def test_a_line_that_is_not_wrapped_is_one_row():
    assert rows_of("a" * 500 + "\nb", 10, wrap=False) == ["a" * 500, "b"]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["x" * 5_000_000, "word " * 1_000_000, "line\n" * 1_000_000])
async def test_five_megabytes_open_at_once(text):
    app = TextApp("")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        start = time.perf_counter()
        app.view.show(text)
        app.lines()
        assert time.perf_counter() - start < 0.3
        assert app.view._rows.known < 2_000


async def test_keys_scroll_as_everywhere_else():
    app = TextApp("\n".join(str(number) for number in range(100)))
    async with app.run_test(size=(20, 10)) as pilot:
        for key, first in [
            ("j", "1"),
            ("down", "2"),
            ("k", "1"),
            ("pagedown", "10"),
            ("pageup", "1"),
            ("G", "90"),
            ("j", "90"),
            ("g", "0"),
            ("end", "90"),
            ("home", "0"),
            ("ctrl+d", "4"),
            ("ctrl+u", "0"),
        ]:
            await pilot.press(key)
            above, *_, below = (line.split() for line in app.lines())
            assert above == [first, *(["▲"] if first != "0" else [])], key
            assert below[1:] == (["▼"] if first != "90" else []), key


async def test_search_finds_goes_round_and_shows_the_match():
    text = "\n".join("needle" if number in {5, 50, 80} else f"hay {number}" for number in range(100))
    app = TextApp(text)
    async with app.run_test(size=(40, 10)) as pilot:
        app.view.find("NEEDLE")
        await pilot.press("n", "n", "n", "N")
        assert app.found == [(1, 3), (2, 3), (3, 3), (1, 3), (3, 3)]
        assert "needle" in app.lines()
        line = app.view.render_line(app.lines().index("needle"))
        assert line._segments[0].style.reverse
        app.view.find("nowhere")
        await pilot.pause()
        assert app.found[-1] == (0, 0)


async def test_search_counts_from_where_the_reader_is():
    app = TextApp("\n".join("needle" if number in {5, 50} else "hay" for number in range(100)))
    async with app.run_test(size=(40, 10)) as pilot:
        app.view.action_scroll(20)
        app.view.find("needle")
        await pilot.pause()
        assert app.found == [(2, 2)]


async def test_wrapping_can_be_turned_off_and_the_text_moved_sideways():
    app = TextApp("0123456789" * 5)
    async with app.run_test(size=(20, 10)) as pilot:
        assert app.lines()[:3] == ["0123456789" * 2, "0123456789" * 2, "0123456789"]
        await pilot.press("w", "greater_than_sign")
        assert app.lines()[:2] == ["67890123456789012345", ""]
        await pilot.press("less_than_sign")
        assert app.lines()[0] == "0123456789" * 2


async def test_styled_lines_keep_their_style_and_controls_are_visible():
    app = TextApp([("heading", "strong"), ("\x1b[2Jtext\tend", None)])
    async with app.run_test(size=(40, 5)):
        assert app.view.render_line(0)._segments[0].style.bold
        assert app.lines()[1] == "␛[2Jtext    end"


class DeafView(TextView):
    """Is painted before it hears of its size, as happens on a screen that changes its layout for the first rows."""

    def on_resize(self, event):
        event.prevent_default()


async def test_a_text_given_before_there_is_a_width_is_wrapped_when_it_is_painted():
    app = TextApp("")
    app.view = DeafView()
    app.view.show("one two three four five")
    async with app.run_test(size=(20, 4)):
        assert app.lines() == ["one two three four", "five", "", ""]
