"""What batches cost, grouped: billed by the usage of their answers, beside the estimate and the standard price.

Money is in US dollars. What is not known is counted, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Literal

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.history import UNKNOWN_MODEL
from claude_batch_tui.domain.batches.merging import without_part
from claude_batch_tui.domain.money.spend import Spend
from claude_batch_tui.domain.money.spend_limit import SpentAlready
from claude_batch_tui.domain.requests.models import without_date

By = Literal["day", "model", "tag", "run"]
GROUPINGS: tuple[By, ...] = ("day", "model", "tag", "run")
NO_TAG = "(no tag)"


class PaidBatch(msgspec.Struct, frozen=True):
    """A batch as its cost is made up: `spend` by its results, where they were read here, `at_most` as estimated before.

    `run_id` is its own id where it has no run; `title` is the name of the run or of the batch, else that id.
    """

    batch: Batch
    run_id: str
    title: str
    tags: tuple[str, ...] = ()
    model: str | None = None
    spend: Spend | None = None
    at_most: float | None = None
    is_gone: bool = False
    """The API knows it no more."""


class CostLine(msgspec.Struct, frozen=True):
    """What the batches of one group cost; each batch is in one of `billed`, `in_flight`, `unread` and `unknown`.

    `estimated` is what those billed were estimated at, at most, as far as they were; `in_flight` and `unread` are such
    estimates of what has not ended, and of what has and whose results were not read here.
    """

    key: str
    batches: int = 0
    known: int = 0
    """Of how many the cost is known: they are what was billed."""
    requests: int = 0
    billed: float = 0.0
    standard: float = 0.0
    """The billed answers at the standard price."""
    estimated: float = 0.0
    cache_saved: float = 0.0
    """Negative where writing the cache cost more than reading it saved."""
    in_flight: float = 0.0
    unread: float = 0.0
    unknown: int = 0
    """Batches of which neither results nor an estimate are here."""
    unpriced: int = 0
    """Billed answers of models without a price, which are in no sum."""
    run_id: str | None = None


class Costs(msgspec.Struct, frozen=True):
    """Lines in the order of their days, else the dearest first, and the sum in which every batch is once."""

    by: By
    lines: tuple[CostLine, ...]
    total: CostLine
    lost: SpentAlready = SpentAlready()
    """What submissions may have paid at most whose answer was lost, and of which no batch is known."""


def costs(
    paid: Iterable[PaidBatch], by: By, *, day_of: Callable[[datetime], date], month: str | None = None
) -> Costs:
    """What batches cost, grouped; `month`, as `2026-11`, leaves out those created in others.

    All batches of a run count for it: its parts, its pilot, and every retry. A batch with several tags is in the line of
    each. A batch of several models is in a line of its own.
    """
    groups: dict[str, list[CostLine]] = {}
    every: list[CostLine] = []
    for one in paid:
        day = day_of(one.batch.created_at).isoformat()
        if month is not None and not day.startswith(month):
            continue
        every.append(_line(one))
        for key in _keys(one, by, day):
            groups.setdefault(key, []).append(every[-1])
    lines = [_sum(key, parts, is_run=by == "run") for key, parts in groups.items()]
    if by == "day":
        lines.sort(key=lambda line: line.key)
    else:
        lines.sort(key=lambda line: -(line.billed + line.in_flight + line.unread))
    return Costs(by, tuple(lines), _sum("total", every))


def _keys(one: PaidBatch, by: By, day: str) -> Sequence[str]:
    match by:
        case "day":
            return (day,)
        case "model":
            models = [] if one.spend is None else [without_date(model) for model in one.spend.models]
            return (" + ".join(sorted(set(models))) or one.model or UNKNOWN_MODEL,)
        case "tag":
            return one.tags or (NO_TAG,)
        case "run":
            return (one.run_id,)


def _line(one: PaidBatch) -> CostLine:
    """One batch as a line, under the title of its run."""
    line = CostLine(one.title, 1, requests=one.batch.request_counts.total, run_id=one.run_id)
    replace, at_most = msgspec.structs.replace, one.at_most
    if one.spend is not None:
        spend = one.spend
        return replace(
            line,
            known=1,
            billed=spend.usd,
            standard=spend.standard,
            estimated=at_most or 0.0,
            cache_saved=spend.cache_saved,
            unpriced=spend.unpriced,
        )
    if one.batch.has_ended and not one.batch.request_counts.succeeded:
        return replace(line, known=1, estimated=at_most or 0.0)  # only what succeeded is billed
    if at_most is None:
        return replace(line, unknown=1)
    is_in_flight = not one.batch.has_ended and not one.is_gone
    return replace(line, **{"in_flight" if is_in_flight else "unread": at_most})


def _sum(key: str, parts: Sequence[CostLine], *, is_run: bool = False) -> CostLine:
    sums = {
        name: sum(getattr(part, name) for part in parts)
        for name in CostLine.__struct_fields__
        if name not in ("key", "run_id")
    }
    return CostLine(without_part(parts[0].key) if is_run else key, **sums, run_id=key if is_run else None)
