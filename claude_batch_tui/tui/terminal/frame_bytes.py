r"""A painted frame in fewer bytes: the same screen, with only the style changes it needs.

Textual ends every segment with a reset and starts the next with its whole style. Over SSH these are half of the
bytes, so a style is sent only where visible text changes its style, and then only what differs.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

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
