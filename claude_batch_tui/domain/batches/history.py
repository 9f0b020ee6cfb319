"""What the batches of the last days say together: how long they took, how many there were, what they cost and became."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from math import ceil, log10

import msgspec

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.merging import summed
from claude_batch_tui.domain.requests.models import without_date

UNKNOWN_MODEL = "unknown model"
"""What stands for the model of a batch that was made elsewhere and whose results have not been read here."""

BUCKETS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30, 60, 120, 240, 480, 960))
"""Upper ends of the stretches that turnarounds are counted in; the last stretch has none."""


class PastBatch(msgspec.Struct, frozen=True):
    """A batch as the history needs it. Money is in US dollars; `usd` by its results, `at_most` as estimated."""

    batch: Batch
    model: str | None = None
    usd: float | None = None
    at_most: float | None = None


class Day(msgspec.Struct, frozen=True):
    """The batches created on one day.

    `usd` is the sum of those whose cost is known, `at_most` the estimates of the others, `unpriced` those with neither.
    """

    day: date
    batches: int = 0
    requests: int = 0
    usd: float = 0.0
    at_most: float = 0.0
    unpriced: int = 0


class Turnaround(msgspec.Struct, frozen=True):
    """How long ended batches of one model and size took; half of them at most `median`. Canceled ones teach nothing.

    `size` is the order of magnitude of their requests: 3 is 1,000 to 9,999.
    """

    model: str
    size: int
    batches: int
    median: timedelta
    ninth_tenth: timedelta
    longest: timedelta
    durations: tuple[timedelta, ...]


class Outcomes(msgspec.Struct, frozen=True):
    """What became of the requests of one model's ended batches."""

    model: str
    batches: int
    counts: RequestCounts


class Spread(msgspec.Struct, frozen=True):
    """How many ended batches of one model took how long: a number for each of `BUCKETS`, and one for longer."""

    model: str
    counts: tuple[int, ...]


class History(msgspec.Struct, frozen=True):
    """Everything the history view shows. Days are oldest first without a gap, the rest is busiest first,
    what is of unknown models last.
    """

    days: tuple[Day, ...]
    turnarounds: tuple[Turnaround, ...] = ()
    spreads: tuple[Spread, ...] = ()
    outcomes: tuple[Outcomes, ...] = ()

    @property
    def total(self) -> Day:
        """All days as one, under the date of the first."""
        return _sum(self.days[0].day, self.days)


def history(
    past: Iterable[PastBatch], *, days: int, now: datetime, day_of: Callable[[datetime], date]
) -> History:
    """What the batches created in the last `days` days say, today included. `day_of` gives the user's day of a moment."""
    today = day_of(now)
    first = today - timedelta(days=days - 1)
    by_day: dict[date, list[Day]] = {}
    took: dict[tuple[str, int], list[timedelta]] = {}
    became: dict[str, list[RequestCounts]] = {}
    for one in past:
        batch, day = one.batch, day_of(one.batch.created_at)
        if not first <= day <= today:
            continue
        by_day.setdefault(day, []).append(_as_day(day, one))
        model = without_date(one.model) if one.model else UNKNOWN_MODEL
        counts = batch.request_counts
        if batch.has_ended:
            became.setdefault(model, []).append(counts)
        if batch.ended_at is not None and batch.cancel_initiated_at is None and counts.total:
            took.setdefault((model, int(log10(counts.total))), []).append(batch.ended_at - batch.created_at)
    every_day = (first + timedelta(days=number) for number in range(days))
    return History(
        days=tuple(_sum(day, by_day.get(day, ())) for day in every_day),
        turnarounds=tuple(
            sorted(
                (_turnaround(model, size, durations) for (model, size), durations in took.items()),
                key=lambda found: (found.model == UNKNOWN_MODEL, -found.batches, found.model, found.size),
            )
        ),
        spreads=_spreads(took),
        outcomes=tuple(
            sorted(
                (Outcomes(model, len(counts), summed(counts)) for model, counts in became.items()),
                key=lambda found: (found.model == UNKNOWN_MODEL, -found.counts.total, found.model),
            )
        ),
    )


def by_week(days: Sequence[Day]) -> tuple[Day, ...]:
    """Days summed by seven, the last seven together; each under its first day."""
    first = len(days) % 7
    ends = [*([first] if first else []), *range(first + 7, len(days) + 1, 7)]
    starts = [0, *ends[:-1]]
    return tuple(_sum(days[start].day, days[start:end]) for start, end in zip(starts, ends, strict=True))


def size_words(size: int) -> str:
    """The requests of an order of magnitude: `1,000-9,999`."""
    return f"{10**size:,}-{10 ** (size + 1) - 1:,}"


def _as_day(day: date, one: PastBatch) -> Day:
    return Day(
        day,
        batches=1,
        requests=one.batch.request_counts.total,
        usd=one.usd or 0.0,
        at_most=one.at_most or 0.0 if one.usd is None else 0.0,
        unpriced=int(one.usd is None and one.at_most is None),
    )


def _sum(day: date, parts: Sequence[Day]) -> Day:
    return Day(day, *map(sum, zip(*(msgspec.structs.astuple(part)[1:] for part in parts), strict=True)))


def _turnaround(model: str, size: int, durations: list[timedelta]) -> Turnaround:
    ordered = sorted(durations)
    return Turnaround(
        model,
        size,
        len(ordered),
        ordered[ceil(len(ordered) * 0.5) - 1],
        ordered[ceil(len(ordered) * 0.9) - 1],
        ordered[-1],
        tuple(ordered),
    )


def _spreads(took: dict[tuple[str, int], list[timedelta]]) -> tuple[Spread, ...]:
    counts: dict[str, list[int]] = {}
    for (model, _), durations in took.items():
        of_model = counts.setdefault(model, [0] * (len(BUCKETS) + 1))
        for duration in durations:
            of_model[next((n for n, end in enumerate(BUCKETS) if duration < end), len(BUCKETS))] += 1
    spreads = (Spread(model, tuple(found)) for model, found in counts.items())
    return tuple(
        sorted(spreads, key=lambda spread: (spread.model == UNKNOWN_MODEL, -sum(spread.counts), spread.model))
    )
