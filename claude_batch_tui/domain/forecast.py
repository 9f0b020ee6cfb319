"""How long batches like this one took: the only honest progress while the API reports no counts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import ceil, log10

import msgspec

from claude_batch_tui.domain.batch import Batch

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


def durations_by_size(batches: Iterable[Batch]) -> dict[int, list[timedelta]]:
    """How long ended batches took, by the order of magnitude of their size. Canceled ones teach nothing."""
    by_size: dict[int, list[timedelta]] = {}
    for batch in batches:
        if batch.ended_at is None or batch.cancel_initiated_at is not None or not batch.request_counts.total:
            continue
        by_size.setdefault(_order(batch), []).append(batch.ended_at - batch.created_at)
    return by_size


def forecast(batch: Batch, by_size: dict[int, list[timedelta]]) -> Forecast | None:
    """What batches of the same order of size suggest, or None where fewer than five have ended."""
    similar = sorted(by_size.get(_order(batch), ()))
    if len(similar) < LEAST_SIMILAR:
        return None
    return forecast_of(similar)


def forecast_of(similar: Sequence[timedelta], model: str | None = None) -> Forecast:
    """The forecast that follows from ascending times of similar batches."""
    return Forecast(_quantile(similar, 0.5), _quantile(similar, 0.9), len(similar), similar, model)


def _order(batch: Batch) -> int:
    return int(log10(max(batch.request_counts.total, 1)))


def _quantile(ordered: Sequence[timedelta], share: float) -> timedelta:
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]
