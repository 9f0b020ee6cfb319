"""How long batches took, learned one by one from the list itself, and what that says of those that still run."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import ceil, log10

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.tracked import TrackedBatch

LEAST_SIMILAR = 5
"""Fewer ended batches than this teach nothing."""


class Forecast(msgspec.Struct, frozen=True):
    """Half of `similar` ended batches of about this size had ended by `median`, 9 of 10 by `ninth_tenth`."""

    median: timedelta
    ninth_tenth: timedelta
    similar: int
    durations: Sequence[timedelta]
    """In ascending order."""
    model: str | None = None
    """The model they share, None where batches of any model were compared."""

    def share_past(self, elapsed: timedelta) -> float:
        """The share of similar batches, 0 to 1, that had ended after so long."""
        return bisect_right(self.durations, elapsed) / len(self.durations)


def forecast_of(similar: Sequence[timedelta], model: str | None = None) -> Forecast:
    """The forecast that follows from ascending times of similar batches."""
    return Forecast(_quantile(similar, 0.5), _quantile(similar, 0.9), len(similar), similar, model)


def _quantile(ordered: Sequence[timedelta], share: float) -> timedelta:
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]


class Turnarounds:
    """Sorted times of ended batches, by order of magnitude of their size, and by model where that is known."""

    def __init__(self) -> None:
        self._took: dict[tuple[int, str | None], list[timedelta]] = {}
        self._learned: set[str] = set()

    def learn(self, batches: Iterable[TrackedBatch]) -> None:
        """Take in what has ended since. Canceled ones teach nothing, and each teaches once."""
        for tracked in batches:
            batch = tracked.batch
            if batch.ended_at is None or batch.id in self._learned or batch.cancel_initiated_at is not None:
                continue
            self._learned.add(batch.id)
            took = batch.ended_at - batch.created_at
            for model in {None, tracked.model}:
                insort(self._took.setdefault((_order(batch), model), []), took)

    def forecast(self, batch: Batch, model: str | None) -> Forecast | None:
        """What similar batches suggest: of the same model if five of them have ended, else of any."""
        for basis in (model, None) if model else (None,):
            similar = self._took.get((_order(batch), basis), [])
            if len(similar) >= LEAST_SIMILAR:
                return forecast_of(similar, model=basis)
        return None


def _order(batch: Batch) -> int:
    return int(log10(max(batch.request_counts.total, 1)))
