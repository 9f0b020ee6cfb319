"""Text cut and padded to an exact number of terminal cells."""

from __future__ import annotations

from typing import Literal

from rich.cells import cell_len, set_cell_size
from textual.widget import Widget

from claude_batch_tui.domain.plain_text import clean_line

Align = Literal["left", "right"]

_CHARACTERS_PER_CELL = 8
"""More combining marks than this on one cell are not looked at: a cell of 5 MB costs as little as a short one."""


def cells(text: str) -> int:
    """How many terminal cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, align: Align = "left", mark: str = "…") -> str:
    """`text` cleaned, as one line of exactly `width` cells; what does not fit ends in `mark`."""
    if width <= 0:
        return ""
    text = clean_line(text[: width * _CHARACTERS_PER_CELL])
    size = cells(text)
    if size > width:
        return set_cell_size(text, width - 1) + mark
    padding = " " * (width - size)
    return padding + text if align == "right" else text + padding


def cut(text: str, width: int, mark: str = "…") -> str:
    """`text` cleaned, as one line of at most `width` cells."""
    return fit(text, width, mark=mark).rstrip()


def ascii_only(widget: Widget) -> bool:
    """True where the app was told to draw with ASCII characters."""
    return bool(getattr(widget.app, "ascii_only", False))


def cut_mark(widget: Widget) -> str:
    """What a cut text ends in on this app."""
    return "~" if ascii_only(widget) else "…"
