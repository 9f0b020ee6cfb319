"""One budget of polls over several workspaces watched at once."""

from __future__ import annotations

import threading

APART = 5.0
"""Seconds between any two polls of this process, whatever workspaces they are for: 12 requests a minute at most.

The first poll of each workspace does not wait for the others'.
"""


class Budget:
    """Gives out times to poll at, in the order they are asked for. For the threads of several engines."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = float("-inf")
        self._members = 0

    def join(self) -> None:
        """One more workspace polls from this budget; a single one is not held back."""
        with self._lock:
            self._members += 1

    def leave(self) -> None:
        """One workspace fewer: it never began to poll."""
        with self._lock:
            self._members -= 1

    def wait(self, now: float) -> float:
        """Seconds until the asker's turn, which is taken with the asking; `now` is monotonic."""
        with self._lock:
            if self._members < 2:
                return 0.0
            turn = max(now, self._next)
            self._next = turn + APART
            return turn - now
