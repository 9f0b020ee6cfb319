"""What is remembered of one batch beside its state: what it cost, what polls saw of it, what was sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.domain.batches.tracked import Submission

if TYPE_CHECKING:
    from claude_batch_tui.domain.money.spend import Spend


class Sighting(msgspec.Struct, frozen=True):
    """What the API reported of a batch when that was new."""

    at: datetime
    processing_status: str
    counts: RequestCounts


class PollRecord(msgspec.Struct, frozen=True):
    """One poll: seconds it took, batches it was answered for, or the sentence that says why it failed."""

    at: datetime
    seconds: float
    batches: int | None = None
    error: str | None = None


class Story(msgspec.Struct, frozen=True):
    """The rest of what is known of a batch. Sightings are oldest first, polls newest first.

    `like` holds succeeded requests and dollars of earlier batches like it.
    """

    submission: Submission | None = None
    spend: Spend | None = None
    like: tuple[tuple[int, float], ...] = ()
    sightings: tuple[Sighting, ...] = ()
    polls: tuple[PollRecord, ...] = ()


class SentRequests(msgspec.Struct, frozen=True):
    """The first requests of a batch as they were sent: custom_id, bytes of JSON (cut where `True`), of `total`."""

    first: tuple[tuple[str, bytes, bool], ...]
    total: int


class Answered(msgspec.Struct, frozen=True):
    """A line of a batch's log: polls from `since` to `until`, what they were answered, and whether that was new."""

    since: datetime
    until: datetime
    polls: int
    seconds: float
    """Of the newest poll of the line; 0 where it is not known."""
    sighting: Sighting | None = None
    error: str | None = None


def answers(
    sightings: tuple[Sighting, ...],
    polls: tuple[PollRecord, ...],
    *,
    ended_at: datetime | None,
    one_by_one: int,
) -> list[Answered]:
    """The log of a batch, newest first: every change and failure, and the polls between that changed nothing.

    The newest `one_by_one` lines stand alone; older polls that saw nothing new are folded into one line.
    """
    changes = {sighting.at: sighting for sighting in sightings}
    last = max((s.at for s in sightings if s.processing_status == "ended"), default=ended_at)
    about_it = [poll for poll in polls if last is None or poll.at <= last or poll.at in changes]
    times = {poll.at for poll in about_it}
    lines = [
        Answered(poll.at, poll.at, 1, poll.seconds, changes.get(poll.at), poll.error) for poll in about_it
    ]
    lines += [Answered(at, at, 0, 0.0, sighting) for at, sighting in changes.items() if at not in times]
    lines.sort(key=lambda line: line.since, reverse=True)
    folded = lines[:one_by_one]
    for line in lines[one_by_one:]:
        newer = folded[-1] if len(folded) > one_by_one else None
        is_quiet = line.sighting is None and line.error is None
        if newer is not None and is_quiet and newer.sighting is None and newer.error is None:
            folded[-1] = msgspec.structs.replace(newer, since=line.since, polls=newer.polls + 1)
        else:
            folded.append(line)
    return folded
