"""A message batch as the API reports it, and what follows from that at a given time.

Source of the fields: the API reference of Message Batches (types/messages/message_batch.py of the SDK 2.11).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

RESULTS_KEPT = timedelta(days=29)
"""Results can be read for 29 days from creation (batch guide, 2026-09-26)."""

PROCESSING_WINDOW = timedelta(hours=24)
"""A batch expires 24 hours after creation (batch guide, 2026-09-26)."""


class RequestCounts(msgspec.Struct, frozen=True):
    """How many requests are where. Their sum is the size of the batch, always.

    The API documents that all but `processing` stay zero until the whole batch has ended.
    """

    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        """All requests of the batch."""
        return self.processing + self.succeeded + self.errored + self.canceled + self.expired

    @property
    def done(self) -> int:
        """Requests that are no longer processing."""
        return self.total - self.processing


class BatchState(StrEnum):
    """What a user needs to know about a batch, derived from what the API reports."""

    IN_PROGRESS = "in_progress"
    CANCELING = "canceling"
    ENDED_OK = "ended_ok"
    ENDED_FLAWED = "ended_flawed"
    ENDED_WITH_ERRORS = "ended_with_errors"
    ENDED_EXPIRED = "ended_expired"
    ENDED_CANCELED = "ended_canceled"
    ARCHIVED = "archived"
    GONE = "gone"
    UNKNOWN = "unknown"


class Batch(msgspec.Struct, frozen=True):
    """One batch object of the API. Times are aware datetimes; unknown fields are ignored."""

    id: str
    processing_status: str
    request_counts: RequestCounts
    created_at: datetime
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_initiated_at: datetime | None = None
    archived_at: datetime | None = None
    results_url: str | None = None

    @property
    def has_ended(self) -> bool:
        """True once every request is succeeded, errored, canceled or expired."""
        return self.processing_status == "ended"

    @property
    def deadline(self) -> datetime:
        """When unfinished requests expire."""
        return self.expires_at or self.created_at + PROCESSING_WINDOW

    @property
    def results_until(self) -> datetime:
        """When the API stops giving the results out."""
        return self.archived_at or self.created_at + RESULTS_KEPT

    def results_readable(self, now: datetime) -> bool:
        """True while the API still gives the results of this batch out."""
        return self.has_ended and now < self.results_until

    def state(self, now: datetime) -> BatchState:
        """The state at `now`; an unknown processing_status is `UNKNOWN` and shown as the API spells it."""
        counts = self.request_counts
        match self.processing_status:
            case "in_progress":
                return BatchState.IN_PROGRESS
            case "canceling":
                return BatchState.CANCELING
            case "ended":
                pass
            case _:
                return BatchState.UNKNOWN
        if now >= self.results_until:
            return BatchState.ARCHIVED
        if counts.errored:
            return BatchState.ENDED_WITH_ERRORS
        if counts.expired:
            return BatchState.ENDED_EXPIRED
        if counts.canceled:
            return BatchState.ENDED_CANCELED
        return BatchState.ENDED_OK

    def supersedes(self, earlier: Batch) -> bool:
        """Whether this report may replace an earlier one: a batch that has ended never un-ends."""
        return self.has_ended or not earlier.has_ended
