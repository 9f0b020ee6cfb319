from __future__ import annotations

import random

import pyte
import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from claude_batch_tui.tui.terminal.frame_bytes import compact
from claude_batch_tui.tui.terminal.painted import Painted

COLORS = [None, "#102030", "red", "color(120)"]
TEXTS = ["ab", "  ", "x" * 9, "a b a b", "●…", "0:41"]
WIDE = ["日本", "é", "a日b", "e\u0301"]


class Shown:
    """A terminal, and what it shows."""

    def __init__(self):
        self.screen = pyte.Screen(60, 6)
        self.stream = pyte.Stream(self.screen)

    def feed(self, output):
        self.stream.feed(output.replace("\n", ""))

    def cells(self):
        return [
            [
                (cell.data, cell.fg, cell.bg, cell.bold, cell.reverse)
                for cell in (self.screen.buffer[y][x] for x in range(60))
            ]
            for y in range(6)
        ]


def styled(text, random_):
    style = Style(
        color=random_.choice(COLORS), bgcolor=random_.choice(COLORS), bold=random_.choice([None, True])
    )
    return Strip.render_style(style, text, ColorSystem.TRUECOLOR)


def random_frame(random_, texts):
    parts = []
    for _ in range(random_.randint(1, 6)):
        parts.append(f"\x1b[{random_.randint(1, 6)};{random_.randint(1, 12)}H")
        parts += [styled(random_.choice(texts), random_) for _ in range(random_.randint(1, 4))]
        parts.append("\n")
    return "".join(parts[:-1]) + "\x1b[1;2H"


@pytest.mark.slow
@pytest.mark.parametrize("texts", [TEXTS, TEXTS + WIDE])
def test_only_differences_paint_the_same_screen_as_whole_frames(texts):
    random_ = random.Random(11)
    for _ in range(60):
        whole, thrifty, painted = Shown(), Shown(), Painted()
        for _ in range(25):
            frame = random_frame(random_, texts)
            whole.feed(frame)
            thrifty.feed(compact(painted.differing(frame)))
            assert thrifty.cells() == whole.cells()


def test_what_is_shown_already_is_not_sent_again():
    painted = Painted()
    frame = f"\x1b[1;1H{styled('nightly-eval  0:41', random.Random(1))}\x1b[1;2H"
    assert painted.differing(frame)
    assert painted.differing(frame) == ""
    assert (
        painted.differing(frame.replace("H\x1b", "H\x1b", 1).replace("\x1b[1;2H", "\x1b[3;3H")) == "\x1b[3;3H"
    )


def test_one_letter_that_changed_is_one_letter_sent():
    painted = Painted()
    painted.differing("\x1b[4;1H\x1b[31mnightly-eval  0:41\x1b[0m\x1b[1;2H")
    sent = painted.differing("\x1b[4;1H\x1b[31mnightly-eval  0:42\x1b[0m\x1b[1;2H")
    assert sent == "\x1b[4;18H\x1b[31m2\x1b[0m\x1b[1;2H"


@pytest.mark.parametrize("wipe", ["\x1b[0m\x1b[2J", "\x1b[?1049h"])
def test_after_a_wipe_everything_is_sent(wipe):
    painted = Painted()
    frame = "\x1b[1;1H\x1b[31mab\x1b[0m\x1b[1;2H"
    painted.differing(frame)
    assert painted.differing(wipe) == wipe
    assert painted.differing(frame) == frame


def test_what_textual_did_not_paint_goes_through_unchanged():
    painted = Painted()
    for output in ("\x1b]2;title\x07", "\x1b[?1000h", "\x1b]52;c;eA==\x07", "plain"):
        assert painted.differing(output) == output
    odd = "\x1b[1;1H\x1b[31ma\x1b]8;;x\x1b\\b\x1b[0m"
    assert painted.differing(odd) == odd
    assert painted.differing(odd) == odd
