"""How long batches like this one took: the only honest progress while the API reports no counts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import timedelta
from math import ceil

import msgspec

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
