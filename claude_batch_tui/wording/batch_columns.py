"""The columns of the list of batches by name, and what each says, so that both faces show the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

from claude_batch_tui.domain.batches.forecast import Forecast
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.domain.batches.warnings import Warned, warned
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.wording import GLYPHS, ago, duration, money, progress_words, span

Words = Callable[[TrackedBatch, datetime, Forecast | None], str]


class ColumnWords(NamedTuple):
    """A column's head, what it says of a batch or run, and what rows are sorted by when it is chosen."""

    title: str
    words: Words
    sort: str
    align: Literal["left", "right"] = "left"


def columns_of(text: str) -> tuple[str, ...]:
    """The names in a comma list. Raises ConfigError for one that is none."""
    names = tuple(word.strip().lower() for word in text.split(",") if word.strip())
    for name in names:
        if name not in COLUMNS:
            raise ConfigError(f"There is no column {name!r}; there are {', '.join(COLUMNS)}.")
    if not names:
        raise ConfigError(f"No column is named; there are {', '.join(COLUMNS)}.")
    return names


def left_words(tracked: TrackedBatch, now: datetime) -> str:
    """Time to the deadline while it runs; then how long its results can still be had, once that is short."""
    batch = tracked.batch
    if tracked.gone_at is not None:
        return ""
    if not batch.has_ended:
        return duration(batch.deadline - now) if batch.deadline > now else "over"
    warning = warned(tracked, now)
    if warning is not None and warning.about is Warned.RESULTS:
        return f"!{span(warning.at - now)}"
    return ""


def cost_words(tracked: TrackedBatch) -> str:
    """What it cost, or `≤` what it may cost at most; nothing where that is not known."""
    if tracked.cost_actual is not None:
        return money(tracked.cost_actual)
    return f"≤{money(tracked.cost_at_most)}" if tracked.cost_at_most is not None else ""


def _count(name: str) -> Words:
    """A count as it is reported: nothing is claimed of a batch that has reported none."""

    def words(tracked: TrackedBatch, _now: datetime, _forecast: Forecast | None) -> str:
        counts = tracked.batch.request_counts
        known = counts.done or tracked.batch.has_ended
        return f"{getattr(counts, name):,}" if known else "–"

    return words


def _age(tracked: TrackedBatch, now: datetime, _forecast: Forecast | None) -> str:
    since = now - tracked.batch.created_at
    return ago(since) if tracked.batch.has_ended or tracked.gone_at else duration(since)


def _took(tracked: TrackedBatch, _now: datetime, _forecast: Forecast | None) -> str:
    batch = tracked.batch
    return duration(batch.ended_at - batch.created_at) if batch.ended_at else ""


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else ""


COLUMNS: dict[str, ColumnWords] = {
    "state": ColumnWords("S", lambda t, now, _: GLYPHS[t.state(now)], "state"),
    "workspace": ColumnWords("WORKSPACE", lambda t, _, __: t.profile or "", "workspace"),
    "name": ColumnWords("NAME", lambda t, _, __: t.name or "", "name"),
    "id": ColumnWords("ID", lambda t, _, __: t.id, "id"),
    "requests": ColumnWords(
        "REQS", lambda t, _, __: f"{t.batch.request_counts.total:,}", "requests", "right"
    ),
    "progress": ColumnWords(
        "RESULT OR TIME USED",
        lambda t, now, forecast: progress_words(t.batch, now, forecast),
        "progress",
    ),
    "ok": ColumnWords("OK", _count("succeeded"), "ok", "right"),
    "errored": ColumnWords("ERR", _count("errored"), "errored", "right"),
    "expired": ColumnWords("EXP", _count("expired"), "expired", "right"),
    "canceled": ColumnWords("CANC", _count("canceled"), "canceled", "right"),
    "age": ColumnWords("AGE", _age, "age", "right"),
    "left": ColumnWords("LEFT", lambda t, now, _: left_words(t, now), "left", "right"),
    "took": ColumnWords("TOOK", _took, "took", "right"),
    "cost": ColumnWords("COST", lambda t, _, __: cost_words(t), "cost", "right"),
    "tags": ColumnWords("TAGS", lambda t, _, __: " ".join(t.tags), "tag"),
    "note": ColumnWords("NOTE", lambda t, _, __: t.note or "", "note"),
    "model": ColumnWords("MODEL", lambda t, _, __: t.model or "", "model"),
    "source": ColumnWords("SOURCE", lambda t, _, __: t.source or "", "source"),
    "run": ColumnWords("RUN", lambda t, _, __: t.run_id or "", "run"),
    "results": ColumnWords("RESULTS", lambda t, _, __: t.results.value, "results"),
    "created": ColumnWords("CREATED", lambda t, _, __: _clock(t.batch.created_at), "created"),
    "ended": ColumnWords("ENDED", lambda t, _, __: _clock(t.batch.ended_at), "ended"),
}
"""By the names of `config.BATCH_COLUMNS`."""
