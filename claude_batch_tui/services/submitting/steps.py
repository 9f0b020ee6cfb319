"""The steps of a submission as they are taken, in the words both faces tell them by."""

from __future__ import annotations

from datetime import datetime

import msgspec

from claude_batch_tui.domain.batches.tracked import Overlap, Submission, SubmissionState
from claude_batch_tui.services.building.check import CheckReport


class Prepared(msgspec.Struct, frozen=True):
    """What is to be sent is checked, and frozen on disk as these batches of one run.

    `name` is that of all of them. They hold `requests` of the `of` requests that the file has, and `changed` counts
    those left out because the run has sent them, although the file says something else now. `left_out` are the
    custom_ids that the run has sent.
    """

    submissions: tuple[Submission, ...]
    report: CheckReport
    kind: str
    name: str | None
    requests: int
    of: int
    changed: int = 0
    left_out: frozenset[str] = frozenset()


class SentBefore(msgspec.Struct, frozen=True):
    """The same bytes were sent before: nothing is sent now. Where it is open what became of them, they are looked for."""

    earlier: Submission

    @property
    def is_open(self) -> bool:
        """Whether there is something to look for: it was not created for certain, and nobody is sending it."""
        return not self.earlier.is_certain and self.earlier.state is not SubmissionState.SENDING


class PartlySent(msgspec.Struct, frozen=True):
    """So many of these batches were sent before, in that run: only the others are sent."""

    known: int
    of: int
    run_id: str


class Overlaps(msgspec.Struct, frozen=True):
    """Some of these requests were sent before, as parts of something else.

    Nothing is sent, unless `is_left_out` says that the others will be.
    """

    overlap: Overlap
    is_left_out: bool = False


class Declined(msgspec.Struct, frozen=True):
    """The user said no: nothing is sent."""


class Queued(msgspec.Struct, frozen=True):
    """Another process, `holder`, is sending: this submission waits until it is done."""

    submission: Submission
    holder: str
    until: None = None
    """It is not known for how long."""

    @property
    def note(self) -> str:
        """For whom it waits, as a sentence."""
        return f"Process {self.holder} is submitting right now: waiting until it is done."


class NoRoom(msgspec.Struct, frozen=True):
    """So many batches of ours are `in_progress` that `allowed` lets no other be sent: `batches` of the run with so many
    `requests` wait here, the submission first.
    """

    submission: Submission
    in_progress: int
    allowed: int
    batches: int = 1
    requests: int = 0
    until: None = None
    """It is not known for how long."""

    @property
    def note(self) -> str:
        """What waits, and for what, as a sentence."""
        what = "A batch waits" if self.batches == 1 else f"{self.batches:,} batches wait"
        return (
            f"{what} here with {self.requests:,} requests: {self.in_progress:,} of yours are in progress, and in_flight "
            f"allows {self.allowed:,}."
        )


class Sending(msgspec.Struct, frozen=True):
    """The intent is written down, and so many bytes of the body have been sent."""

    submission: Submission
    sent_bytes: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """Nothing was created, for certain, as `note` says: it is tried again by itself."""

    submission: Submission
    until: datetime
    note: str


class Answered(msgspec.Struct, frozen=True):
    """One create has its outcome: created, refused or unknown."""

    submission: Submission


class Looking(msgspec.Struct, frozen=True):
    """The answer was lost, so the batch is looked for in the list."""

    submission: Submission


class Looked(msgspec.Struct, frozen=True):
    """One look at the list, and what is known after it."""

    submission: Submission


class SendingAgain(msgspec.Struct, frozen=True):
    """No batch of its size was created: it is sent once more, as the user has said beforehand."""

    submission: Submission


class Ended(msgspec.Struct, frozen=True):
    """Sending batch `number` of the `of` that were to be sent has ended; where it was not created, it is the last step."""

    submission: Submission
    number: int = 1
    of: int = 1

    @property
    def is_created(self) -> bool:
        """Whether there is a batch; one that was found for a lost answer may not be proven to be its own yet."""
        return self.submission.state is SubmissionState.CREATED

    @property
    def is_last(self) -> bool:
        """Whether no other batch comes after it."""
        return self.number == self.of


class Priming(msgspec.Struct, frozen=True):
    """The end of a prime is waited for, until then at the latest; the others of its run are sent after it."""

    submission: Submission
    until: datetime


class Primed(msgspec.Struct, frozen=True):
    """A prime has ended, or was waited for long enough. It `is_warm` where its request was answered: the cache is written."""

    submission: Submission
    has_ended: bool
    is_warm: bool


class LeftCold(msgspec.Struct, frozen=True):
    """The others of a prime's run were not sent without it: so many requests. The last step."""

    submission: Submission
    requests: int


Step = (
    Prepared
    | SentBefore
    | PartlySent
    | Overlaps
    | Declined
    | Queued
    | NoRoom
    | Sending
    | Waiting
    | Looking
    | Looked
    | SendingAgain
    | Priming
    | Primed
    | LeftCold
    | Ended
)
