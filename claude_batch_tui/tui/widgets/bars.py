"""Honest progress as one line of text: time against history until counts move, counts when they do.

Pure functions of plain numbers. Seconds for times, cells for widths; `ascii_only` draws without Unicode.
"""

from __future__ import annotations

from typing import NamedTuple

ENOUGH_HISTORY = 5
"""Ended batches of the same kind below which nothing is said about how long one takes."""


class PastTimes(NamedTuple):
    """How long similar batches took: their number, when half and when nine of ten had ended."""

    batches: int
    median: float
    p90: float


class Counts(NamedTuple):
    """How many requests are where."""

    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0


def waiting(
    elapsed: float, left: float, history: PastTimes | None, width: int, *, ascii_only: bool = False
) -> str:
    """A batch whose counts say nothing yet: the time used against similar batches, never a percentage."""
    if left < 0:
        return overdue(-left)
    if history is None or history.batches < ENOUGH_HISTORY:
        return f"no history {_dot(ascii_only)} {clock(elapsed)} of {clock(elapsed + left)}"
    if elapsed > history.p90:
        return f"longer than 9 of 10 {_dot(ascii_only)} {clock(left)} left"
    return time_ruler(elapsed, history.median, history.p90, width, ascii_only=ascii_only)


def time_ruler(elapsed: float, median: float, p90: float, width: int, *, ascii_only: bool = False) -> str:
    """`┆▒▒▒··│······┆`: filled so far, the mark where half had ended, the right end where nine of ten had."""
    edge, filled, free, mark = ("|", "=", ".", "+") if ascii_only else ("┆", "▒", "·", "│")
    inner = max(width - 2, 1)
    used = _share(elapsed, p90, inner)
    half = min(_share(median, p90, inner), inner - 1)
    body = [filled if x < used else free for x in range(inner)]
    body[half] = mark
    return edge + "".join(body) + edge


def count_bar(counts: Counts, width: int, *, ascii_only: bool = False) -> str:
    """`██████e x░░░`: every kind that is not zero has a cell, so that 3 errors of 100,000 are seen."""
    ok, now, left = ("#", ">", ".") if ascii_only else ("█", "▓", "░")
    parts = [
        (ok, counts.succeeded),
        ("e", counts.errored),
        ("x", counts.expired),
        ("c", counts.canceled),
        (left, counts.processing),
    ]
    sizes = _apportion([count for _, count in parts], width)
    bar = "".join(glyph * size for (glyph, _), size in zip(parts, sizes, strict=True))
    return bar.replace(left, now, 1) if counts.processing else bar


def counting(counts: Counts, width: int, *, ascii_only: bool = False) -> str:
    """A bar and a percentage, for a batch whose counts move while it runs."""
    total = sum(counts)
    percent = 0 if total == 0 else int(100 * (total - counts.processing) / total)
    label = f" {percent:>3}%"
    return count_bar(counts, max(width - len(label), 1), ascii_only=ascii_only) + label


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
    """Hours and minutes, `0:41`; it changes once a minute, so an idle screen is not repainted."""
    minutes = int(max(seconds, 0)) // 60
    return f"{minutes // 60}:{minutes % 60:02}"


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
