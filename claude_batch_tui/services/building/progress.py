"""How far a source has been read, told about ten times a second."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

ROWS_BETWEEN_LOOKS = 256
"""Rows between two looks at the clock."""
_SECONDS = 0.1
Clock = Callable[[], float]
"""Seconds since some moment."""


class SourceProgress(msgspec.Struct, frozen=True):
    """How far the source has been read: rows so far, and bytes of `total_bytes`, which is 0 where nobody knows it."""

    rows: int
    bytes_done: int
    total_bytes: int


def is_due(clock: Clock = time.monotonic) -> Callable[[], bool]:
    """A look at the clock that is true once in a tenth of a second."""
    due = clock() + _SECONDS

    def look() -> bool:
        nonlocal due
        now = clock()
        if now < due:
            return False
        due = now + _SECONDS
        return True

    return look
