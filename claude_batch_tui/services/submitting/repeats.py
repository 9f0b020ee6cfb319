"""The same bytes sent before: which batches of a draft were, or may have been, created already."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.errors import DraftError
from claude_batch_tui.store import submissions
from claude_batch_tui.store.store import Store

SAME_BODY_WINDOW = timedelta(days=30)
"""The same bytes are not sent again within this time unless the user says so."""


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
