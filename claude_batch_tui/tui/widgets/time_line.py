"""A stretch of time as lines of text: a ruler with marks, and how often something took how long below it.

Pure functions of plain numbers. Seconds for times, cells for widths; `ascii_only` draws without Unicode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_HEIGHTS = " ▁▂▃▄▅▆▇█"
_ASCII_HEIGHTS = " .:-=+*#@"


class Mark(NamedTuple):
    """Something that happened, or is expected, so many seconds after the start."""

    at: float
    glyph: str


def ruler(
    span: float,
    filled: float,
    marks: Sequence[Mark],
    width: int,
    *,
    goes_on: bool = False,
    ascii_only: bool = False,
) -> str:
    """`├▒▒▒▒▒│▒▒●····┆·····┤`: filled so far, a glyph a mark; where two fall on one cell the later one is seen.

    `goes_on` ends it in an arrow: there is more to come than is drawn.
    """
    left, right, done, free = ("|", "|", "=", ".") if ascii_only else ("├", "┤", "▒", "·")
    if goes_on:
        right = ">" if ascii_only else "→"
    inner = max(width - 2, 1)
    used = _cell(filled, span, inner + 1)
    cells = [done if x < used else free for x in range(inner)]
    for mark in marks:
        if 0 <= mark.at <= span:
            cells[min(_cell(mark.at, span, inner), inner - 1)] = mark.glyph
    return left + "".join(cells) + right


def spread(span: float, durations: Sequence[float], width: int, *, ascii_only: bool = False) -> str:
    """` ▁▃▇█▅▂  ▁ `: how many took how long, on the scale of a ruler of that width; longer ones are in the last cell."""
    heights = _ASCII_HEIGHTS if ascii_only else _HEIGHTS
    inner = max(width - 2, 1)
    counts = [0] * inner
    for seconds in durations:
        counts[min(_cell(seconds, span, inner), inner - 1)] += 1
    most = max(counts, default=0)
    steps = len(heights) - 1
    return " " + "".join(heights[-(-count * steps // most) if most else 0] for count in counts) + " "


def _cell(at: float, span: float, cells: int) -> int:
    return 0 if span <= 0 else min(int(at / span * cells), cells)
