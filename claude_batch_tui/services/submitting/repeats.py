"""What was sent before: which batches of a draft were, or may have been, created already, and which requests of it were
sent as a part of something else, a pilot of what was sent whole or the whole of a pilot.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.submitting.spool import sent_places
from claude_batch_tui.services.submitting.steps import Overlaps
from claude_batch_tui.store import submissions
from claude_batch_tui.store.store import Store

SAME_BODY_WINDOW = timedelta(days=30)
"""The same bytes are not sent again within this time unless the user says so."""
_KINDS = ("submit", "pilot", "rest")
"""A retry sends again what was sent: that is what it is for."""
_LOOKED_AT = 20
"""Earlier submissions of the same source that are looked into, the newest first."""
_COMPARED = 100
"""Requests under the same custom_ids whose bytes are compared."""


class Repeats(msgspec.Struct, frozen=True):
    """What of a draft was sent before: `known` submissions of the same bytes, and the parts still `missing`."""

    known: tuple[Submission, ...]
    missing: tuple[Submission, ...]

    @property
    def open(self) -> Submission | None:
        """The first known one of which it is not certain that its batch exists."""
        return next((one for one in self.known if one.state is not SubmissionState.CREATED), None)


def repeats(prepared: tuple[Submission, ...], *, store: Store, now: datetime) -> Repeats:
    """Tell apart what was, or may have been, sent within 30 days. What is missing belongs to the run of the rest.

    Where a whole batch failed, its retry has the same bytes: what a submission is a retry of, and what was sent in
    its run before that, is no repeat of it.
    """
    tried = _tried(prepared[0], store) if prepared else frozenset()
    known: list[Submission] = []
    missing: list[Submission] = []
    for submission in prepared:
        same = [
            one
            for one in submissions.with_body(store, submission.sha256, now - SAME_BODY_WINDOW)
            if one.submission_id not in tried
        ]
        if same:
            known.append(same[0])
        else:
            missing.append(submission)
    if known:
        missing = [msgspec.structs.replace(one, run_id=known[0].run_id) for one in missing]
    return Repeats(tuple(known), tuple(missing))


def not_sent_meanwhile(submission: Submission, own: frozenset[str], *, store: Store, now: datetime) -> None:
    """Raise DraftError where somebody else has sent the same bytes since `repeats` was asked; `own` are our parts."""
    ignored = own | _tried(submission, store)
    for one in submissions.with_body(store, submission.sha256, now - SAME_BODY_WINDOW):
        if one.submission_id not in ignored:
            known = one.batch_id or "a batch that is still looked for"
            raise DraftError(f"The same requests were sent meanwhile, as {known}. Nothing was sent now.")


def _tried(submission: Submission, store: Store) -> frozenset[str]:
    """The submissions of a retry's run up to the newest it is a retry of."""
    ids = [one.submission_id for one in submissions.of_run(store, submission.run_id)]
    last = max((at for at, one in enumerate(ids) if one in submission.retry_of), default=-1)
    return frozenset(ids[: last + 1])


def overlap(prepared: Submission, *, store: Store, now: datetime) -> Overlaps | None:
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
            return Overlaps(one, len(common))
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
