r"""What the terminal shows, cell by cell, so that only what differs is sent.

Textual paints whole regions: a cursor key repaints two rows and the pane beside them, though most of their cells stay
as they are. Over SSH every cell counts, so a frame is held against what was sent before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat, zip_longest

from rich.cells import cell_len

from claude_batch_tui.tui.terminal.frame_bytes import RESET

_IS_FRAME = re.compile(r"\x1b\[\d+;\d+H")
_MOVE = re.compile(r"\n?\x1b\[(\d+);(\d+)H")
_STYLE = re.compile(r"\x1b\[([0-9;]*)m")
_ONE_CELL_EACH = re.compile(
    r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u2199\u2500-\u25fc\u2713]*"
)
"""Characters that are one cell wide everywhere we look; others are measured one by one."""
_WIPES = ("\x1b[2J", "\x1b[?1049")
_SAME_WORTH_SENDING = 6
"""A gap of so many unchanged cells is sent along: going over it costs as many bytes."""

_Cell = tuple[str, str] | None
"""A character and its style as SGR codes; an empty character is the second half of a wide one; None is not known."""


class Painted:
    """The cells of the screen as far as they are known."""

    def __init__(self) -> None:
        self._rows: dict[int, list[_Cell]] = {}
        self._spans: dict[int, dict[int, tuple[int, str]]] = {}
        """By row and first column: the column after it, and what was painted there and not painted over since."""
        self._cursor = ""

    def forget(self) -> None:
        """Nothing is known any more: everything painted from now on is sent."""
        self._rows, self._spans = {}, {}
        self._cursor = ""

    def differing(self, output: str) -> str:
        """The part of the output that changes the screen; all of it where it is not a frame of Textual's."""
        if any(wipe in output for wipe in _WIPES):
            self.forget()
            return output
        if RESET not in output or not _IS_FRAME.match(output):
            return output
        rows, known = self._rows, self._spans
        parts: list[str] = []
        for y, x, painted in _spans(output):
            shown = known.setdefault(y, {})
            if x in shown and shown[x][1] == painted:
                continue
            cells: list[_Cell] = []
            if not _paint(cells, painted):
                self.forget()
                return output
            end = x + len(cells)
            for start in [start for start, (stop, _) in shown.items() if start < end and stop > x]:
                del shown[start]
            parts.append(_changed(rows.setdefault(y, []), y, x, cells))
            shown[x] = (end, painted)
        frame = "".join(parts)
        cursor = output[output.rfind("\x1b[") :] if output.endswith("H") else ""
        if not frame and cursor == self._cursor:
            return ""
        self._cursor = cursor
        return frame + cursor


def _spans(frame: str) -> Iterator[tuple[int, int, str]]:
    """Row, column and painted text of every span of the frame; a style ends with its span."""
    moves = list(_MOVE.finditer(frame))
    for move, following in zip_longest(moves, moves[1:]):
        painted = frame[move.end() : following.start() if following is not None else None]
        if painted:
            yield int(move[1]), int(move[2]) - 1, painted


def _paint(cells: list[_Cell], painted: str) -> bool:
    """Add the cells of styled text; False where it holds what is not a frame's."""
    style = ""
    position = 0
    for token in _STYLE.finditer(painted):
        text = painted[position : token.start()]
        if text and not _put(cells, text, style):
            return False
        position = token.end()
        codes = token[1]
        style = "" if codes in {"", "0"} else f"{style};{codes}" if style else codes
    text = painted[position:]
    return not text or _put(cells, text, style)


def _put(cells: list[_Cell], text: str, style: str) -> bool:
    """Add the cells of a text; False where it is not plain text."""
    if _ONE_CELL_EACH.fullmatch(text):
        cells.extend(zip(text, repeat(style)))
        return True
    for character in text:
        width = 1 if character.isascii() else cell_len(character)
        if character < " " or character == "\x7f":
            return False
        if width == 0 and cells and cells[-1] is not None:
            before, its_style = cells[-1]
            cells[-1] = (before + character, its_style)
        else:
            cells.append((character, style))
            cells.extend(repeat(("", style), width - 1))
    return True


def _changed(row: list[_Cell], y: int, x: int, cells: list[_Cell]) -> str:
    """Take the cells into the row and return what has to be sent for that."""
    end = x + len(cells)
    if len(row) < end:
        row.extend(repeat(None, end - len(row)))
    old = row[x:end]
    if old == cells:
        return ""
    row[x:end] = cells
    if x and _is_half(old[0]):
        row[x - 1] = None
    if _is_uneven(old) or _is_uneven(cells) or (end < len(row) and _is_half(row[end])):
        # Terminals disagree about the width of some characters: such a row is sent from where it was painted.
        row[end:] = [None if _is_half(cell) else cell for cell in row[end:]]
        return _sent(y, x, cells)
    sent: list[str] = []
    start = last = -1
    for number, (before, now) in enumerate(zip(old, cells, strict=True)):
        if before == now:
            continue
        if start < 0:
            start = number
        elif number - last > _SAME_WORTH_SENDING:
            sent.append(_sent(y, x + start, cells[start : last + 1]))
            start = number
        last = number
    sent.append(_sent(y, x + start, cells[start : last + 1]))
    return "".join(sent)


def _is_half(cell: _Cell) -> bool:
    return cell is not None and cell[0] == ""


def _is_uneven(cells: list[_Cell]) -> bool:
    """Whether a character is not one cell."""
    return any(cell is not None and len(cell[0]) != 1 for cell in cells)


def _sent(y: int, x: int, cells: list[_Cell]) -> str:
    """The cells as Textual would paint them: each styled text followed by a reset."""
    parts = [f"\x1b[{y};{x + 1}H"]
    style, text = "", ""
    for cell in cells:
        character, its_style = cell or (" ", "")
        if its_style != style and text:
            parts.append(f"\x1b[{style}m{text}{RESET}" if style else text)
            text = ""
        style = its_style
        text += character
    if text:
        parts.append(f"\x1b[{style}m{text}{RESET}" if style else text)
    return "".join(parts)
