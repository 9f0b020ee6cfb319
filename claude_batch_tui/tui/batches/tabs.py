"""Four tabs of the detail as lines: the timeline of a batch, its first requests as they were sent, its cost, and each poll of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.batch_list import BatchRow
from claude_batch_tui.domain.batches.story import Answered, SentRequests, Story, answers
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.domain.batches.turnaround import Forecast
from claude_batch_tui.domain.money.spend import Spend, likely_cost
from claude_batch_tui.tui.batches.overview import Fact, fact_lines
from claude_batch_tui.tui.batches.rows import Drawing, similar_to
from claude_batch_tui.tui.widgets.charts import Mark, ruler, spread
from claude_batch_tui.tui.widgets.text_rows import AnyLine, Line, StyledLine
from claude_batch_tui.wording.batches import outcome_counts
from claude_batch_tui.wording.costs import earlier_batches
from claude_batch_tui.wording.values import (
    ago,
    counted,
    duration,
    duration_words,
    local_clock,
    moment,
    money,
    took,
)

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
        yield _Point(created + forecast.ninth_tenth, glyphs.ninth, "p90: 9 of 10 had ended", "dim")
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


_ONE_BY_ONE = 12
"""How many of the newest polls have a line each; those before are folded."""
_ELSEWHERE = (
    "The requests of this batch are not on this machine (it was created elsewhere), and the API does not give requests "
    "back. Those of batches that were sent from here are kept in the spool, to the byte."
)


def request_lines(sent: SentRequests) -> list[AnyLine]:
    """Each with its custom_id, as indented JSON."""
    if not sent.first:
        return list(fact_lines([("", _ELSEWHERE, "dim")], label_width=0))
    lines: list[AnyLine] = [
        (f" the first {len(sent.first)} of {counted(sent.total, 'request')}, as they were sent", "dim")
    ]
    for number, (custom_id, request, is_cut) in enumerate(sent.first, 1):
        lines += [("", None), (f" {number:,}  {custom_id}", "accent")]
        lines += [(f" {line}", None) for line in _json(request, is_cut=is_cut).split("\n")]
    return lines


def _json(request: bytes, *, is_cut: bool) -> str:
    """Indented JSON; a request that is cut is shown as it is, up to there."""
    if is_cut:
        return request.decode("utf-8", "replace") + "\n… cut here: it is read in full beside its result"
    try:
        return msgspec.json.format(request, indent=2).decode("utf-8", "replace")
    except msgspec.DecodeError:
        return request.decode("utf-8", "replace")


def cost_lines(tracked: TrackedBatch, story: Story) -> list[StyledLine]:
    """A figure a line, each with where it comes from."""
    return list(fact_lines([*_cost_before(tracked, story), *_cost_after(tracked, story.spend)]))


def _cost_before(tracked: TrackedBatch, story: Story) -> Iterator[Fact]:
    submission = story.submission
    at_most = tracked.cost_at_most
    if at_most is None and submission is not None and submission.run_id != tracked.id:
        at_most = submission.cost_at_most
    if at_most is not None:
        as_of = f", prices as of {submission.prices_as_of}" if submission and submission.prices_as_of else ""
        yield "estimate", f"at most {money(at_most)} when it was sent{as_of}", None
    elif submission is None:
        yield "estimate", "none: it was not sent from this machine", "dim"
    else:
        yield "estimate", "none: its model has no known price", "dim"
    likely = likely_cost(tracked.batch.request_counts.total, story.like)
    if likely is not None:
        yield "forecast", f"about {money(likely)}, going by {earlier_batches(len(story.like))} like it", None


def _cost_after(tracked: TrackedBatch, spend: Spend | None) -> Iterator[Fact]:
    if spend is not None:
        yield from _bill(spend)
    elif tracked.results is not ResultsState.NONE:
        yield "actual", "not known: the results on this machine could not be priced", "dim"
    elif tracked.batch.has_ended:
        yield "actual", "known once the results are downloaded", "dim"
    else:
        yield "actual", "known once it has ended and its results are read", "dim"


def _bill(spend: Spend) -> Iterator[Fact]:
    priced = spend.succeeded - spend.unpriced
    if priced or not spend.succeeded:
        saved = spend.standard - spend.usd
        yield (
            "actual",
            f"{money(spend.usd)}, by the usage of {counted(priced, 'answer')}; prices as of {spend.as_of}",
            "strong",
        )
        yield "standard", f"{money(spend.standard)} outside of a batch: batching saved {money(saved)}", None
        yield "cache", _cache(spend), None
    if spend.unpriced:
        models = ", ".join(spend.unpriced_models)
        yield "no price", f"{counted(spend.unpriced, 'answer')} of {models}: in no figure above", "warn"
    yield "tokens", _tokens(spend), None
    if priced:
        yield "each", f"{money(spend.usd / priced)} an answer on average", None
    if len(spend.models) > 1:
        yield "models", ", ".join(spend.models), None


def _tokens(spend: Spend) -> str:
    parts = [f"{spend.input_tokens:,} in", f"{spend.output_tokens:,} out"]
    if spend.cache_read_tokens or spend.cache_written_tokens:
        parts.append(f"cache {spend.cache_read_tokens:,} read, {spend.cache_written_tokens:,} written")
    return " · ".join(parts)


def _cache(spend: Spend) -> str:
    if not spend.cache_read_tokens and not spend.cache_written_tokens:
        return "not used"
    saved = spend.cache_saved
    if saved >= 0:
        return f"saved {money(saved)} against sending everything fresh"
    return f"cost {money(-saved)} more than sending everything fresh: written, and too seldom read"


def poll_lines(row: BatchRow, story: Story, drawing: Drawing) -> list[AnyLine]:
    """When the next poll is, then the log."""
    batch, link, now = row.tracked.batch, drawing.link, drawing.now
    if row.members:
        return [(" Each batch of a run has a log of its own: enter opens the run.", "dim")]
    lines: list[AnyLine] = []
    if batch.has_ended:
        lines.append((" no longer polled", "dim"))
    elif link.next_poll_at is not None:
        every = f", every {duration_words(link.interval)}" if link.interval else ""
        lines.append((f" next {local_clock(link.next_poll_at)}{every}; r asks now", "dim"))
    log = answers(story.sightings, story.polls, ended_at=batch.ended_at, one_by_one=_ONE_BY_ONE)
    if not log:
        lines.append((" no poll log: it ran before this machine looked", "dim"))
    return [*lines, *(_poll_line(line, _status_at(story, line.until), now) for line in log)]


def _status_at(story: Story, at: datetime) -> str:
    """What was known of the batch at that time, as far as it was written down."""
    earlier = [sighting for sighting in story.sightings if sighting.at <= at]
    return f"{earlier[-1].processing_status}, " if earlier else ""


def _poll_line(line: Answered, status: str, now: datetime) -> StyledLine:
    when = f" {moment(line.until, now):<13} "
    if line.error is not None:
        return StyledLine(f"{when}failed: {line.error}", "bad", hang=" " * len(when))
    how = f"{line.seconds * 1000:,.0f} ms" if line.seconds else ""
    style: str | None = None
    if line.sighting is not None:
        seen, style = line.sighting, "strong"
        how = how if line.polls else "directly"
        words = f"{seen.processing_status}: {outcome_counts(seen.counts)}"
    elif line.polls > 1:
        words, how, style = f"{status}{line.polls:,} polls since {moment(line.since, now)}", "", "dim"
    else:
        words = f"{status}nothing new"
    head = f"{when}{how:<9} "
    return StyledLine(head + words, style, hang=" " * len(head))
