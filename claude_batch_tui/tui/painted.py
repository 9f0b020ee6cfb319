r"""What the terminal shows, cell by cell, so that only what differs is sent.

Textual paints whole regions: a cursor key repaints two rows and the pane beside them, though most of their cells stay
as they are. Over SSH every cell counts, so a frame is held against what was sent before.
"""

from __future__ import annotations

import re
from itertools import repeat

from rich.cells import cell_len

from claude_batch_tui.tui.frame_bytes import RESET

_IS_FRAME = re.compile(r"\x1b\[\d+;\d+H")
_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|\n?\x1b\[(\d+);(\d+)H")
_WIPES = ("\x1b[2J", "\x1b[?1049")
_SAME_WORTH_SENDING = 6
"""A gap of so many unchanged cells is sent along: going over it costs as many bytes."""

_Cell = tuple[str, str] | None
"""A character and its style as SGR codes; an empty character is the second half of a wide one; None is not known."""


class Painted:
    """The cells of the screen as far as they are known."""

    def __init__(self) -> None:
        self._rows: dict[int, list[_Cell]] = {}
        self._cursor = ""

    def forget(self) -> None:
        """Nothing is known any more: everything painted from now on is sent."""
        self._rows = {}
        self._cursor = ""

    def differing(self, output: str) -> str:
        """The part of the output that changes the screen; all of it where it is not a frame of Textual's."""
        if any(wipe in output for wipe in _WIPES):
            self.forget()
            return output
        if RESET not in output or not _IS_FRAME.match(output):
            return output
        spans = _spans(output)
        if spans is None:
            self.forget()
            return output
        rows = self._rows
        changed = [_changed(rows.setdefault(y, []), y, x, cells) for y, x, cells in spans]
        frame = "".join(changed)
        cursor = output[output.rfind("\x1b[") :] if output.endswith("H") else ""
        if not frame and cursor == self._cursor:
            return ""
        self._cursor = cursor
        return frame + cursor


def _spans(frame: str) -> list[tuple[int, int, list[_Cell]]] | None:
    """Row, column and cells of everything the frame paints; None where it holds what is not a frame's."""
    spans: list[tuple[int, int, list[_Cell]]] = []
    cells: list[_Cell] = []
    style = ""
    position = 0
    for token in _TOKEN.finditer(frame):
        text = frame[position : token.start()]
        if text and not _put(cells, text, style):
            return None
        position = token.end()
        codes, row, column = token.groups()
        if row is not None:
            cells = []
            spans.append((int(row), int(column) - 1, cells))
        else:
            style = "" if codes in {"", "0"} else f"{style};{codes}" if style else codes
    text = frame[position:]
    if text and not _put(cells, text, style):
        return None
    return spans


def _put(cells: list[_Cell], text: str, style: str) -> bool:
    """Add the cells of a text; False where it is not plain text."""
    if text.isascii():
        if not text.isprintable():
            return False
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
