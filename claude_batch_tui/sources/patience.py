"""How long a source that is somebody's program may go on: a script, or a query, that may never give anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

DEFAULT_SECONDS = 60.0


class Patience(NamedTuple):
    """A source is stopped when it gives nothing for so many `seconds`, or soon after `stopped` says that nobody waits."""

    seconds: float = DEFAULT_SECONDS
    stopped: Callable[[], bool] = lambda: False


USUAL = Patience()
