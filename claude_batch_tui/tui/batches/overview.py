"""The first tab of the detail: everything known of a batch or run, a fact a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.batch_list import BatchRow, in_parts
from claude_batch_tui.domain.batches.notices import Warned, warned
from claude_batch_tui.domain.batches.tracked import Download, DownloadState, ResultsState, TrackedBatch
from claude_batch_tui.domain.batches.turnaround import Forecast
from claude_batch_tui.tui.batches.rows import STATE_STYLES, Drawing, history_of, similar_to
from claude_batch_tui.tui.widgets import charts
from claude_batch_tui.tui.widgets.columns import cells, fit
from claude_batch_tui.tui.widgets.text_rows import StyledLine
from claude_batch_tui.wording.batches import member_words, outcome_counts, status_words
from claude_batch_tui.wording.costs import cost_of_batch
from claude_batch_tui.wording.progress import QUEUED, reading_words
from claude_batch_tui.wording.values import duration, local_clock, size, span

_MEMBERS_LISTED = 8
_LONGEST_TITLE = 32
_LABEL = 9

Fact = tuple[str, str | None, str | None]
"""A label, a text and its style; without a text it is left out."""


def fact_lines(facts: Iterable[Fact], label_width: int = _LABEL) -> Iterator[StyledLine]:
    """The facts; a text that is too long for the width goes on under its own beginning."""
    for label, text, style in facts:
        if text:
            yield StyledLine(f" {label:<{label_width}}{text}", style, hang=" " * (label_width + 1))


def overview_lines(row: BatchRow, drawing: Drawing, width: int) -> list[StyledLine]:
    """What is known, a fact a line."""
    return list(fact_lines([*_life(row, drawing, width), *_members(row, drawing), *_ours(row, drawing)]))


def _life(row: BatchRow, drawing: Drawing, width: int) -> Iterator[Fact]:
    """What the API says, and what follows from it now."""
    tracked, now = row.tracked, drawing.now
    batch, state = tracked.batch, tracked.state(now)
    yield "status", status_words(tracked, now), STATE_STYLES.get(state)
    yield "!", _warning_words(tracked, now), "warn"
    created = f"{batch.created_at.astimezone():%Y-%m-%d %H:%M:%S} ({duration(now - batch.created_at)} ago)"
    yield "created", created, None
    if batch.has_ended:
        took = f" after {duration(batch.ended_at - batch.created_at)}" if batch.ended_at else ""
        yield (
            "ended",
            f"{batch.ended_at.astimezone():%Y-%m-%d %H:%M:%S}{took}" if batch.ended_at else "",
            None,
        )
        yield "done", outcome_counts(batch.request_counts, tracked.flawed), None
    else:
        left = f"{duration(batch.deadline - now)} left" if now <= batch.deadline else "it has passed"
        yield "deadline", f"{batch.deadline.astimezone():%a %H:%M} ({left})", None
        if batch.request_counts.done:
            yield "done", outcome_counts(batch.request_counts, tracked.flawed), None
        else:
            yield "done", "not reported yet: the API counts only when the whole batch has ended", "dim"
        yield "time", _time_words(batch, similar_to(row, drawing.learned), drawing, width), None


def _ours(row: BatchRow, drawing: Drawing) -> Iterator[Fact]:
    """What is known on this machine only."""
    tracked, now = row.tracked, drawing.now
    yield "cost", cost_of_batch(tracked), None
    yield "tags", ", ".join(tracked.tags), None
    yield "note", tracked.note, None
    yield "source", tracked.source, None
    yield "model", tracked.model, None
    if not row.members:
        yield "results", _results_words(tracked, drawing.downloads, now), None
        yield "id", tracked.id, None
    if row.variants:
        yield "sweep", tracked.run_id, None
    else:
        yield "run", tracked.run_id or "made elsewhere: a adopts it", None if tracked.run_id else "dim"
        if tracked.sweep is not None:
            yield "sweep", f"{tracked.sweep.name}: {tracked.sweep.variant}", None
        for label, words in drawing.lineage:
            yield label, words, None
    if tracked.provisional:
        yield "adopted", "found in the list after a lost answer, not proven to be its own: U decides", "warn"
    if tracked.hidden_at is not None:
        yield "hidden", "hidden on this machine: A brings it back", "dim"


def _members(row: BatchRow, drawing: Drawing) -> Iterator[Fact]:
    """The batches of a run, its retries last, or the runs of a sweep: what became of what each of them was sent."""
    parts = [each.tracked for each in row.variants] or in_parts(row.members)
    listed = parts[:_MEMBERS_LISTED]
    longest = max((cells(tracked.title) for tracked in listed), default=0)
    for number, tracked in enumerate(listed):
        words = member_words(tracked, drawing.now)
        title = fit(tracked.title, min(longest, _LONGEST_TITLE))
        yield (
            ("" if number else "runs" if row.variants else "batches"),
            f"{title}  {words}",
            STATE_STYLES.get(tracked.state(drawing.now)),
        )
    if len(parts) > _MEMBERS_LISTED:
        yield "", f"and {len(parts) - _MEMBERS_LISTED} more: enter opens them all", "dim"


def _warning_words(tracked: TrackedBatch, now: datetime) -> str | None:
    """What is about to be lost, and the key that saves it."""
    warning = warned(tracked, now)
    if warning is None:
        return None
    left = span(warning.at - now)
    if warning.about is Warned.RESULTS:
        return f"the API deletes the results in {left}: s downloads them"
    return f"expires in {left}: x ends it now, what is finished is kept, the rest is not billed"


def _time_words(batch: Batch, forecast: Forecast | None, drawing: Drawing, width: int) -> str:
    elapsed = drawing.now - batch.created_at
    if forecast is None:
        return f"{duration(elapsed)} so far; fewer than 5 ended batches of this size to compare with"
    basis = f"{forecast.similar} similar{f', {forecast.model}' if forecast.model else ''}"
    if elapsed > forecast.ninth_tenth:
        most = duration(forecast.ninth_tenth)
        return f"{duration(elapsed)}, longer than p90, {most} ({basis})"
    ruler = charts.time_ruler(
        elapsed.total_seconds(),
        max((batch.deadline - drawing.now).total_seconds(), 0.0),
        history_of(forecast),
        min(max(width - 60, 16), 30),
        ascii_only=drawing.ascii_only,
    )
    return (
        f"{duration(elapsed)} {ruler}  of {basis}: p50 {duration(forecast.median)}, "
        f"p90 {duration(forecast.ninth_tenth)}"
    )


def _results_words(tracked: TrackedBatch, downloads: Mapping[str, Download], now: datetime) -> str | None:
    download = downloads.get(tracked.id)
    if download is not None and download.state is DownloadState.READING:
        return f"on this machine, {size(download.bytes_done)}; {reading_words(download)}"
    if download is not None and download.is_going:
        return f"downloading, {size(download.bytes_done)} so far"
    if download is not None and download.state is DownloadState.WAITING:
        return QUEUED
    if download is not None and download.error:
        return download.error
    if tracked.results is ResultsState.COMPLETE:
        return f"on this machine, {size(tracked.results_bytes or 0)}"
    if tracked.results is ResultsState.PROBLEMS:
        return "on this machine, but not whole"
    if not tracked.batch.has_ended:
        return None
    if tracked.batch.results_readable(now):
        return f"at the API until {tracked.batch.results_until.astimezone():%-d %b}: enter downloads them"
    return f"gone since {local_clock(tracked.batch.results_until)}, {tracked.batch.results_until:%-d %b}"
