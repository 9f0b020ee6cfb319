"""Bars drawn by plotext, as lines of plain text: told apart by their marks, so that colours are not needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

MARKS = ("█", "▒", "▚", "░")
ASCII_MARKS = ("#", "=", "o", ".")
_TICKS = 4


class Series(NamedTuple):
    """One kind of bar: a value for every label."""

    name: str
    values: Sequence[float]


def bars(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    width: int,
    height: int,
    tick: Callable[[float], str],
    whole: bool = False,
    ascii_only: bool = False,
) -> list[str]:
    """Upright bars, the series one on the other, for a width and height in cells; `tick` names a value of the axis.

    `whole` puts the axis' marks on whole numbers. As many labels as fit stand below.
    """
    import plotext as plt  # 0.1 s that only a drawn plot needs

    top = max((sum(column) for column in zip(*(one.values for one in series), strict=True)), default=0.0)
    ticks = axis_ticks(top, whole=whole)
    shown = shown_labels(labels, width - max((len(tick(value)) for value in ticks), default=0) - 2)
    plt.clear_figure()
    plt.limit_size(False, False)
    plt.theme("clear")
    plt.plotsize(width, height)
    # The whole column first, then what is below its top part, and so on: each covers the lower part of the last.
    marks = (ASCII_MARKS if ascii_only else MARKS)[: len(series)]
    places = list(range(len(labels)))
    for count in range(len(series), 0, -1):
        heights = [sum(column) for column in zip(*(one.values for one in series[:count]), strict=True)]
        # A bar of nothing would blank the lowest row of what is there: it is sunk out of sight instead.
        sunk = [float(height) if height else -ticks[-1] for height in heights]
        plt.bar(places, sunk, marker=marks[count - 1], width=0.7, minimum=-ticks[-1])
    plt.ylim(0, ticks[-1])
    plt.xlim(-0.6, len(labels) - 0.4)
    plt.yticks(ticks, [tick(value) for value in ticks])
    plt.xticks(shown, [labels[number] for number in shown])
    drawn = str(plt.uncolorize(plt.build()))
    plt.clear_figure()
    return [line.rstrip() for line in drawn.split("\n") if line.strip()]


def legend(series: Sequence[Series], *, ascii_only: bool = False) -> str:
    """`█ haiku  ▒ sonnet`: which mark is which."""
    marks = ASCII_MARKS if ascii_only else MARKS
    return "  ".join(f"{mark} {one.name}" for mark, one in zip(marks, series, strict=False))


def axis_ticks(top: float, *, whole: bool) -> list[float]:
    """Round values from 0 to at least `top`, at most five."""
    if top <= 0:
        return [0.0, 1.0]
    step = 1.0
    while step * _TICKS < top:
        step *= 10
    while not whole and step / 10 * _TICKS >= top:
        step /= 10
    for part in (0.1, 0.2, 0.25, 0.5):
        smaller = step * part
        if smaller * _TICKS >= top and (not whole or smaller == int(smaller)):
            step = smaller
            break
    count = next(number for number in range(1, _TICKS + 1) if step * number >= top * (1 - 1e-9))
    return [step * number for number in range(count + 1)]


def shown_labels(labels: Sequence[str], width: int) -> list[int]:
    """The numbers of as many labels as fit side by side, evenly spread, the last one among them."""
    longest = max((len(label) for label in labels), default=1) + 2
    each = max(-(-len(labels) * longest // max(width, 1)), 1)
    return sorted(range(len(labels) - 1, -1, -each))
