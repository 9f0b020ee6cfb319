"""The first tab of a batch's detail: everything known of it, a fact a line."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.domain.batch import Batch
from claude_batch_tui.domain.forecast import Forecast
from claude_batch_tui.domain.tracked import Download, DownloadState, ResultsState, TrackedBatch
from claude_batch_tui.tui.screens.batch_facts import Fact, fact_lines
from claude_batch_tui.tui.screens.batch_rows import STATE_STYLES, history_of
from claude_batch_tui.tui.widgets import bars
from claude_batch_tui.tui.widgets.text_rows import StyledLine
from claude_batch_tui.wording import STATE_WORDS, cost_of_batch, duration, local_clock, outcome_counts, size


def overview_lines(
    tracked: TrackedBatch,
    *,
    now: datetime,
    forecast: Forecast | None,
    download: Download | None,
    width: int,
    ascii_only: bool,
) -> list[StyledLine]:
    """Everything known of one batch, a fact a line."""
    batch, state = tracked.batch, tracked.state(now)
    facts: list[Fact] = [
        ("status", _status_words(batch.processing_status, STATE_WORDS[state]), STATE_STYLES.get(state)),
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
        ("cost", cost_of_batch(tracked), None),
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
    return list(fact_lines(facts))


def _time_words(batch: Batch, now: datetime, forecast: Forecast | None, width: int, ascii_only: bool) -> str:
    elapsed = now - batch.created_at
    if forecast is None:
        return f"{duration(elapsed)} so far; fewer than 5 ended batches of this size to compare with"
    ruler = bars.waiting(
        elapsed.total_seconds(),
        (batch.deadline - now).total_seconds(),
        history_of(forecast),
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
