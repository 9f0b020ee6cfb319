from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from claude_batch_tui.config import Config
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.tui.base import CbtuiApp, TooSmallNotice
from claude_batch_tui.tui.dashboard import check_action
from claude_batch_tui.tui.dialogs.help import HelpDialog, HelpPage, page_lines
from claude_batch_tui.tui.dialogs.palette import Palette
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, InputDialog, TypedConfirmDialog
from claude_batch_tui.tui.widgets.inputs import FilterBar, LineInput
from claude_batch_tui.tui.widgets.key_line import KeyLine, declared_hints
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.text_view import TextView
from waiting import happened, reached

HERE = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Work(Screen):
    BINDINGS: ClassVar = [
        Binding("x", "cancel", "cancel", id="work.cancel", tooltip="cancel on the server"),
        Binding("D", "delete", "delete", id="work.delete", tooltip="delete from the server"),
    ]
    help_title = "Work"
    running = False

    def compose(self):
        yield TextView("text")
        yield FilterBar()
        yield StatusLine()
        yield KeyLine()

    def on_mount(self):
        self.query_one(TextView).focus()

    def reason_disabled(self, action, parameters):
        return "this batch already ended" if action == "delete" else None

    def check_action(self, action, parameters):
        return check_action(self, super().check_action(action, parameters), action, parameters)

    def palette_actions(self):
        return {"show prices": "prices"}

    def action_cancel(self):
        self.app.done.append("cancel")

    def action_delete(self):
        self.app.done.append("delete")

    def action_prices(self):
        self.app.done.append("prices")

    def cancel_running(self):
        was, self.running = self.running, False
        return was


class WorkApp(CbtuiApp):
    def __init__(self, *, environ=HERE, **settings):
        folder = Path("/dev/null/nowhere")  # where a crash makes none
        super().__init__(
            Config(data_dir=folder, state_dir=folder, config_dir=folder, **settings), environ=environ
        )
        self.done = []

    def on_mount(self):
        self.push_screen(Work())

    def help_pages(self):
        return [
            HelpPage(
                "Other", declared_hints([Binding("o", "open", "open", id="other.open", tooltip="open it")])
            )
        ]


async def test_ctrl_c_leaves_only_the_second_time():
    app = WorkApp()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+c")
        assert app.messages[-1] == ("Press ctrl+c again to leave.", "note")
        assert app.is_running
        await pilot.press("ctrl+c")
    assert app.return_code == 130


async def test_ctrl_c_first_stops_what_runs_or_empties_the_input():
    app = WorkApp()
    async with app.run_test() as pilot:
        app.screen.running = True
        await pilot.press("ctrl+c")
        assert not app.screen.running
        assert not app.messages
        app.screen.query_one(FilterBar).open()
        await pilot.press("a", "ctrl+c")
        assert app.screen.query_one(FilterBar).value == ""
        assert not app.messages


async def test_a_greyed_key_says_why():
    app = WorkApp()
    async with app.run_test() as pilot:
        await pilot.press("D", "x")
        assert app.messages[-1] == ("delete: this batch already ended", "note")
        assert app.done == ["cancel"]
        assert app.screen.query_one(StatusLine).text == "delete: this batch already ended"


async def test_notices_become_lines_and_are_never_markup():
    app = WorkApp()
    async with app.run_test():
        app.notify("[/x] done", title="Download", severity="error")
        assert app.messages[-1] == ("Download: [/x] done", "error")


async def test_a_terminal_that_is_too_small_says_so_until_it_is_not():
    app = WorkApp()
    async with app.run_test(size=(60, 15)) as pilot:
        assert isinstance(app.screen, Work)
        await pilot.resize_terminal(59, 15)
        await pilot.pause(0.3)
        assert isinstance(app.screen, TooSmallNotice)
        assert "59 × 15" in app.screen.query_one("Static").render().plain
        await pilot.press("x", "f1")
        assert app.done == []
        await pilot.resize_terminal(80, 24)
        await pilot.pause(0.3)
        assert isinstance(app.screen, Work)


async def test_help_lists_what_works_here_and_by_tab_everywhere_and_can_be_searched():
    app = WorkApp()
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        view = app.screen.query_one(TextView)
        assert "cancel on the server" in view._rows.text
        assert "open it" not in view._rows.text
        await pilot.press("tab")
        assert "open it" in view._rows.text
        await pilot.press("slash", *"server", "enter")
        await pilot.pause()
        assert "delete from the server" in view._rows.text
        assert "open it" not in view._rows.text
        await pilot.press("q")
        assert isinstance(app.screen, Work)
        await pilot.press("f1")
        assert isinstance(app.screen, HelpDialog)


async def test_help_has_the_guide_and_a_search_finds_what_it_says():
    app = WorkApp()
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.press("question_mark", "slash", *"overloaded", "enter")
        view = app.screen.query_one(TextView)
        await happened(lambda: "overloaded_error" in view._rows.text)
        assert "cbtui guide troubleshooting" in view._rows.text
        await pilot.press("slash", "ctrl+u", "enter", "tab", "tab")
        await happened(lambda: "Message batches with cbtui" in view._rows.text)
        assert "cancel on the server" not in view._rows.text


def test_help_uses_as_many_columns_as_fit():
    hints = declared_hints(Work.BINDINGS) + declared_hints(CbtuiApp.BINDINGS)
    narrow, wide = page_lines(hints, 60), page_lines(hints, 200)
    assert len(narrow) > len(wide)
    assert len(wide[0].text.split()) > 2


async def test_the_palette_offers_actions_with_their_keys_and_reasons():
    app = WorkApp()
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.press("colon")
        await pilot.pause(0.2)
        assert isinstance(app.screen, Palette)
        options = app.screen.query_one("CommandList")
        shown = [str(options.get_option_at_index(number).prompt) for number in range(options.option_count)]
        assert "cancel on the server  x" in shown
        assert "delete from the server  D  not now: this batch already ended" in shown
        assert "show prices" in shown
        assert not app.screen.query_one(Input).cursor_blink
        await pilot.press(*"prices")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.done == ["prices"]


@pytest.mark.parametrize(
    ("key", "answer"), [("y", True), ("enter", False), ("escape", False), ("n", False), ("q", False)]
)
async def test_only_y_confirms(key, answer):
    app = WorkApp()
    async with app.run_test() as pilot:
        app.push_screen(ConfirmDialog("Delete [/x]?", ["gone [b]for ever"], yes="Delete"), app.done.append)
        await pilot.pause()
        await pilot.press("x", key)
        assert app.done == [answer]


async def test_above_the_limit_the_number_has_to_be_typed():
    app = WorkApp()
    async with app.run_test() as pilot:
        dialog = TypedConfirmDialog("Submit?", ["$19.90"], yes="Submit", expected="2,397", label="requests")
        app.push_screen(dialog, app.done.append)
        await pilot.pause()
        await pilot.press("y", "enter")
        assert app.done == []
        await pilot.press("ctrl+u", *"2396", "enter")
        assert app.done == []
        await pilot.press("backspace", "7", "enter")
        assert app.done == [True]


@pytest.mark.parametrize("kind", [ConfirmDialog, TypedConfirmDialog])
async def test_what_answers_a_question_stays_in_sight_below_a_long_text(kind):
    app = WorkApp()
    more = {} if kind is ConfirmDialog else {"expected": "5"}
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = kind("Submit?", [f"line {number}" for number in range(30)], yes="Submit", **more)
        app.push_screen(dialog)
        await pilot.pause()

        def body():
            return dialog.query_one("_Body")

        def last():
            return body().render_line(body().size.height - 1).text

        await reached(pilot, lambda: last().rstrip().endswith("▼"))
        assert all(each.region.bottom <= 22 for each in dialog.query("#box > Horizontal, LineInput"))
        assert "↓ more" in dialog.query_one(KeyLine).render_line(0).text
        await pilot.press("down", "down")
        assert last().rstrip() == "line 29"
        await pilot.resize_terminal(80, 60)
        await reached(pilot, lambda: "↓ more" not in dialog.query_one(KeyLine).render_line(0).text)


async def test_a_prompt_gives_the_line_or_says_what_is_wrong():
    app = WorkApp()
    async with app.run_test() as pilot:
        dialog = InputDialog(
            "Watch", problem=lambda value: None if value.startswith("msgbatch_") else "not an id [/x]"
        )
        app.push_screen(dialog, app.done.append)
        await pilot.pause()
        await pilot.press("x", "enter")
        assert app.done == []
        assert "not an id [/x]" in dialog.query_one(".problem").render().plain
        dialog.query_one(LineInput).value = " msgbatch_1 "
        await pilot.press("enter")
        assert app.done == ["msgbatch_1"]


async def test_an_unknown_theme_is_a_sentence():
    with pytest.raises(ConfigError, match="Unknown theme 'nope'"):
        WorkApp(theme="nope")


@pytest.mark.parametrize("theme", ["dark", "light", "ansi", "ansi-light", "nord"])
async def test_every_theme_draws(theme):
    app = WorkApp(theme=theme)
    async with app.run_test() as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert app.screen._compositor.render_update(full=True).render_segments(app.console)


async def test_no_color_sends_no_color(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = WorkApp(environ={**HERE, "NO_COLOR": "1"})
    async with app.run_test() as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        painted = app.screen._compositor.render_update(full=True).render_segments(app.console)
        assert not re.search(r"\x1b\[[0-9;]*(38;|48;|[349][0-7][;m])", painted)


async def test_copying_says_which_way_it_went(monkeypatch):
    app = WorkApp(clipboard="off")
    async with app.run_test() as pilot:
        app.copy("text")
        await pilot.pause(0.2)
        assert app.messages[-1][0].startswith("Not copied")


def test_the_keys_of_the_base_all_have_an_id_and_a_tooltip():
    for binding in (*CbtuiApp.BINDINGS, *TextView.BINDINGS, *FilterBar.BINDINGS, *HelpDialog.BINDINGS):
        assert binding.id
        assert binding.tooltip or binding.system


def test_the_driver_is_ours():
    assert issubclass(WorkApp, App)
    assert WorkApp().driver_class.__name__ == "TerminalDriver"
