"""A simulated batch: a handful of times, from which its whole state at any moment follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from claude_batch_tui.domain.batches.batch import PROCESSING_WINDOW, RESULTS_KEPT
from claude_batch_tui.simulator.fates import BUCKETS, Draw, Fate, Tally
from claude_batch_tui.simulator.params import Rejection, Rules, read
from claude_batch_tui.simulator.rows import ELEMENT, Rows

CANCEL_SECONDS = 25.0
"""From cancel to ended, as a public note measured it on the live API (2026-09-02)."""


class End(NamedTuple):
    """When a batch ends, how many steps of progress it makes until then, and what becomes of the others."""

    at: datetime
    cut: int
    rest: Fate


class SimulatedBatch:
    """One batch. Nothing runs in the background: asking for its state computes it from the clock.

    `duration` and `cancel_seconds` are wall-clock seconds, the speed factor applied already.
    """

    def __init__(
        self,
        batch_id: str,
        rows: Rows,
        *,
        created_at: datetime,
        duration: float,
        cancel_seconds: float,
        draw: Draw,
        rules: Rules,
        tally: Tally | None = None,
    ) -> None:
        self.id = batch_id
        self.rows = rows
        self.created_at = created_at
        self.expires_at = created_at + PROCESSING_WINDOW
        self.duration = timedelta(seconds=duration)
        self.cancel_seconds = timedelta(seconds=cancel_seconds)
        self.cancel_initiated_at: datetime | None = None
        self.archive_at = created_at + RESULTS_KEPT
        self.draw = draw
        self.rules = rules
        self._tally = tally

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def tally(self) -> Tally:
        """The fates of all requests, counted when first asked for."""
        if self._tally is None:
            self._tally = Tally()
            with self.rows.opened() as fetch:
                for index in range(len(self.rows)):
                    known = self.rows.known(index)
                    if known is None:
                        element = ELEMENT.decode(fetch(index))
                        valid = not isinstance(read(element.params, self.rules), Rejection)
                        known = element.custom_id, valid
                    custom_id, valid = known
                    digest = self.draw.digest(custom_id)
                    fate = self.draw.fate(custom_id, digest) if valid else Fate.ERRORED
                    self._tally.add(digest[0], fate)
        return self._tally

    def end(self) -> End:
        """How the batch ends, as things stand."""
        natural = self.created_at + self.duration
        end = End(natural, BUCKETS, Fate.EXPIRED)
        if natural > self.expires_at:
            end = End(self.expires_at, self.progress(self.expires_at), Fate.EXPIRED)
        if self.cancel_initiated_at is not None and self.cancel_initiated_at < end.at:
            canceled = self.cancel_initiated_at + self.cancel_seconds
            if canceled < end.at:
                return End(canceled, self.progress(self.cancel_initiated_at), Fate.CANCELED)
        return end

    def progress(self, now: datetime) -> int:
        """Steps of progress made by `now`, if nothing stops them."""
        if self.duration <= timedelta(0):
            return BUCKETS
        return max(0, min(BUCKETS, int((now - self.created_at) / self.duration * BUCKETS)))

    def has_ended(self, now: datetime) -> bool:
        """True once every request has an outcome."""
        return now >= self.end().at

    def is_archived(self, now: datetime) -> bool:
        """True once the results are no longer given out."""
        return self.has_ended(now) and now >= self.archive_at

    def status(self, now: datetime) -> str:
        """`processing_status` of the API."""
        if self.has_ended(now):
            return "ended"
        return "in_progress" if self.cancel_initiated_at is None else "canceling"

    def body(self, now: datetime, origin: str, *, live_counts: bool) -> dict[str, Any]:
        """The API's object. Counts stay at processing until the end, unless they are asked to move."""
        end = self.end()
        ended = now >= end.at
        cut = end.cut if ended else min(self.progress(now), end.cut) if live_counts else 0
        counts = self.tally.counts(cut, end.rest if ended else None)
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self.status(now),
            "request_counts": counts,
            "created_at": rfc3339(self.created_at),
            "expires_at": rfc3339(self.expires_at),
            "ended_at": rfc3339(end.at) if ended else None,
            "cancel_initiated_at": rfc3339(self.cancel_initiated_at),
            "archived_at": rfc3339(self.archive_at) if ended and now >= self.archive_at else None,
            "results_url": f"{origin}/v1/messages/batches/{self.id}/results" if ended else None,
        }

    def cancel(self, now: datetime) -> None:
        """Begin to cancel, once."""
        if self.cancel_initiated_at is None:
            self.cancel_initiated_at = now

    def finish(self, now: datetime) -> None:
        """End now: what is canceling ends canceled, everything else as it would have ended."""
        if self.cancel_initiated_at is not None:
            self.cancel_seconds = now - self.cancel_initiated_at
        else:
            self.duration = now - self.created_at

    def expire(self, now: datetime) -> None:
        """End now as the 24 hours would: what is not done yet has expired."""
        if not self.has_ended(now):
            self.expires_at = now

    def archive(self, now: datetime) -> None:
        """Give the results out no longer."""
        self.archive_at = now

    def shift(self, seconds: float) -> None:
        """Move everything that has happened `seconds` into the past."""
        step = timedelta(seconds=seconds)
        self.created_at -= step
        self.expires_at -= step
        self.archive_at -= step
        if self.cancel_initiated_at is not None:
            self.cancel_initiated_at -= step


def rfc3339(moment: datetime | None) -> str | None:
    """A time as the API writes it: 2026-11-20T18:37:24.100435Z."""
    return None if moment is None else moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
