"""Times as words: ages, durations, moments."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def duration(span: timedelta) -> str:
    """`0:41` below a day (hours and minutes, changing once a minute), then `2d`; negative spans count as zero."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)}d"
    return f"{minutes // 60}:{minutes % 60:02d}"


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
