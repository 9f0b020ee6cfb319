r"""What is sent of a painted frame: only cells that differ from what the terminal shows, with only the style changes they need.

Textual paints whole regions: a cursor key repaints two rows and the pane beside them, though most of their cells stay
as they are. It ends every segment with a reset and starts the next with its whole style, which is half of the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import repeat, zip_longest
from typing import NamedTuple

from rich.cells import cell_len

RESET = "\x1b[0m"

_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|(\n?\x1b\[[0-9;]*H)")
_COLOR_ARGUMENTS = {"5": 2, "2": 4}
"""After 38 or 48: how many codes follow it in all, by the kind of colour."""


class _Look(NamedTuple):
    """A style as a terminal keeps it: codes of the foreground, of the background, and the attributes."""

    foreground: str
    background: str
    attributes: frozenset[str]


def compact(frame: str) -> str:
    """`frame` with redundant style changes and line feeds left out. It begins and ends in the reset style.

    Only for what Textual paints: each styled text is followed by a reset.
    """
    if RESET not in frame:
        return frame
    out: list[str] = []
    now = wanted = ""
    position = 0
    for token in _TOKEN.finditer(frame):
        text = frame[position : token.start()]
        if text:
            if wanted != now:
                out.append(_change(now, wanted))
                now = wanted
            out.append(text)
        position = token.end()
        style, move = token.groups()
        if move is not None:
            out.append(move.removeprefix("\n"))
        else:
            wanted = "" if style in {"", "0"} else f"{wanted};{style}" if wanted else style
    text = frame[position:]
    if text and wanted != now:
        out.append(_change(now, wanted))
        now = wanted
    out.append(text)
    if now:
        out.append(RESET)
    return "".join(out)


@lru_cache(4096)
def _change(now: str, wanted: str) -> str:
    """The shortest sequence that turns one style into another."""
    if not wanted:
        return RESET
    if not now:
        return f"\x1b[{wanted}m"
    old, new = _look(now), _look(wanted)
    if old.attributes - new.attributes:
        return f"\x1b[0;{wanted}m"
    codes = sorted(new.attributes - old.attributes)
    if new.foreground != old.foreground:
        codes.append(new.foreground)
    if new.background != old.background:
        codes.append(new.background)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _look(style: str) -> _Look:
    foreground, background = "39", "49"
    attributes: set[str] = set()
    codes = style.split(";")
    while codes:
        code = codes[0]
        size = 1
        if code in {"38", "48"} and len(codes) > 1:
            size = 1 + _COLOR_ARGUMENTS.get(codes[1], 1)
        value = ";".join(codes[:size])
        number = int(code or 0)
        if number == 38 or 30 <= number <= 37 or 90 <= number <= 97 or number == 39:
            foreground = value
        elif number == 48 or 40 <= number <= 47 or 100 <= number <= 107 or number == 49:
            background = value
        else:
            attributes.add(value)
        del codes[:size]
    return _Look(foreground, background, frozenset(attributes))


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
