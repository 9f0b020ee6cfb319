"""Numbers and times as words: counts, bytes, dollars, shares, ages, durations, moments."""

from __future__ import annotations

from datetime import timedelta
from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counted_batches(number: int) -> str:
    """`1 batch`, `3 batches`."""
    return f"{number:,} batch{'' if number == 1 else 'es'}"


def count_words(value: float) -> str:
    """`1,204`: a whole number that a drawing or a sum has as a float."""
    return f"{value:,.0f}"


def counts_axis(values: Sequence[float]) -> list[str]:
    """Whole numbers along an axis."""
    return [count_words(value) for value in values]


def money_axis(values: Sequence[float]) -> list[str]:
    """Dollars along an axis of even steps, all with as many places as the steps need, so that no two look the same."""
    step = values[1] - values[0]
    if step >= 1 and all(value == int(value) for value in values):
        return [f"${value:,.0f}" for value in values]
    places = 2
    while places < 9 and abs(step - round(step, places)) > step * 1e-6:
        places += 1
    return [f"${value:,.{places}f}" for value in values]


def size(count: int) -> str:
    """Bytes as `812 B`, `38.2 MB`, `1.2 GB` (powers of ten)."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95 or unit == "GB":
            return f"{value:.1f} {unit}"
    raise AssertionError


def money(usd: float) -> str:
    """Dollars to the cent, and to four places below a cent."""
    if 0 < usd < 0.01:
        return f"${usd:.4f}" if usd >= 0.0001 else "under $0.0001"
    return f"${usd:,.2f}"


def fine_money(usd: float) -> str:
    """Dollars of single entries: two digits that are not zero at least, `$0.000064`, `$0.0031`, `$1.20`."""
    if not 0 < usd < 0.1:
        return money(usd)
    return f"${usd:.{1 - floor(log10(usd))}f}"


def share(part: int, total: int) -> str:
    """A part in per cent, never rounded to none or to all where it is neither."""
    if total == 0 or part == 0:
        return "0%"
    if part == total:
        return "100%"
    percent = min(max(100 * part / total, 0.1), 99.9)
    return f"{percent:.1f}%"


def duration(span: timedelta) -> str:
    """`49 m`, `5 h 33`, `24 h`, then `2 d`: changing once a minute at most. Below a minute, and below zero, `<1 m`."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return "<1 m"
    if minutes < 60:
        return f"{minutes} m"
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} d"
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes % 60 else f"{minutes // 60} h"


def duration_words(seconds: float) -> str:
    """`10 s`, `4 min`, `2 h`: a rough time to come."""
    if seconds < 90:
        return f"{max(round(seconds), 0)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


def ago(span: timedelta) -> str:
    """How long ago, roughly: `12s`, `4m`, `3h`, `2d`."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < 48 * 3600 else f"{seconds // 86400}d"


def span(left: timedelta) -> str:
    """One number with its unit, for a time to come: `6d`, `11h`, `40m`."""
    minutes = max(int(left.total_seconds()) // 60, 0)
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 48 * 60 else f"{minutes // (24 * 60)}d"


def took(span: timedelta) -> str:
    """How long something took, to be compared: `40s`, `12m`, `2h05m`."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"


def local_clock(at: datetime) -> str:
    """A time of day where the user is. A moment and not an age, so that an idle screen stays still."""
    return f"{at.astimezone():%H:%M:%S}"


def moment(at: datetime, now: datetime) -> str:
    """A time where the user is: `17:01:20` on the day of `now`, else with its date, `19 Nov 17:01`."""
    local, today = at.astimezone(), now.astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    return f"{local:%-d %b %H:%M}" if abs((at - now).days) < 180 else f"{local:%-d %b %Y}"
