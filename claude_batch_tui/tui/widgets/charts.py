"""Progress, times and amounts drawn as lines of text.

Pure functions of plain numbers. Seconds for times, cells for widths; `ascii_only` draws without Unicode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from claude_batch_tui.wording.values import duration

ENOUGH_HISTORY = 5
"""Ended batches of the same kind below which nothing is said about how long one takes."""


class PastTimes(NamedTuple):
    """How long similar batches took: their number, when half and when nine of ten had ended."""

    batches: int
    median: float
    p90: float


class Counts(NamedTuple):
    """How many requests are where; `flawed` are those of the succeeded whose answers are not whole."""

    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0
    flawed: int = 0


def waiting_words(
    elapsed: float, left: float, history: PastTimes | None, *, ascii_only: bool = False
) -> list[str]:
    """The time used against similar batches, never a percentage: what to say beside `time_ruler`, the longest first."""
    dot, used = _dot(ascii_only), clock(elapsed)
    if history is None or history.batches < ENOUGH_HISTORY:
        return [
            f"{used} of {clock(elapsed + left)} {dot} no history",
            f"{used} of {clock(elapsed + left)}",
            used,
        ]
    if elapsed > history.p90:
        return [f"longer than p90 {dot} {clock(left)} left", "longer than p90", "> p90"]
    median, most = clock(history.median), clock(history.p90)
    return [f"{used} {dot} p50 {median} {dot} p90 {most}", f"{used} {dot} p50 {median}", used]


def time_ruler(
    elapsed: float, left: float, history: PastTimes | None, width: int, *, ascii_only: bool = False
) -> str:
    """`┆▒▒▒··│······┆`: filled so far, the mark where half of similar batches had ended, the right end where nine of ten had.

    Without enough of those its right end is the deadline, and there is no mark.
    """
    edge, filled, free, mark = ("|", "=", ".", "+") if ascii_only else ("┆", "▒", "·", "│")
    inner = max(width - 2, 1)
    known = history is not None and history.batches >= ENOUGH_HISTORY
    used = _share(elapsed, history.p90 if known and history else elapsed + left, inner)
    body = [filled if x < used else free for x in range(inner)]
    if known and history:
        body[min(_share(history.median, history.p90, inner), inner - 1)] = mark
    return edge + "".join(body) + edge


def count_parts(counts: Counts, width: int, *, ascii_only: bool = False) -> list[tuple[str, str]]:
    """`██████!exc░░░` as its parts with their styles: what is good, and a tail for what is not.

    Every kind that is not zero has a cell, so that 3 errors of 100,000 are seen.
    """
    ok, now, left = ("#", ">", ".") if ascii_only else ("█", "▓", "░")
    kinds = [
        (ok, "good", counts.succeeded - counts.flawed),
        ("!", "warn", counts.flawed),
        ("e", "bad", counts.errored),
        ("x", "warn", counts.expired),
        ("c", "warn", counts.canceled),
        (left, "dim", counts.processing),
    ]
    sizes = _apportion([count for _, _, count in kinds], width)
    parts = [(glyph * size, style) for (glyph, style, _), size in zip(kinds, sizes, strict=True) if size]
    if parts and counts.processing and parts[-1][1] == "dim":
        parts[-1] = (now + parts[-1][0][1:], "dim")
    return parts


def count_bar(counts: Counts, width: int, *, ascii_only: bool = False) -> str:
    """The parts of `count_parts` as one text."""
    return "".join(text for text, _ in count_parts(counts, width, ascii_only=ascii_only))


def percent_done(counts: Counts) -> str:
    """` 94%` of a batch whose counts move while it runs."""
    total = sum(counts) - counts.flawed
    return f"{0 if total == 0 else int(100 * (total - counts.processing) / total):>3}%"


def canceling(seconds: float) -> str:
    """A batch that was told to stop."""
    return f"canceling for {span(seconds)}"


def overdue(seconds: float) -> str:
    """A batch that the API has not ended at its deadline."""
    return f"deadline passed {span(seconds)} ago, waiting for the API"


def gone(archived: str, *, has_copy: bool) -> str:
    """A batch whose results the API no longer gives out; `archived` is a date as a word."""
    return "local copy" if has_copy else f"results gone (archived {archived})"


def stale_mark(seconds_since_poll: float, interval: float) -> str:
    """`~` where what is shown is older than three polls, else nothing."""
    return "~" if seconds_since_poll > 3 * interval else ""


def clock(seconds: float) -> str:
    """`49 m`, `5 h 33`; it changes once a minute, so an idle screen is not repainted."""
    return duration(timedelta(seconds=seconds))


def span(seconds: float) -> str:
    """One number with its unit: `40 s`, `2 m`, `3 h`, `2 d`."""
    seconds = max(seconds, 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _share(part: float, whole: float, cells: int) -> int:
    return cells if whole <= 0 else min(int(part / whole * cells), cells)


def _apportion(counts: list[int], width: int) -> list[int]:
    """Cells for each count, in proportion, at least one where it is not zero; they fill the width exactly."""
    total = sum(counts)
    if total <= 0 or width <= 0:
        return [0] * len(counts)
    sizes = [max(count * width // total, 1) if count else 0 for count in counts]
    largest = counts.index(max(counts))
    sizes[largest] += width - sum(sizes)
    if sizes[largest] < 1:  # fewer cells than kinds: the first ones are shown
        sizes = [1 if count else 0 for count in counts]
        while sum(sizes) > width:
            sizes[max(number for number, size in enumerate(sizes) if size)] = 0
    return sizes


def _dot(ascii_only: bool) -> str:
    return "-" if ascii_only else "·"


_FEW = 2
"""What fills the height of a small drawing at least: one alone does not."""
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
    most = max(*counts, _FEW)
    steps = len(heights) - 1
    return " " + "".join(heights[-(-count * steps // most) if most else 0] for count in counts) + " "


def _cell(at: float, span: float, cells: int) -> int:
    return 0 if span <= 0 else min(int(at / span * cells), cells)


MARKS = ("█", "▒", "▚", "░")
ASCII_MARKS = ("#", "=", "o", ".")
_TICKS = 4
_AROUND = 4
"""Rows of a drawing beside those between the marks of its axis: the lowest of them, the frame, the labels."""


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
    axis: Callable[[Sequence[float]], list[str]],
    whole: bool = False,
    ascii_only: bool = False,
) -> list[str]:
    """Upright bars, the series one on the other, for a width and height in cells; `axis` names the values of the axis.

    `whole` puts the axis' marks on whole numbers. As many labels as fit stand below. It may be lower than `height`, so that
    there are as many rows between any two marks.
    """
    import plotext as plt  # 0.1 s that only a drawn plot needs

    top = max((sum(column) for column in zip(*(one.values for one in series), strict=True)), default=0.0)
    ticks = axis_ticks(top, whole=whole)
    words = axis(ticks)
    steps = len(ticks) - 1
    height = _AROUND + max((height - _AROUND) // steps, 1) * steps
    shown = shown_labels(labels, width - max(map(len, words)) - 2)
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
    plt.yticks(ticks, words)
    plt.xticks(shown, [labels[number] for number in shown])
    drawn = str(plt.uncolorize(plt.build()))
    plt.clear_figure()
    return [line.rstrip() for line in drawn.split("\n") if line.strip()]


def legend(series: Sequence[Series], *, ascii_only: bool = False) -> str:
    """`█ haiku  ▒ sonnet`: which mark is which."""
    marks = ASCII_MARKS if ascii_only else MARKS
    return "  ".join(f"{mark} {one.name}" for mark, one in zip(marks, series, strict=False))


def axis_ticks(top: float, *, whole: bool) -> list[float]:
    """Round values from 0 to at least `top`, at most five; of whole ones to 2 at least, so that one fills no column."""
    if top <= 0:
        return [0.0, 1.0]
    if whole:
        top = max(top, 2.0)
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
