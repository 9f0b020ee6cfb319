"""Batches as rows of a list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from claude_batch_tui.domain.batch import Batch, BatchState
from claude_batch_tui.domain.forecast import Forecast
from claude_batch_tui.domain.tracked import Download, DownloadState, Link, ResultsState, TrackedBatch
from claude_batch_tui.tui.widgets import bars
from claude_batch_tui.tui.widgets.columns import Cell, Column
from claude_batch_tui.wording import (
    ASCII_GLYPHS,
    GLYPHS,
    ago,
    duration,
    outcome_counts,
    size,
)

COLUMNS = (
    Column("S", width=1),
    Column("NAME / ID", min_width=16, max_width=44, weight=1),
    Column("REQS", width=7, align="right"),
    Column("RESULT OR TIME USED", min_width=24, weight=2, drop=1),
    Column("AGE", width=5, align="right", drop=2),
    Column("LEFT", width=6, align="right", drop=3),
)
STATE_STYLES = {
    BatchState.ENDED_OK: "good",
    BatchState.ENDED_WITH_ERRORS: "warn",
    BatchState.ENDED_EXPIRED: "warn",
    BatchState.ENDED_CANCELED: "warn",
    BatchState.ARCHIVED: "dim",
    BatchState.GONE: "dim",
}
_BAR_CELLS = 14
_WIDE_ENOUGH_FOR_ID = 44


def row_cells(
    tracked: TrackedBatch,
    *,
    now: datetime,
    forecast: Forecast | None,
    download: Download | None,
    link: Link,
    ascii_only: bool,
) -> tuple[Cell | str, ...]:
    """The cells of one batch. The bar's cell is drawn for the width it gets."""
    batch, state = tracked.batch, tracked.state(now)
    style = STATE_STYLES.get(state)
    is_running = state in (BatchState.IN_PROGRESS, BatchState.CANCELING)
    left = ""
    if is_running:
        left = duration(batch.deadline - now) + _stale_mark(link, now)
    elif not tracked.seen:
        left = "NEW"
    return (
        Cell((ASCII_GLYPHS if ascii_only else GLYPHS)[state], style),
        Cell(tracked.title, "strong" if not tracked.seen else None),
        f"{batch.request_counts.total:,}",
        Cell(
            _progress(tracked, state, now, forecast, download, ascii_only), style if not is_running else None
        ),
        duration(now - batch.created_at) if is_running else ago(now - batch.created_at),
        left,
    )


def _stale_mark(link: Link, now: datetime) -> str:
    """`~` where nobody has heard from the API for three polls."""
    if link.polled_at is None or not link.interval:
        return ""
    return bars.stale_mark((now - link.polled_at).total_seconds(), link.interval)


def _progress(
    tracked: TrackedBatch,
    state: BatchState,
    now: datetime,
    forecast: Forecast | None,
    download: Download | None,
    ascii_only: bool,
) -> Callable[[int], str]:
    batch = tracked.batch

    def draw(width: int) -> str:
        if download is not None and download.state in (DownloadState.RUNNING, DownloadState.VERIFYING):
            mark = "v" if ascii_only else "▼"
            return f"{mark} {size(download.bytes_done)}, {download.lines:,} of {download.lines_expected or 0:,} results"
        match state:
            case BatchState.IN_PROGRESS:
                return _running(batch, now, forecast, width, ascii_only)
            case BatchState.CANCELING:
                since = batch.cancel_initiated_at or now
                return bars.canceling((now - since).total_seconds())
            case BatchState.ARCHIVED:
                return bars.gone(
                    f"{batch.results_until.astimezone():%-d %b}",
                    has_copy=tracked.results is not ResultsState.NONE,
                )
            case BatchState.GONE:
                return "gone: deleted, or in another workspace"
            case BatchState.UNKNOWN:
                return batch.processing_status
            case _:
                words = outcome_counts(batch.request_counts)
                room = width - len(words) - 1
                if room < 4:
                    return words
                return (
                    f"{bars.count_bar(_counts(batch), min(room, _BAR_CELLS), ascii_only=ascii_only)} {words}"
                )

    return draw


def _running(batch: Batch, now: datetime, forecast: Forecast | None, width: int, ascii_only: bool) -> str:
    if batch.request_counts.done:
        return bars.counting(_counts(batch), min(width, 40), ascii_only=ascii_only)
    return bars.waiting(
        (now - batch.created_at).total_seconds(),
        (batch.deadline - now).total_seconds(),
        history_of(forecast),
        min(width, 40),
        ascii_only=ascii_only,
    )


def history_of(forecast: Forecast | None) -> bars.History | None:
    """A forecast as the bars take it."""
    if forecast is None:
        return None
    return bars.History(
        forecast.similar, forecast.median.total_seconds(), forecast.ninth_tenth.total_seconds()
    )


def _counts(batch: Batch) -> bars.Counts:
    counts = batch.request_counts
    return bars.Counts(counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired)
