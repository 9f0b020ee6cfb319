"""Batches as rows of a list and as lines of the detail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from claude_batch_tui.domain.batch import Batch, BatchState
from claude_batch_tui.domain.forecast import Forecast
from claude_batch_tui.domain.tracked import Download, DownloadState, Link, ResultsState, TrackedBatch
from claude_batch_tui.tui.widgets import bars
from claude_batch_tui.tui.widgets.columns import Cell, Column
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.wording import (
    ASCII_GLYPHS,
    GLYPHS,
    STATE_WORDS,
    ago,
    duration,
    local_clock,
    money,
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
_STYLES = {
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
    style = _STYLES.get(state)
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
        _history(forecast),
        min(width, 40),
        ascii_only=ascii_only,
    )


def _history(forecast: Forecast | None) -> bars.History | None:
    if forecast is None:
        return None
    return bars.History(
        forecast.similar, forecast.median.total_seconds(), forecast.ninth_tenth.total_seconds()
    )


def _counts(batch: Batch) -> bars.Counts:
    counts = batch.request_counts
    return bars.Counts(counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired)


def detail_lines(
    tracked: TrackedBatch,
    *,
    now: datetime,
    forecast: Forecast | None,
    download: Download | None,
    width: int,
    ascii_only: bool,
) -> list[Line]:
    """Everything known of one batch, a fact a line."""
    batch, state = tracked.batch, tracked.state(now)
    facts: list[tuple[str, str | None, str | None]] = [
        ("status", _status_words(batch.processing_status, STATE_WORDS[state]), _STYLES.get(state)),
        (
            "created",
            f"{batch.created_at.astimezone():%Y-%m-%d %H:%M:%S} ({duration(now - batch.created_at)} ago)",
            None,
        ),
    ]
    if batch.has_ended:
        took = f" after {duration(batch.ended_at - batch.created_at)}" if batch.ended_at else ""
        facts.append(
            (
                "ended",
                f"{batch.ended_at.astimezone():%Y-%m-%d %H:%M:%S}{took}" if batch.ended_at else "",
                None,
            )
        )
        facts.append(("done", outcome_counts(batch.request_counts), None))
    else:
        facts.append(
            (
                "deadline",
                f"{batch.deadline.astimezone():%a %H:%M} ({duration(batch.deadline - now)} left)",
                None,
            )
        )
        if batch.request_counts.done:
            facts.append(("done", outcome_counts(batch.request_counts), None))
        else:
            facts.append(
                ("done", "not reported yet: the API counts only when the whole batch has ended", "dim")
            )
        facts.append(("time", _time_words(batch, now, forecast, width, ascii_only), None))
    facts += [
        (
            "cost",
            f"at most {money(tracked.cost_at_most)} (batch price)"
            if tracked.cost_at_most is not None
            else None,
            None,
        ),
        ("source", tracked.source, None),
        ("model", tracked.model, None),
        ("results", _results_words(tracked, download, now), None),
        ("id", batch.id, None),
        ("run", tracked.run_id, None),
        (
            "adopted",
            "found in the list after a lost answer; its results will prove it"
            if tracked.provisional
            else None,
            "warn",
        ),
    ]
    return [(f" {label:<9}{text}", style) for label, text, style in facts if text]


def _time_words(batch: Batch, now: datetime, forecast: Forecast | None, width: int, ascii_only: bool) -> str:
    elapsed = now - batch.created_at
    if forecast is None:
        return f"{duration(elapsed)} so far; fewer than 5 ended batches of this size to compare with"
    ruler = bars.waiting(
        elapsed.total_seconds(),
        (batch.deadline - now).total_seconds(),
        _history(forecast),
        min(max(width - 60, 16), 30),
        ascii_only=ascii_only,
    )
    return (
        f"{duration(elapsed)} {ruler}  half end by {duration(forecast.median)}, 9 of 10 by "
        f"{duration(forecast.ninth_tenth)} ({forecast.similar} similar)"
    )


def _results_words(tracked: TrackedBatch, download: Download | None, now: datetime) -> str | None:
    if download is not None and download.state in (DownloadState.RUNNING, DownloadState.VERIFYING):
        return f"downloading, {size(download.bytes_done)} so far"
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


def _status_words(status: str, words: str) -> str:
    """The API's word, and ours where it says more."""
    return status if words == status.replace("_", " ") else f"{status} · {words}"
