"""Painted screens as SVG: one picture, or several as an animation. A line's words are placed cell by cell, whatever font there is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.color import Color
from rich.terminal_theme import TerminalTheme

CELL, LINE, EDGE = 8.4, 18, 8
"""Of a cell, of a line, and around them all, in pixels; the size of the letters is 14."""
_THEME = TerminalTheme((0, 0, 0), (255, 255, 255), [(0, 0, 0)] * 8)
_FONTS = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"


class Piece(NamedTuple):
    """Some cells of one look."""

    x: int
    y: int
    text: str
    front: str
    back: str
    is_bold: bool


class Painted(NamedTuple):
    """What a screen showed."""

    columns: int
    rows: int
    back: str
    pieces: tuple[Piece, ...]


def paint(app: Any) -> Painted:
    """What is on the screen of an app."""
    strips = app.screen._compositor.render_strips()  # noqa: SLF001  as Textual's own screenshots do
    ground = app.theme_variables["background"].lower()
    pieces = []
    for y, strip in enumerate(strips):
        x = 0
        for text, style, _ in strip:
            front, back = (
                (_hex(style.color, "#d8dee4"), _hex(style.bgcolor, ground)) if style else ("#d8dee4", ground)
            )
            if style is not None and style.reverse:
                front, back = back, front
            pieces.append(Piece(x, y, text, front, back, bool(style and style.bold)))
            x += cell_len(text)
    return Painted(app.size.width, app.size.height, ground, tuple(pieces))


def picture(painted: Painted) -> str:
    """One picture."""
    return _document(painted, [_group(painted)], "")


def animation(frames: Sequence[Painted], seconds: float) -> str:
    """Pictures of one size, each shown for so long, again and again; who wants no motion sees the first."""
    count, whole = len(frames), seconds * len(frames)
    style = (
        f".f{{opacity:0;animation:f {whole:g}s step-end infinite}}"
        f"@keyframes f{{0%{{opacity:1}}{100 / count:.3f}%{{opacity:0}}}}"
        "@media(prefers-reduced-motion){.f{animation:none}.f:first-of-type{opacity:1}}"
    )
    groups = [
        f'<g class="f" style="animation-delay:{number * seconds:g}s">{_group(one)}</g>'
        for number, one in enumerate(frames)
    ]
    return _document(frames[0], groups, style)


def _hex(color: Color | None, default: str) -> str:
    return default if color is None or color.is_default else color.get_truecolor(_THEME).hex.lower()


def _group(painted: Painted) -> str:
    parts = [f'<rect width="100%" height="100%" rx="6" fill="{painted.back}"/>']
    for piece in painted.pieces:
        x, y, width = EDGE + piece.x * CELL, EDGE + piece.y * LINE, cell_len(piece.text) * CELL
        if piece.back != painted.back:
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{LINE}" fill="{piece.back}"/>'
            )
        for at, word in _words(piece.text):
            bold = ' font-weight="700"' if piece.is_bold else ""
            parts.append(
                f'<text x="{x + at * CELL:.1f}" y="{y + 14}" fill="{piece.front}"{bold}'
                f' textLength="{cell_len(word) * CELL:.1f}">{escape(word, quote=False)}</text>'
            )
    return "".join(parts)


def _words(text: str) -> list[tuple[int, str]]:
    """What is to be written of a text, parted at two blanks or more, and the cell where it begins."""
    found, at = [], 0
    for part in text.split("  "):
        word = part.strip()
        if word:
            found.append((at + cell_len(part) - cell_len(part.lstrip()), word))
        at += cell_len(part) + 2
    return found


def _document(painted: Painted, groups: Sequence[str], style: str) -> str:
    width, height = painted.columns * CELL + 2 * EDGE, painted.rows * LINE + 2 * EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-family="{_FONTS}"'
        f' font-size="14">' + (f"<style>{style}</style>" if style else "") + "\n".join(groups) + "</svg>\n"
    )
