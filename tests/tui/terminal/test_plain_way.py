"""The dashboard on the terminal kit beside Textual's own way: the same cells in a terminal emulator, in fewer bytes."""

from __future__ import annotations

import ast
import inspect

import pyte
import pytest
from textual.css.stylesheet import Stylesheet

import claude_batch_tui.tui.terminal
from claude_batch_tui.tui.terminal.frames import Painted, compact

KEYS = (
    "down",
    "down",
    "right_square_bracket",
    "slash",
    "e",
    "v",
    "escape",
    "escape",
    "E",
    "E",
    "pagedown",
    "o",
)


class Emulator:
    """A terminal, what it shows, and how many bytes that took."""

    def __init__(self, columns, lines):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.Stream(self.screen)
        self.bytes = 0

    def feed(self, output):
        self.bytes += len(output.encode())
        self.stream.feed(output.replace("\n", ""))

    def cells(self):
        buffer, size = self.screen.buffer, self.screen
        return [[tuple(buffer[y][x]) for x in range(size.columns)] for y in range(size.lines)]


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_what_keys_paint_is_what_textual_paints_in_less_than_half_of_the_bytes(
    dashboard, filled, week, settled, size
):
    filled(week)
    app = dashboard()
    plain, ours, painted = Emulator(*size), Emulator(*size), Painted()

    def display(_screen, update):
        frame = update.render_segments(app.console)
        plain.feed(frame)
        ours.feed(compact(painted.differing(frame)))

    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        app._display = display
        app.refresh()
        await settled(pilot)
        plain.bytes = ours.bytes = 0
        for key in KEYS:
            await pilot.press(key)
            await pilot.pause()
            app.screen._on_timer_update()
            assert ours.cells() == plain.cells()
    print(f"{size}: {ours.bytes:,} bytes for {plain.bytes:,}")
    assert ours.bytes < plain.bytes / 2


@pytest.mark.parametrize("theme", ["cbtui-dark", "cbtui-light"])
async def test_styles_that_are_parsed_once_look_like_those_that_are_parsed_for_each_screen(
    dashboard, filled, week, settled, theme
):
    filled(week)

    async def looks(*, is_plain):
        app, found = dashboard(theme=theme), []
        if is_plain:
            app.stylesheet = Stylesheet(variables=app.get_css_variables())
        async with app.run_test(size=(80, 24)) as pilot:
            for mode in ("build", "results", "batches"):
                app.action_show(mode)
                await settled(pilot)
                await pilot.press("f1")
                await settled(pilot)
                found.append(app.screen._compositor.render_update(full=True).render_segments(app.console))
                await pilot.press("escape")
                await settled(pilot)
                found.append(app.screen._compositor.render_update(full=True).render_segments(app.console))
        app.engines.stop()
        return found

    assert await looks(is_plain=False) == await looks(is_plain=True)


def test_the_kit_has_two_functions():
    functions = [
        node.name
        for node in ast.parse(inspect.getsource(claude_batch_tui.tui.terminal)).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ]
    assert functions == ["prepare_environment", "terminal_app"]
