from __future__ import annotations

import random

import pyte
import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from claude_batch_tui.tui.terminal.frame_bytes import compact

COLORS = [None, "#102030", "#ffeedd", "red", "bright_blue", "default", "color(120)"]


def painted(frame):
    screen = pyte.Screen(40, 6)
    pyte.Stream(screen).feed(frame)
    return [
        [
            (cell.data, cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore)
            for cell in (screen.buffer[y][x] for x in range(40))
        ]
        for y in range(6)
    ]


def random_frame(random_):
    parts = []
    for _ in range(random_.randint(1, 12)):
        parts.append(f"\n\x1b[{random_.randint(1, 6)};{random_.randint(1, 30)}H")
        for _ in range(random_.randint(1, 4)):
            style = Style(
                color=random_.choice(COLORS),
                bgcolor=random_.choice(COLORS),
                bold=random_.choice([None, True]),
                reverse=random_.choice([None, True]),
                underline=random_.choice([None, True]),
            )
            parts.append(
                Strip.render_style(style, random_.choice(["ab", "  ", "x" * 9]), ColorSystem.TRUECOLOR)
            )
    return "".join(parts)


@pytest.mark.slow
def test_a_compact_frame_paints_the_same_screen():
    random_ = random.Random(7)
    for _ in range(300):
        frame = random_frame(random_)
        assert painted(compact(frame)) == painted(frame.replace("\n", ""))


def test_a_compact_frame_is_never_longer_and_ends_in_the_reset_style():
    random_ = random.Random(8)
    for _ in range(100):
        frame = random_frame(random_)
        small = compact(frame)
        assert len(small) <= len(frame)
        screen = pyte.Screen(40, 6)
        pyte.Stream(screen).feed(small)
        assert (screen.cursor.attrs.fg, screen.cursor.attrs.bg) == ("default", "default")
        assert not screen.cursor.attrs.bold


def test_what_textual_did_not_paint_is_left_alone():
    clipboard = "\x1b]52;c;aGVsbG8=\x07"
    assert compact(clipboard) == clipboard
