from __future__ import annotations

from typing import ClassVar

import pytest
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Static

from claude_batch_tui.tui.widgets.columns import cells, cut_inside, wrapped
from claude_batch_tui.tui.widgets.inputs import FilterBar, LineInput
from claude_batch_tui.tui.widgets.key_line import Hint, KeyLine, compose_hints, declared_hints, key_name
from claude_batch_tui.tui.widgets.lines import StatusLine, TabsLine, TitleLine


class Lines(App):
    BINDINGS: ClassVar = [
        Binding("colon", "nothing", "cmd", id="app.palette"),
        Binding("question_mark", "nothing", "help", id="app.help"),
    ]

    def compose(self):
        yield TitleLine("BATCHES")
        yield TabsLine(1)
        yield Focusable("")
        yield FilterBar()
        yield StatusLine("resting")
        yield KeyLine()

    def on_mount(self):
        self.query_one(Focusable).focus()
        self.heard = []

    def on_filter_bar_changed(self, event):
        self.heard.append(event.value)

    def on_filter_bar_left(self):
        self.query_one(Focusable).focus()

    def on_tabs_line_chosen(self, event):
        self.heard.append(event.number)

    def line(self, kind):
        return self.query_one(kind).render_line(0).text


class Focusable(Static, can_focus=True):
    BINDINGS: ClassVar = [
        Binding("enter,l", "nothing", "open", id="list.open"),
        Binding("x", "nothing", "cancel", id="list.cancel"),
        Binding("j", "nothing", "down", id="list.down", show=False),
    ]


def hint(key, label, *, is_global=False, enabled=True):
    return Hint(f"x.{key}", (key,), label, "", "nothing", enabled, show=True, is_global=is_global)


def text(runs):
    return "".join(run.text for run in runs)


def test_hints_are_never_cut_and_the_apps_stay_longest():
    hints = [
        hint("enter", "open"),
        hint("space", "mark"),
        hint("x", "cancel"),
        hint(":", "cmd", is_global=True),
        hint("?", "help", is_global=True),
    ]
    many = [*hints, *(hints[0]._replace(id=f"test.{number}", label="do this") for number in range(9))]
    assert text(compose_hints(many, 100)).endswith("  : cmd  ? help")
    assert text(compose_hints(many, 99)).endswith("  :  ?")
    assert text(compose_hints(hints, 80)) == " enter open  space mark  x cancel  : cmd  ? help"
    assert text(compose_hints(hints, 45)) == " enter open  space mark  x cancel  : cmd  ?"
    assert text(compose_hints(hints, 39)) == " enter open  space mark  x cancel  :  ?"
    assert text(compose_hints(hints, 20)) == " enter open  :  ?"
    for width in range(1, 60):
        line = text(compose_hints(hints, width))
        assert len(line) <= max(width, 1)
        assert all(part in " enter open  space mark  x cancel  : cmd  ? help" for part in line.split("  "))


def test_greyed_keys_are_dim():
    [_, _, *runs] = compose_hints([hint("x", "cancel", enabled=False)], 40)
    assert runs == [("x", "dim"), (" cancel", "dim")]


def test_keys_are_written_as_the_keyboard_shows_them():
    keys = ["question_mark", "slash", "ctrl+d", "escape", "pagedown", "shift+up", "G", "left_square_bracket"]
    assert [key_name(key) for key in keys] == ["?", "/", "^d", "esc", "pgdn", "shift+↑", "G", "["]
    assert key_name("shift+up", ascii_only=True) == "shift+up"
    assert [hint.keys for hint in declared_hints(Focusable.BINDINGS)] == [("enter", "l"), ("x",), ("j",)]


async def test_the_key_line_follows_the_focus():
    app = Lines()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        assert app.line(KeyLine).rstrip() == " enter open  x cancel  : cmd  ? help"
        app.query_one(FilterBar).open()
        await pilot.pause()
        assert "enter to the list" in app.line(KeyLine)
        assert "cancel" not in app.line(KeyLine)


async def test_the_filter_acts_at_once_and_esc_clears_then_leaves():
    app = Lines()
    async with app.run_test(size=(60, 12)) as pilot:
        bar = app.query_one(FilterBar)
        assert not bar.display
        bar.open()
        await pilot.press("a", "b")
        await pilot.pause()
        assert bar.value == "ab"
        assert app.heard[-1] == "ab"
        bar.show_count(3, 1200, "1 errored")
        await pilot.press("escape")
        assert bar.value == ""
        assert bar.has_pseudo_class("focus-within")
        await pilot.press("escape")
        await pilot.pause()
        assert app.focused is app.query_one(Focusable)
        assert not bar.display


async def test_a_filter_that_is_kept_stays_visible():
    app = Lines()
    async with app.run_test(size=(60, 12)) as pilot:
        bar = app.query_one(FilterBar)
        bar.open()
        await pilot.press("a", "enter")
        await pilot.pause()
        assert app.focused is app.query_one(Focusable)
        assert bar.display
        bar.show_error("id takes = or :, not [/x]")
        await pilot.pause()
        assert bar.query_one("#note").has_class("-error")
        assert "not [/x]" in str(bar.query_one("#note", Static).content)


async def test_messages_leave_the_status_line_after_a_while():
    app = Lines()
    async with app.run_test(size=(60, 12)) as pilot:
        line = app.query_one(StatusLine)
        line.say("3 downloaded", seconds=0.05)
        assert app.line(StatusLine).strip() == "3 downloaded"
        await pilot.pause(0.2)
        assert app.line(StatusLine).strip() == "resting"
        line.say("offline since 14:02", "error")
        line.rest("2 marked")
        assert app.line(StatusLine) == f"{' ▲ offline since 14:02':<60}"
        line.clear()
        assert app.line(StatusLine) == f"{' 2 marked':<60}"


async def test_a_message_that_is_longer_than_the_line_goes_on_below_and_leaves_no_row_behind():
    app = Lines()
    async with app.run_test(size=(60, 12)) as pilot:
        line = app.query_one(StatusLine)
        line.say(
            "Message Batch msgbatch_0123456789 was not found (HTTP 404). Look at its id: this workspace has none.",
            "error",
        )
        await pilot.pause()
        rows = [line.render_line(y).text.strip() for y in range(line.size.height)]
        assert " ".join(rows) == f"▲ {line.text}"
        assert len(rows) == 2
        await pilot.resize_terminal(130, 12)
        await pilot.pause()
        assert line.size.height == 1
        line.say("long words " * 60)
        line.say("3 downloaded")
        await pilot.pause()
        assert (line.size.height, app.line(StatusLine).strip()) == (1, "3 downloaded")
        line.say("long words " * 60)
        await pilot.pause()
        assert line.size.height == 3
        assert line.render_line(2).text.rstrip().endswith("…")
        line.clear()
        await pilot.pause()
        assert (line.size.height, app.line(StatusLine).strip()) == (1, "resting")


async def test_what_happens_by_itself_stands_behind_the_answer_to_a_key():
    app = Lines()
    async with app.run_test(size=(60, 12)):
        line = app.query_one(StatusLine)
        line.tell("b ended", "error")
        line.tell("c ended")
        assert app.line(StatusLine).strip() == "c ended"
        line.say("72 results saved")
        line.tell("d ended")
        line.tell("e ended", "error")
        assert app.line(StatusLine).strip() == "72 results saved   ▲ e ended"
        line.yield_note()
        assert app.line(StatusLine).strip() == "resting"
        line.say("it was refused", "error")
        line.yield_note()
        assert app.line(StatusLine).strip() == "▲ it was refused"
        line.clear()
        line.tell("f ended", "error")
        line.yield_note()
        assert app.line(StatusLine).strip() == "resting"


async def test_an_answer_stays_its_time_though_something_happens_meanwhile():
    app = Lines()
    async with app.run_test(size=(60, 12)):
        line = app.query_one(StatusLine)
        line.say("Sent; waiting for the answer …", seconds=60.0)
        line.tell("d ended")
        assert app.line(StatusLine).strip() == "Sent; waiting for the answer …   d ended"
        assert line._expiry._interval > 50


@pytest.mark.parametrize("word", ["答えは", "answer"])
def test_rows_are_as_wide_as_their_cells_and_nothing_between_them_is_lost(word):
    text = " ".join([word] * 20)
    rows = wrapped(text, 30, most=9)
    assert all(cells(row) <= 30 for row in rows)
    assert " ".join(rows) == text
    assert wrapped(text, 30, most=2) == [rows[0], " ".join(rows[1:])]
    assert "".join(wrapped(word * 20, 30, most=9)) == word * 20


def test_a_name_is_cut_inside_to_the_cells_it_has():
    assert cells(cut_inside("夜の店のラベル-haiku", 12)) <= 12
    assert cut_inside("夜の店のラベル-haiku", 12).endswith("-haiku")


async def test_what_happened_meanwhile_stands_below_an_answer_that_leaves_no_room_behind_it():
    app = Lines()
    async with app.run_test(size=(60, 12)) as pilot:
        line = app.query_one(StatusLine)
        line.say("72 results saved: answers.csv in ~/work/of/the/week")
        line.tell("auto_download = true in config.toml downloads results")
        await pilot.pause()
        assert [line.render_line(y).text.strip() for y in range(line.size.height)] == [
            "72 results saved: answers.csv in ~/work/of/the/week",
            "auto_download = true in config.toml downloads results",
        ]


async def test_the_title_keeps_its_right_part_longest():
    app = Lines()
    async with app.run_test(size=(60, 12)):
        line = app.query_one(TitleLine)
        line.show(left="3 running · 1 new result", right="● live · 12s", right_style="good")
        assert app.line(TitleLine) == f"{' cbtui  BATCHES   3 running · 1 new result':<47}● live · 12s "
        line.show(left="a very long left part that has no room at all", right="● live · 12s")
        assert app.line(TitleLine).endswith("that…  ● live · 12s ")
        assert len(app.line(TitleLine)) == 60


async def test_tabs_show_where_we_are_and_can_be_clicked():
    app = Lines()
    async with app.run_test(size=(60, 12)) as pilot:
        app.query_one(TabsLine).show(active=2, right="sort: age ↓")
        assert app.line(TabsLine) == f"{' 1 Batches [2 Build] 3 Results ':<48}sort: age ↓ "
        await pilot.click(TabsLine, offset=(25, 0))
        assert app.heard == [3]


async def test_lines_that_look_the_same_are_not_painted_again(monkeypatch):
    app = Lines()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        line = app.query_one(TitleLine)
        line.show(left="3 running")
        await pilot.pause()
        painted = []
        monkeypatch.setattr(line, "refresh", lambda *_, **__: painted.append(1))
        line.show(left="3 running")
        assert painted == []
        line.show(left="4 running")
        assert painted == [1]


async def test_the_input_does_not_blink():
    class Field(Screen):
        def compose(self):
            yield LineInput("x")

    app = App()
    async with app.run_test() as pilot:
        await app.push_screen(Field())
        await pilot.pause()
        assert not app.screen.query_one(LineInput).cursor_blink
