"""The timeline of a batch: from its creation to the day its results go, drawn and in words.

├▒▒▒▒▒▒▒▒●···│·········┆··┤  0 to 2h20m
    ▁▂▅▃█▃▁  ▂    ▁           how long 14 like it took
+ 16:20:07            created
…
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.batch_list import BatchRow
from claude_batch_tui.domain.batches.turnaround import Forecast
from claude_batch_tui.tui.batches.overview import fact_lines
from claude_batch_tui.tui.batches.rows import Drawing, similar_to
from claude_batch_tui.tui.widgets.text_rows import AnyLine, Line
from claude_batch_tui.tui.widgets.time_line import Mark, ruler, spread
from claude_batch_tui.wording import ago, counted, duration, moment, took

_MOST_CELLS = 100
_LABEL = 20
"""Cells beside the drawing."""
_POINT = 23
"""Cells before the words of a point."""
_ROOM = timedelta(minutes=1)


class _Glyphs(NamedTuple):
    created: str
    canceled: str
    half: str
    ninth: str
    now: str
    ended: str
    deadline: str
    archived: str


_UNICODE = _Glyphs("├", "×", "│", "┆", "●", "■", "┤", "–")
_ASCII = _Glyphs("|", "x", "!", ":", ">", "#", "]", "-")


class _Point(NamedTuple):
    at: datetime
    glyph: str
    words: str
    style: str | None = None


def timeline_lines(row: BatchRow, drawing: Drawing, width: int) -> list[AnyLine]:
    """The drawing, then every point of it in order."""
    batch, now, ascii_only = row.tracked.batch, drawing.now, drawing.ascii_only
    forecast = similar_to(row, drawing.learned)
    points = sorted(
        _points(batch, now, forecast, _ASCII if ascii_only else _UNICODE), key=lambda point: point.at
    )
    facts = [
        (f"{point.glyph} {_when(point, now):<13}{_after(batch, point.at):>6}", point.words, point.style)
        for point in points
    ]
    return [
        *_drawing(batch, points, now, forecast, width, ascii_only=ascii_only),
        *fact_lines(facts, _POINT),
    ]


def _drawing(
    batch: Batch,
    points: list[_Point],
    now: datetime,
    forecast: Forecast | None,
    width: int,
    *,
    ascii_only: bool,
) -> Iterator[Line]:
    reached = ((batch.ended_at or now) if batch.has_ended else now) - batch.created_at
    span = _span(batch, reached, forecast)
    scale = f"0 to {took(span)}"
    cells = min(max(width - _LABEL, 12), _MOST_CELLS)
    marks = [Mark((point.at - batch.created_at).total_seconds(), point.glyph) for point in points]
    inside = [mark for mark in marks if 0 < mark.at <= span.total_seconds()]
    line = ruler(
        span.total_seconds(),
        reached.total_seconds(),
        inside,
        cells,
        goes_on=not batch.has_ended and batch.created_at + span < batch.deadline,
        ascii_only=ascii_only,
    )
    yield f" {line}  {scale}", "accent"
    if forecast is None:
        yield " fewer than 5 ended batches like it: nothing to compare with", "dim"
        return
    durations = [each.total_seconds() for each in forecast.durations]
    row = spread(span.total_seconds(), durations, cells, ascii_only=ascii_only)
    yield f" {row}  {forecast.similar:,} like it", "dim"


def _span(batch: Batch, reached: timedelta, forecast: Forecast | None) -> timedelta:
    """What the drawing covers: the batch so far and those like it; all 24 hours once half of them are over."""
    window = batch.deadline - batch.created_at
    if reached > window / 2:
        return max(window, reached)
    return max(reached, forecast.ninth_tenth if forecast else reached, _ROOM) * 1.15


def _points(batch: Batch, now: datetime, forecast: Forecast | None, glyphs: _Glyphs) -> Iterator[_Point]:
    created, has_ended = batch.created_at, batch.has_ended
    requests = counted(batch.request_counts.total, "request")
    yield _Point(created, glyphs.created, f"created with {requests}")
    if forecast is not None:
        yield _Point(
            created + forecast.median, glyphs.half, f"half of {forecast.similar:,} like it had ended", "dim"
        )
        yield _Point(created + forecast.ninth_tenth, glyphs.ninth, "9 of 10 had ended", "dim")
    if batch.cancel_initiated_at is not None:
        yield _Point(batch.cancel_initiated_at, glyphs.canceled, "cancel was asked for", "warn")
    if batch.ended_at is not None:
        how = _took(batch.ended_at - created, forecast)
        yield _Point(batch.ended_at, glyphs.ended, f"ended{how}", "good")
    if not has_ended:
        words = (
            "now"
            if forecast is None
            else f"now: {forecast.share_past(now - created):.0%} of those like it had ended"
        )
        yield _Point(now, glyphs.now, words, "strong")
        left = batch.deadline - now
        to_go = (
            f"{duration(left)} left"
            if left > timedelta()
            else f"passed {ago(-left)} ago, waiting for the API"
        )
        yield _Point(batch.deadline, glyphs.deadline, f"deadline: what has not run expires; {to_go}")
    until = batch.results_until
    if now < until:
        yield _Point(until, glyphs.archived, f"the API deletes the results, in {duration(until - now)}")
    else:
        yield _Point(until, glyphs.archived, f"the API deleted the results, {ago(now - until)} ago", "dim")


def _took(span: timedelta, forecast: Forecast | None) -> str:
    if forecast is None:
        return ""
    share = forecast.share_past(span)
    return (
        f", slower than {share:.0%} of those like it"
        if share >= 0.5
        else f", faster than {1 - share:.0%} of those like it"
    )


def _when(point: _Point, now: datetime) -> str:
    """When it was; for now itself to the minute, so that an idle screen stays still."""
    return f"{now.astimezone():%H:%M}" if point.at == now else moment(point.at, now)


def _after(batch: Batch, at: datetime) -> str:
    after = at - batch.created_at
    return f"+{duration(after)}" if after > timedelta() else ""
