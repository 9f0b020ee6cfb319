from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual._border import BORDER_CHARS
from textual.color import Color
from textual.content import Content
from textual.scrollbar import ScrollBarRender
from textual.widgets import Label, Static

from claude_batch_tui import tui
from claude_batch_tui.tui.terminal.app import TerminalApp
from claude_batch_tui.tui.terminal.safety import AsciiFilter, SafeFilter, inert
from claude_batch_tui.tui.widgets.columns import Cell, Column
from claude_batch_tui.tui.widgets.lines import StatusLine, TitleLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from listed import Listed

_TUI = Path(tui.__file__).parent
HOSTILE = [
    "\x1b[2J",
    "\x1b]52;c;Y3VybA==\x07",
    "\x1b]0;owned\x07",
    "\x9b2J",
    "\x9d52;c;Y3VybA==\x9c",
    "nul\x00del\x7f",
    "bidi\u202egnp.exe\u2066",
    "hid\u200bden\ufeff",
    "line\u2028end\x85",
    "half\ud800",
    "[/x]",
    "[@click=app.quit]click[/]",
    "[red]red",
    "\U000e0041tag",
    "bell\x07back\x08",
]
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
STYLE_OR_MOVE = re.compile(r"\x1b\[[0-9;]*[mH]")


def output(app):
    """Everything a full repaint would send."""
    return app.screen._compositor.render_update(full=True).render_segments(app.console)


def assert_inert(text):
    rest = STYLE_OR_MOVE.sub("", text)
    assert "\x1b" not in rest
    assert not FORBIDDEN.search(rest)


class Hostile(TerminalApp):
    def __init__(self, text):
        super().__init__()
        self.hostile = text

    def compose(self):
        source = Listed(str, lambda item: (item, Cell(item, "bad")), [self.hostile, "other"])
        yield TitleLine(self.hostile)
        yield VirtualList([Column("A"), Column("B")], source)
        yield Static(Content(self.hostile))
        yield Label(Text(self.hostile))
        yield TextView(self.hostile)
        framed = Static("", markup=False)
        framed.border_title = Content(self.hostile)
        framed.styles.border = ("solid", "red")
        yield framed
        yield StatusLine(self.hostile)

    def on_mount(self):
        self.notify(self.hostile, title=self.hostile)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_no_hostile_text_reaches_the_terminal_from_any_widget(text):
    app = Hostile(text)
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.pause()
        painted = output(app)
        assert_inert(painted)
        if text.startswith("["):
            assert text in STYLE_OR_MOVE.sub("", painted)
        assert app.is_running


def test_the_filter_keeps_the_width_of_every_segment():
    for text in HOSTILE:
        [segment] = SafeFilter().apply([Segment(text, Style())], Color.parse("black"))
        assert segment.cell_length == Segment(text).cell_length
        assert_inert(segment.text)


def test_the_filter_removes_links_and_control_segments():
    linked = Segment("text", Style(link="http://x/\x1b]52;c;AA==\x07"))
    control = Segment("\x1b[2J", None, [])
    made = SafeFilter().apply([linked, Segment("\x1b", None), control], Color.parse("black"))
    assert all(segment.style is None or segment.style.link is None for segment in made)
    assert "\x1b" not in "".join(segment.text for segment in made)


def test_harmless_segments_are_not_copied():
    segments = [Segment("plain", Style(bold=True)), Segment("日本 ✓", Style())]
    assert SafeFilter().apply(segments, Color.parse("black")) is segments


def test_inert_text_keeps_what_is_readable():
    assert inert("a\x1b[2Jb") == "a[2Jb"


class Crashing(TerminalApp):
    def on_mount(self):
        secret = "sk-ant-api03-SECRETSECRET"
        raise ValueError(f"\x1b]0;owned\x07 [/x] {secret}")


async def test_a_crash_prints_a_short_clean_report_without_variables_and_writes_a_file(tmp_path, capfd):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "cbtui.log").write_text("what happened before")
    (tmp_path / "state" / "crash.log").write_text("x" * 1_100_000)
    app = Crashing(crash_log=tmp_path / "state" / "crash.log")
    with pytest.raises(ValueError, match="owned"):
        async with app.run_test():
            pass
    printed = capfd.readouterr().err
    assert "cbtui stopped because of a bug in it." in printed
    assert "SECRETSECRET" not in printed
    assert "secret = " not in printed.replace('secret = "sk-ant-…', "")
    assert_inert(printed.replace("\n", ""))
    printed = printed.replace("\n", "")  # where lines break depends on the length of the path
    assert "What happened before is in " in printed
    assert "cbtui.log" in printed
    report = (tmp_path / "state" / "crash.log").read_text()
    assert len(report) < 100_000
    assert "ValueError" in report
    assert "SECRETSECRET" not in report
    assert (tmp_path / "state" / "crash.log").stat().st_mode & 0o777 == 0o600


async def test_the_last_message_is_plain_text(capfd):
    app = TerminalApp()
    async with app.run_test():
        app.exit(message="\x1b]0;owned\x07[/x] done")
    printed = capfd.readouterr().err
    assert "[/x] done" in printed
    assert_inert(printed.replace("\n", ""))


@pytest.mark.parametrize(
    ("encoding", "painted"), [("utf-8", "- 日本 né ?"), ("latin-1", "- ???? né ?"), ("ascii", "- ???? n? ?")]
)
def test_what_the_terminal_cannot_read_keeps_its_width(encoding, painted):
    [segment] = AsciiFilter(encoding).apply([Segment("─ 日本 né ?")], Color(0, 0, 0))
    assert segment.text == painted


def test_the_ends_of_a_scrollbar_have_ascii():
    ends = "".join([*ScrollBarRender.VERTICAL_BARS, *ScrollBarRender.HORIZONTAL_BARS])
    [segment] = AsciiFilter("ascii").apply([Segment(ends)], Color(0, 0, 0))
    assert set(segment.text) <= set(" |")


def test_every_border_of_ours_has_ascii_for_each_of_its_lines_and_corners() -> None:
    sources = [*_TUI.rglob("*.py"), *_TUI.rglob("*.tcss")]
    words = {word for file in sources for word in re.findall(r"\bborder[a-z-]*: ([a-z]+)", file.read_text())}
    kinds = words & BORDER_CHARS.keys()
    assert {"round", "heavy", "solid"} <= kinds
    drawn = "".join(sorted({sign for kind in kinds for row in BORDER_CHARS[kind] for sign in row}))
    [segment] = AsciiFilter("ascii").apply([Segment(drawn)], Color(0, 0, 0))
    assert set(segment.text) <= set("+-| ")
