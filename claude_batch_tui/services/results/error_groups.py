"""The errors of a results file grouped by what their messages say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.domain.results.failures import filter_of, shape_of
from claude_batch_tui.domain.results.result import OUTCOMES, Outcome

if TYPE_CHECKING:
    from claude_batch_tui.store.results.file import ResultsFile

_ERRORED = bytes([OUTCOMES.index(Outcome.ERRORED)])
_LOOK_UP_EVERY = 256


class ErrorGroup(msgspec.Struct, frozen=True):
    """Errors of one type whose messages differ in numbers, ids and quoted words alone; `wanted` is their filter."""

    count: int
    kind: str
    shape: str
    wanted: str


def error_groups(results: ResultsFile, stopped: Callable[[], bool] = lambda: False) -> list[ErrorGroup]:
    """All groups, the largest first; about 10 µs an error. For a thread; where it is stopped, those so far."""
    outcomes = bytes(results.index.outcomes)
    found: dict[tuple[str, str], tuple[int, str]] = {}
    at = outcomes.find(_ERRORED)
    number = 0
    while at >= 0:
        number += 1
        if number % _LOOK_UP_EVERY == 0 and stopped():
            break
        kind, message = results.read(at).error
        key = kind, shape_of(message)
        count, first = found.get(key, (0, message))
        found[key] = count + 1, first
        at = outcomes.find(_ERRORED, at + 1)
    groups = [
        ErrorGroup(count, kind, shape, filter_of(kind, message))
        for (kind, shape), (count, message) in found.items()
    ]
    return sorted(groups, key=lambda group: -group.count)
