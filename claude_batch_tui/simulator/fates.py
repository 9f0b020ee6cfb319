"""What becomes of a request, as a pure function of seed, batch id and custom_id.

Nothing is stored per request: the same three words always give the same fate, answer and place in the order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import msgspec

from claude_batch_tui.domain.batches.batch import RequestCounts

BUCKETS: Final = 256
"""A batch makes progress in so many steps; the first byte of a request's digest is the step that does it."""


class Fate(IntEnum):
    """How a request ends if it is processed at all."""

    ANSWERED = 0
    REFUSED = 1
    ERRORED = 2
    EXPIRED = 3
    CANCELED = 4


class Rates(msgspec.Struct, frozen=True):
    """Shares of requests that do not end with an answer, each 0 to 1.

    The defaults are of the order operators report. `thinking` is the share of answers that show a thinking
    block without having been asked to.
    """

    errored: float = 0.015
    expired: float = 0.0005
    refused: float = 0.003
    thinking: float = 0.03


ALL_ANSWERED: Final = Rates(errored=0, expired=0, refused=0, thinking=0)
"""Every valid request succeeds."""


class Draw:
    """The fates of one batch. `forced` names fates of single custom_ids, for tests."""

    def __init__(
        self, seed: int, batch_id: str, rates: Rates, forced: Mapping[str, Fate] | None = None
    ) -> None:
        self._key = hashlib.blake2b(f"{seed}/{batch_id}".encode(), digest_size=32).digest()
        self._errored = int(rates.errored * 2**32)
        self._expired = self._errored + int(rates.expired * 2**32)
        self._refused = self._expired + int(rates.refused * 2**32)
        self._thinking = int(rates.thinking * 256)
        self._forced = dict(forced or {})

    def digest(self, custom_id: str) -> bytes:
        """24 bytes that stand for all chance in one request."""
        return hashlib.blake2b(custom_id.encode(), digest_size=24, key=self._key).digest()

    def fate(self, custom_id: str, digest: bytes) -> Fate:
        """How the request ends."""
        if self._forced and custom_id in self._forced:
            return self._forced[custom_id]
        number = int.from_bytes(digest[1:5], "big")
        if number >= self._refused:
            return Fate.ANSWERED
        if number < self._errored:
            return Fate.ERRORED
        return Fate.EXPIRED if number < self._expired else Fate.REFUSED

    def thinks(self, digest: bytes) -> bool:
        """Whether the answer shows a thinking block although none was asked for."""
        return digest[5] < self._thinking


class Tally:
    """How many requests of each fate are done in each step of progress: all that counting a batch needs."""

    def __init__(self) -> None:
        self.total = 0
        self._succeeded = [0] * BUCKETS
        self._errored = [0] * BUCKETS
        self._expired = [0] * BUCKETS
        self._canceled = [0] * BUCKETS

    def add(self, bucket: int, fate: Fate) -> None:
        """Count one request."""
        self.total += 1
        if fate <= Fate.REFUSED:
            self._succeeded[bucket] += 1
        elif fate is Fate.ERRORED:
            self._errored[bucket] += 1
        elif fate is Fate.EXPIRED:
            self._expired[bucket] += 1
        else:
            self._canceled[bucket] += 1

    def counts(self, cut: int, rest: Fate | None) -> RequestCounts:
        """The counts when all steps below `cut` are done and the rest are canceled, expired or (None) processing."""
        succeeded, errored = sum(self._succeeded[:cut]), sum(self._errored[:cut])
        expired, canceled = sum(self._expired[:cut]), sum(self._canceled[:cut])
        left = self.total - succeeded - errored - expired - canceled
        return RequestCounts(
            processing=left if rest is None else 0,
            succeeded=succeeded,
            errored=errored,
            canceled=canceled + (left if rest is Fate.CANCELED else 0),
            expired=expired + (left if rest is Fate.EXPIRED else 0),
        )
