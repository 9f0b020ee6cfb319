"""Batches and runs as rows of the list: which columns there are, and what each cell shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from claude_batch_tui.config import USUAL_BATCH_COLUMNS
from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.domain.batches.batch_list import BatchRow, Order
from claude_batch_tui.domain.batches.tracked import (
    Download,
    DownloadState,
    Link,
    LinkState,
    ResultsState,
    TrackedBatch,
)
from claude_batch_tui.domain.batches.turnaround import Forecast, Turnarounds
from claude_batch_tui.tui.widgets import charts
from claude_batch_tui.tui.widgets.columns import Cell, Column, Run, cells, cut
from claude_batch_tui.wording.batches import (
    ASCII_GLYPHS,
    COLUMNS,
    GLYPHS,
    class_words,
    columns_of,
    cost_or_limit,
    left_words,
)
from claude_batch_tui.wording.progress import QUEUED, reading_words
from claude_batch_tui.wording.values import ago, size

SHAPES = {
    "state": Column("S", width=1),
    "workspace": Column("WORKSPACE", min_width=9, max_width=9, weight=9),
    "name": Column("NAME", min_width=19, max_width=44, weight=2),
    "id": Column("ID", width=8, drop=8),
    "requests": Column("REQS", width=7, align="right"),
    "progress": Column("RESULT OR TIME USED", min_width=24, weight=2, drop=1),
    "ok": Column("OK", width=7, align="right", drop=9),
    "errored": Column("ERR", width=6, align="right", drop=9),
    "expired": Column("EXP", width=5, align="right", drop=9),
    "canceled": Column("CANC", width=5, align="right", drop=9),
    "age": Column("AGE", width=5, align="right", drop=2),
    "left": Column("LEFT", width=5, align="right", drop=3),
    "took": Column("TOOK", width=5, align="right", drop=5),
    "cost": Column("COST", width=10, align="right", drop=4),
    "tags": Column("TAGS", min_width=8, max_width=24, drop=6),
    "note": Column("NOTE", min_width=10, max_width=40, drop=7),
    "model": Column("MODEL", min_width=10, max_width=20, drop=5),
    "source": Column("SOURCE", min_width=10, max_width=30, drop=7),
    "run": Column("RUN", width=10, drop=10),
    "results": Column("RESULTS", width=8, drop=7),
    "created": Column("CREATED", width=16, drop=7),
    "ended": Column("ENDED", width=16, drop=7),
}
"""How wide the columns of `batch_columns` are, and which leave first where the list is narrow."""

_USUAL = columns_of(USUAL_BATCH_COLUMNS)

STATE_STYLES = {
    BatchState.ENDED_OK: "good",
    BatchState.ENDED_FLAWED: "warn",
    BatchState.ENDED_WITH_ERRORS: "warn",
    BatchState.ENDED_EXPIRED: "warn",
    BatchState.ENDED_CANCELED: "warn",
    BatchState.ARCHIVED: "dim",
    BatchState.GONE: "dim",
}
_RUNNING = (BatchState.IN_PROGRESS, BatchState.CANCELING)
_SHORTEST_BAR, _LONGEST_BAR = 8, 24
_SHORT_OUTCOME = re.compile(r"(err|exp|canc)[a-z]+")
_LONGEST_WORKSPACE = 16
_SHORTEST_WORKSPACE = 10
_ID_TAIL = 7
_LONGEST_LAST_WORD = 8
"""`retry`, `pilot`, `w48`: what tells a name from others that begin alike stays where there is no room for all."""
_MODEL_DATE = re.compile(r"-20\d{6}$")
_DATED_AFTER = timedelta(minutes=2)


class Drawing(NamedTuple):
    """What rows are drawn with. `shown` are the names of the columns that fit."""

    now: datetime
    link: Link
    downloads: Mapping[str, Download]
    learned: Turnarounds
    ascii_only: bool
    shown: frozenset[str]
    opened: frozenset[str]
    lineage: Sequence[tuple[str, str]] = ()
    """Whose answers are the rows of what the detail shows, and which runs have its own; labels and words."""

    @property
    def is_dated(self) -> bool:
        """Whether this is the list of an earlier day, before the API has answered for the first time."""
        return self.link.state is LinkState.CONNECTING and self.link.polled_at is not None

    @property
    def is_old(self) -> bool:
        """Whether what runs may have ended long since."""
        polled_at = self.link.polled_at
        return self.is_dated and polled_at is not None and self.now - polled_at > _DATED_AFTER


def list_columns(
    names: Sequence[str], order: Order, *, ascii_only: bool, workspaces: Sequence[str] = ()
) -> tuple[Column, ...]:
    """The columns of the list, the one it is sorted by with an arrow; that of the workspace holds their names.

    What is not there by default was asked for by name, and leaves last where there is no room for all.
    """
    down, up = ("v", "^") if ascii_only else ("↓", "↑")
    found = []
    for name in names:
        column = SHAPES[name]
        if column.drop and name not in _USUAL:
            column = column._replace(drop=1)
        if name == "workspace":
            longest = max((cells(each) for each in workspaces), default=0)
            most = min(max(longest, len(column.title) + 1), _LONGEST_WORKSPACE)
            column = column._replace(min_width=min(most, _SHORTEST_WORKSPACE), max_width=most)
        elif name == "name" and "workspace" in names:
            column = column._replace(min_width=column.min_width - 1)  # at 80 cells what is left stays
        if COLUMNS[name].sort == order.field and name != "state":
            column = column._replace(title=column.title + (up if order.is_reversed else down), drop=0)
        found.append(column)
    return tuple(found)


def row_cells(row: BatchRow, names: Sequence[str], drawing: Drawing) -> tuple[Cell | str, ...]:
    """The cells of one row. The bar's cell is drawn for the width it gets."""
    drawn = (_CELLS.get(name, _plain(name))(row, drawing) for name in names)
    if drawing.is_dated or row.tracked.hidden_at is not None:
        return tuple(_dimmed(cell) for cell in drawn)
    return tuple(drawn)


def _dimmed(cell: Cell | str) -> Cell:
    if isinstance(cell, str) or isinstance(cell.text, str):
        return Cell(cell if isinstance(cell, str) else cell.text, "dim")
    draw = cell.text

    def dim(width: int) -> str:
        drawn = draw(width)
        return drawn if isinstance(drawn, str) else "".join(run.text for run in drawn)

    return Cell(dim, "dim")


def similar_to(row: BatchRow, learned: Turnarounds) -> Forecast | None:
    """How long batches like this one took; for a run, like the largest of it that still runs."""
    waiting = [tracked for tracked in row.members if not tracked.batch.has_ended]
    one = max(waiting, key=lambda tracked: tracked.batch.request_counts.total, default=row.tracked)
    return learned.forecast(one.batch, one.model)


def history_of(forecast: Forecast | None) -> charts.PastTimes | None:
    """A forecast as the bars take it."""
    if forecast is None:
        return None
    return charts.PastTimes(
        forecast.similar, forecast.median.total_seconds(), forecast.ninth_tenth.total_seconds()
    )


def _state(row: BatchRow, drawing: Drawing) -> Cell:
    state = row.tracked.state(drawing.now)
    if state in _RUNNING and drawing.is_old:
        state = BatchState.UNKNOWN
    return Cell((ASCII_GLYPHS if drawing.ascii_only else GLYPHS)[state], STATE_STYLES.get(state))


def _name(row: BatchRow, drawing: Drawing) -> Cell:
    tracked = row.tracked
    title, sweep = tracked.title, tracked.sweep
    if row.is_child and sweep is not None and title.startswith(sweep.name) and title.endswith(sweep.variant):
        title = sweep.variant  # the row above has the name
    title = f"? {title}" if tracked.provisional else title
    last = title.rpartition(" ")[2]
    kept = len(last) + 1 if len(last) == cells(last) <= _LONGEST_LAST_WORD else 0
    count = ""
    if row.members:
        is_open = row.key in drawing.opened
        mark = ("-" if is_open else "+") if drawing.ascii_only else ("▾" if is_open else "▸")
        count = f" ({len(row.variants or row.members)})"
        title = f"{mark} {title}{count}"
    if row.is_child:
        title = f"{'  ' * row.depth}{'`-' if drawing.ascii_only else '└'} {title}"
    style = "warn" if tracked.provisional else None if tracked.seen else "strong"
    if title.endswith(tracked.id):
        kept = _ID_TAIL
    cut_mark = "~" if drawing.ascii_only else "…"
    ends = [end for end in (kept + len(count), len(count)) if end]
    return Cell(lambda width: _shortened(title, width, ends, cut_mark), style) if ends else Cell(title, style)


def _shortened(title: str, width: int, ends: Sequence[int], mark: str) -> str:
    """A title cut before the first of its `ends`, in cells, that takes less than half of the width: names begin alike and
    differ in their last word, and so do ids; how many batches a run has is said in any case.
    """
    kept = next((end for end in ends if 2 * end < width), 0)
    if cells(title) <= width or not kept:
        return title
    return f"{cut(title[:-kept], width - kept, mark)}{title[-kept:]}"


def _id(row: BatchRow, drawing: Drawing) -> str:
    tail = row.key[-_ID_TAIL:]
    return f"~{tail}" if drawing.ascii_only else f"…{tail}"


def _requests(row: BatchRow, _drawing: Drawing) -> str:
    total = row.tracked.batch.request_counts.total
    return f"{total:,}" if total < 1_000_000 else f"{total / 1_000_000:.2f}M"


def _left(row: BatchRow, drawing: Drawing) -> Cell:
    tracked, now = row.tracked, drawing.now
    words = left_words(tracked, now)
    if tracked.state(now) in _RUNNING:
        link = drawing.link
        stale = ""
        if link.polled_at is not None and link.interval:
            stale = charts.stale_mark((now - link.polled_at).total_seconds(), link.interval)
        return Cell(words + stale, None)
    return Cell(words, "warn") if words else Cell("" if tracked.seen else "NEW", "strong")


def _model(row: BatchRow, _drawing: Drawing) -> str:
    """Without what all models' names begin with, and without a date at the end."""
    return ", ".join(
        _MODEL_DATE.sub("", name.removeprefix("claude-")) for name in (row.tracked.model or "").split(", ")
    )


def _cost(row: BatchRow, drawing: Drawing) -> str:
    words = cost_or_limit(row.tracked)
    return words.replace("≤", "<") if drawing.ascii_only else words


def _progress(row: BatchRow, drawing: Drawing) -> Cell:
    tracked = row.tracked
    state = tracked.state(drawing.now)

    def draw(width: int) -> str | Sequence[Run]:
        for each in row.members or (tracked,):
            download = drawing.downloads.get(each.id)
            if download is not None and download.is_going:
                return _downloading(download, ascii_only=drawing.ascii_only)
            if download is not None and download.state is DownloadState.WAITING:
                return QUEUED
        return _progress_text(row, state, drawing, width)

    return Cell(draw, "dim" if state in (BatchState.ARCHIVED, BatchState.GONE) else None)


def _downloading(download: Download, *, ascii_only: bool) -> str:
    mark = "v" if ascii_only else "▼"
    if download.state is DownloadState.READING:
        return f"{mark} {size(download.bytes_done)}, {reading_words(download)}"
    lines = f"{download.lines:,} of {download.lines_expected or 0:,} results"
    return f"{mark} {size(download.bytes_done)}, {lines}"


def _progress_text(row: BatchRow, state: BatchState, drawing: Drawing, width: int) -> str | Sequence[Run]:
    tracked, now = row.tracked, drawing.now
    batch = tracked.batch
    if state in _RUNNING and drawing.is_old and drawing.link.polled_at is not None:
        return f"was running {ago(now - drawing.link.polled_at)} ago"
    match state:
        case BatchState.IN_PROGRESS if tracked.cancel_sent_at is not None and not row.members:
            return f"cancel sent {ago(now - tracked.cancel_sent_at)} ago"
        case BatchState.IN_PROGRESS:
            return _running(row, drawing, width)
        case BatchState.CANCELING:
            return charts.canceling((now - (batch.cancel_initiated_at or now)).total_seconds())
        case BatchState.ARCHIVED:
            date = f"{batch.results_until.astimezone():%-d %b}"
            words = charts.gone(date, has_copy=tracked.results is not ResultsState.NONE)
            return words if len(words) <= width else f"results gone {date}"
        case BatchState.GONE:
            return "gone: deleted, or in another workspace"
        case BatchState.UNKNOWN:
            return batch.processing_status
        case _:
            return _ended(tracked, drawing, width)


def _with_words(bar: Iterable[tuple[str, str]], words: Sequence[str], width: int) -> list[Run]:
    """A bar, which is as long in every row, and the longest of the words that there is room for."""
    room = width - _bar_cells(width) - 1
    fitting = next((each for each in words if len(each) <= room), words[-1])
    return [*(Run(text, style) for text, style in bar), Run(f" {fitting}", None)]


def _bar_cells(width: int) -> int:
    """How long bars are in a column of this width."""
    return min(max(width * 3 // 8, _SHORTEST_BAR), _LONGEST_BAR)


def _ended(tracked: TrackedBatch, drawing: Drawing, width: int) -> list[Run]:
    """A bar of outcomes, and the counts; where there is little room what is not good comes before what is."""
    counts = tracked.batch.request_counts
    flaws = [f"{number:,} {class_words(name)}" for name, number in tracked.flawed.items()]
    buckets = (("errored", counts.errored), ("expired", counts.expired), ("canceled", counts.canceled))
    whole = [f"{number:,} {word}" for word, number in buckets if number]
    failed = [_SHORT_OUTCOME.sub(r"\1", each) for each in whole]
    among = f" ({', '.join(flaws)})" if flaws else ""
    parts = [f"{counts.succeeded:,} ok{among}", *failed]
    words = [" · ".join(parts), " ".join(parts)] if counts.total else ["0 requests"]
    if bad := " ".join([*flaws, *failed]):
        not_good = counts.total - counts.succeeded + sum(tracked.flawed.values())
        words += [
            " ".join([*flaws, *whole]),
            bad,
            f"{not_good:,} not good",
            f"{counts.succeeded * 100 // counts.total}% ok",
        ]
    if {"ok", "errored", "expired", "canceled"} <= drawing.shown:
        words = [f"of ok: {', '.join(flaws)}", " ".join(flaws), ""] if flaws else [""]
    words = [each.replace("truncated", "cut").replace("schema-invalid", "invalid") for each in words]
    if drawing.ascii_only:
        words = [each.replace("·", "-") for each in words]
    bar = charts.count_parts(_counts(tracked), _bar_cells(width), ascii_only=drawing.ascii_only)
    return _with_words(bar, words, width)


def _running(row: BatchRow, drawing: Drawing, width: int) -> str | list[Run]:
    """Counts where some moved, which those of a run do with each batch that ends; else time."""
    batch, now, ascii_only = row.tracked.batch, drawing.now, drawing.ascii_only
    cells = _bar_cells(width)
    if batch.request_counts.done and now <= batch.deadline:
        counts = _counts(row.tracked)
        percent = charts.percent_done(counts)
        ended = sum(tracked.batch.has_ended for tracked in row.members)
        words = [f"{percent}  {ended} of {len(row.members)} ended"] if row.members else []
        return _with_words(charts.count_parts(counts, cells, ascii_only=ascii_only), [*words, percent], width)
    elapsed, left = (now - batch.created_at).total_seconds(), (batch.deadline - now).total_seconds()
    if left < 0:
        words = [charts.overdue(-left), charts.overdue(-left).removesuffix(", waiting for the API")]
        return next((each for each in words if len(each) <= width), words[-1])
    history = history_of(similar_to(row, drawing.learned))
    ruler = charts.time_ruler(elapsed, left, history, cells, ascii_only=ascii_only)
    words = charts.waiting_words(elapsed, left, history, ascii_only=ascii_only)
    return _with_words([(ruler, "running")], words, width)


def _counts(tracked: TrackedBatch) -> charts.Counts:
    counts = tracked.batch.request_counts
    flawed = min(sum(tracked.flawed.values()), counts.succeeded)
    return charts.Counts(
        counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired, flawed
    )


def _plain(name: str) -> Callable[[BatchRow, Drawing], Cell | str]:
    """A cell that says what the column says in every face."""
    words = COLUMNS[name].words

    def cell(row: BatchRow, drawing: Drawing) -> str:
        text = words(row.tracked, drawing.now, None)
        return text.replace("–", "-") if drawing.ascii_only else text

    return cell


_CELLS: dict[str, Callable[[BatchRow, Drawing], Cell | str]] = {
    "state": _state,
    "name": _name,
    "id": _id,
    "requests": _requests,
    "progress": _progress,
    "left": _left,
    "cost": _cost,
    "model": _model,
}
