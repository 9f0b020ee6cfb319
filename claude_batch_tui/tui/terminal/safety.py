"""The last line between foreign text and the terminal: whatever a widget lets through is made inert here."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from claude_batch_tui.domain.plain_text import clean_line


class SafeFilter(LineFilter):
    """Makes control, bidi and invisible characters of every painted segment inert and keeps its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  Textual's signature
        """The segments with nothing in them that could act on the terminal."""
        if all(_is_inert(segment) for segment in segments):
            return segments
        return [
            segment
            if _is_inert(segment)
            else Segment(inert(segment.text), None if segment.style is None else _without_link(segment.style))
            for segment in segments
            if not segment.control
        ]


_TO_ASCII = str.maketrans(
    {
        **dict.fromkeys("─━═", "-"),
        **dict.fromkeys("│┃║┆▐▌█▕▏", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛╔╗╚╝", "+"),
        **dict.fromkeys("▁▂▃▄▅▆▇▉▊▋▍▎", " "),  # the ends of a scrollbar, which is made of blanks
        "·": "-",
        "•": "*",
        "…": "~",
        "–": "-",
        "—": "-",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
        "▲": "!",
        "▸": ">",
        "▼": "v",
        "×": "x",
        "±": "~",
        "‖": "=",
        "“": '"',
        "”": '"',
        "’": "'",
        "✓": "=",
        "✗": "x",
    }
)


class AsciiFilter(LineFilter):
    """Paints our own drawing characters as ASCII, each as wide as before. Other text stays as it is, but what the
    terminal's encoding does not have is as many question marks as it is wide.
    """

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  Textual's signature
        """The segments without our drawing characters."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(_encodable(segment.text.translate(_TO_ASCII), self._encoding), segment.style)
            for segment in segments
        ]


@lru_cache(4096)
def _encodable(text: str, encoding: str) -> str:
    if text.encode(encoding, "ignore").decode(encoding) == text:
        return text
    return "".join(letter if letter.encode(encoding, "ignore") else "?" * cell_len(letter) for letter in text)


@lru_cache(4096)
def inert(text: str) -> str:
    """`text` with nothing in it that could act on a terminal, as wide as Textual thinks it is."""
    safe = "".join(
        character if (line := clean_line(character)) == character else line[: cell_len(character)]
        for character in text
    )
    width = cell_len(text)
    return safe if cell_len(safe) == width else set_cell_size(safe, width)


def _is_inert(segment: Segment) -> bool:
    text, style, control = segment
    if control or (style is not None and style.link):
        return False
    return (text.isascii() and text.isprintable()) or clean_line(text) == text


@lru_cache(256)
def _without_link(style: Style) -> Style:
    return style.update_link(None)
