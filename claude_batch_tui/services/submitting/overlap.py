"""Requests that were sent before as a part of something else: a pilot of what was sent whole, or the whole of a pilot."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from claude_batch_tui.domain.batches.tracked import Submission
from claude_batch_tui.services.submitting.repeats import SAME_BODY_WINDOW
from claude_batch_tui.services.submitting.spool import sent_places
from claude_batch_tui.store import submissions
from claude_batch_tui.store.store import Store

_KINDS = ("submit", "pilot", "rest")
"""A retry sends again what was sent: that is what it is for."""
_LOOKED_AT = 20
"""Earlier submissions of the same source that are looked into, the newest first."""
_COMPARED = 100
"""Requests under the same custom_ids whose bytes are compared."""


class Overlap(NamedTuple):
    """What was sent before: where, and how many of the requests have a custom_id of it."""

    earlier: Submission
    requests: int


def overlap(prepared: Submission, *, store: Store, now: datetime) -> Overlap | None:
    """The newest submission of the same source, in another run, that sent some of these very requests within 30 days.

    Reads the spool. What is asked for anew, with another prompt or model, is no repeat.
    """
    if prepared.kind not in _KINDS:
        return None
    ours = sent_places(prepared)
    if ours is None:
        return None
    earlier = submissions.of_source(store, prepared.source, now - SAME_BODY_WINDOW, limit=_LOOKED_AT)
    for one in earlier:
        if one.run_id == prepared.run_id or one.submission_id == prepared.submission_id:
            continue
        theirs = sent_places(one)
        common = [custom_id for custom_id in ours if custom_id in theirs] if theirs else []
        if theirs and common and _is_same(prepared, one, ours, theirs, common):
            return Overlap(one, len(common))
    return None


def _is_same(
    prepared: Submission,
    earlier: Submission,
    ours: dict[str, tuple[int, int]],
    theirs: dict[str, tuple[int, int]],
    common: list[str],
) -> bool:
    """Whether one of the first requests they have in common has the same bytes in both bodies."""
    try:
        with Path(prepared.body_path).open("rb") as one, Path(earlier.body_path).open("rb") as other:
            for custom_id in islice(common, _COMPARED):
                (at, length), (there, size) = ours[custom_id], theirs[custom_id]
                one.seek(at)
                other.seek(there)
                if length == size and one.read(length) == other.read(size):
                    return True
    except OSError:
        return False
    return False
