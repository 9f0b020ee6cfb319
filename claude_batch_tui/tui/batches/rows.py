"""Batches and runs as rows of the list: which columns there are, and what each cell shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from claude_batch_tui.domain.batches.batch import Batch, BatchState
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
from claude_batch_tui.tui.widgets.columns import Cell, Column, cells
from claude_batch_tui.wording import ASCII_GLYPHS, GLYPHS, QUEUED, ago, outcome_counts, reading_words, size
from claude_batch_tui.wording.batches import COLUMNS, cost_or_limit, left_words

SHAPES = {
    "state": Column("S", width=1),
    "workspace": Column("WORKSPACE", min_width=9, max_width=9, weight=9),
    "name": Column("NAME / ID", min_width=19, max_width=44, weight=1),
    "id": Column("ID", width=8, drop=8),
    "requests": Column("REQS", width=7, align="right"),
    "progress": Column("RESULT OR TIME USED", min_width=24, weight=2, drop=1),
    "ok": Column("OK", width=7, align="right", drop=9),
    "errored": Column("ERR", width=6, align="right", drop=9),
    "expired": Column("EXP", width=5, align="right", drop=9),
    "canceled": Column("CANC", width=5, align="right", drop=9),
    "age": Column("AGE", width=5, align="right", drop=2),
    "left": Column("LEFT", width=6, align="right", drop=3),
    "took": Column("TOOK", width=5, align="right", drop=5),
    "cost": Column("COST", width=10, align="right", drop=4),
    "tags": Column("TAGS", min_width=8, max_width=24, drop=6),
    "note": Column("NOTE", min_width=10, max_width=40, drop=7),
    "model": Column("MODEL", width=17, drop=6),
    "source": Column("SOURCE", min_width=10, max_width=30, drop=7),
    "run": Column("RUN", width=10, drop=10),
    "results": Column("RESULTS", width=8, drop=7),
    "created": Column("CREATED", width=16, drop=7),
    "ended": Column("ENDED", width=16, drop=7),
}
"""How wide the columns of `batch_columns` are, and which leave first where the list is narrow."""

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
_BAR_CELLS = 14
_LONGEST_BAR = 40
_LONGEST_WORKSPACE = 16
_SHORTEST_WORKSPACE = 10
_ID_TAIL = 7
_SHORTER = ((" · ", " "), ("truncated", "cut"), ("errored", "err"), ("expired", "exp"), ("canceled", "canc"))
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
    """The columns of the list, the one it is sorted by with an arrow; that of the workspace holds their names."""
    down, up = ("v", "^") if ascii_only else ("↓", "↑")
    found = []
    for name in names:
        column = SHAPES[name]
        if name == "workspace":
            longest = max((cells(each) for each in workspaces), default=0)
            most = min(max(longest, len(column.title) + 1), _LONGEST_WORKSPACE)
            column = column._replace(min_width=min(most, _SHORTEST_WORKSPACE), max_width=most)
        elif name == "name" and "workspace" in names:
            column = column._replace(min_width=column.min_width - 1)  # at 80 cells what is left stays
        if COLUMNS[name].sort == order.field and name != "state":
            column = column._replace(title=column.title + (up if order.is_reversed else down))
        found.append(column)
    return tuple(found)


def row_cells(row: BatchRow, names: Sequence[str], drawing: Drawing) -> tuple[Cell | str, ...]:
    """The cells of one row. The bar's cell is drawn for the width it gets."""
    drawn = (_CELLS.get(name, _plain(name))(row, drawing) for name in names)
    if drawing.is_dated or row.tracked.hidden_at is not None:
        return tuple(Cell(cell if isinstance(cell, str) else cell.text, "dim") for cell in drawn)
    return tuple(drawn)


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
    title = tracked.name or ("(unnamed)" if "id" in drawing.shown else tracked.id)
    title = f"? {title}" if tracked.provisional else title
    if row.members:
        is_open = row.key in drawing.opened
        mark = ("-" if is_open else "+") if drawing.ascii_only else ("▾" if is_open else "▸")
        title = f"{mark} {title} ({len(row.members)})"
    elif row.is_child:
        title = f"  {'`-' if drawing.ascii_only else '└'} {title}"
    style = "warn" if tracked.provisional else None if tracked.seen else "strong"
    if title.endswith(tracked.id):
        mark = "~" if drawing.ascii_only else "…"
        return Cell(lambda width: _shortened(title, width, mark), style)
    return Cell(title, style)


def _shortened(title: str, width: int, mark: str) -> str:
    """An id cut in its middle: its end is what tells it from others."""
    if len(title) <= width or width <= 2 * _ID_TAIL:
        return title
    return title[: width - _ID_TAIL - 1] + mark + title[-_ID_TAIL:]


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


def _cost(row: BatchRow, drawing: Drawing) -> str:
    words = cost_or_limit(row.tracked)
    return words.replace("≤", "<") if drawing.ascii_only else words


def _progress(row: BatchRow, drawing: Drawing) -> Cell:
    tracked, now = row.tracked, drawing.now
    state = tracked.state(now)
    style = None if state in _RUNNING else STATE_STYLES.get(state)

    def draw(width: int) -> str:
        for each in row.members or (tracked,):
            download = drawing.downloads.get(each.id)
            if download is not None and download.is_going:
                return _downloading(download, ascii_only=drawing.ascii_only)
            if download is not None and download.state is DownloadState.WAITING:
                return QUEUED
        return _progress_text(row, state, drawing, width)

    return Cell(draw, style)


def _downloading(download: Download, *, ascii_only: bool) -> str:
    mark = "v" if ascii_only else "▼"
    if download.state is DownloadState.READING:
        return f"{mark} {size(download.bytes_done)}, {reading_words(download)}"
    lines = f"{download.lines:,} of {download.lines_expected or 0:,} results"
    return f"{mark} {size(download.bytes_done)}, {lines}"


def _progress_text(row: BatchRow, state: BatchState, drawing: Drawing, width: int) -> str:
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


def _ended(tracked: TrackedBatch, drawing: Drawing, width: int) -> str:
    """A bar of outcomes, and the counts in words where no columns of their own say them."""
    if {"ok", "errored", "expired", "canceled"} <= drawing.shown and not tracked.flawed:
        return charts.count_bar(
            _counts(tracked.batch), min(width, _LONGEST_BAR), ascii_only=drawing.ascii_only
        )
    batch = tracked.batch
    words = outcome_counts(batch.request_counts, tracked.flawed)
    if len(words) > width:
        for long, short in _SHORTER:
            words = words.replace(long, short)
    if drawing.ascii_only:
        words = words.replace("·", "-")
    room = width - len(words) - 1
    if room < 4:
        return words
    return f"{charts.count_bar(_counts(batch), min(room, _BAR_CELLS), ascii_only=drawing.ascii_only)} {words}"


def _running(row: BatchRow, drawing: Drawing, width: int) -> str:
    """Counts where some moved, which those of a run do with each batch that ends; else time."""
    batch, now = row.tracked.batch, drawing.now
    room = min(width, _LONGEST_BAR)
    if batch.request_counts.done and now <= batch.deadline:
        ended = sum(tracked.batch.has_ended for tracked in row.members)
        tail = f"  {ended} of {len(row.members)} ended" if row.members and width >= 36 else ""
        return charts.counting(_counts(batch), room - len(tail), ascii_only=drawing.ascii_only) + tail
    text = charts.waiting(
        (now - batch.created_at).total_seconds(),
        (batch.deadline - now).total_seconds(),
        history_of(similar_to(row, drawing.learned)),
        room,
        ascii_only=drawing.ascii_only,
    )
    return _briefer(text, width)


def _briefer(text: str, width: int) -> str:
    """A sentence with less of its tail, or of its head, where there is no room for all of it."""
    shorter = (
        text,
        text.removesuffix(" left").removesuffix(", waiting for the API"),
        text.removeprefix("no history · ").removeprefix("no history - "),
        "longer than p90" if text.startswith("longer") else text,
    )
    return next((each for each in shorter if len(each) <= width), text)


def _counts(batch: Batch) -> charts.Counts:
    counts = batch.request_counts
    return charts.Counts(counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired)


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
}
