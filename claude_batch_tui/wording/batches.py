"""Batches as words: their state, their counts, how far they are, and what each column of their list says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from claude_batch_tui.domain.batches.batch import Batch, BatchState, RequestCounts
from claude_batch_tui.domain.batches.merging import title_of_run
from claude_batch_tui.domain.batches.notices import Notice, Warned, warned
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.domain.batches.turnaround import Forecast
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.wording.values import ago, counted_batches, duration, money, size, span

_STATES = {
    BatchState.IN_PROGRESS: ("●", "o", "in progress"),
    BatchState.CANCELING: ("◐", "~", "canceling"),
    BatchState.ENDED_OK: ("✓", "=", "ended, all succeeded"),
    BatchState.ENDED_FLAWED: ("!", "!", "ended, all succeeded, but not all answers are good"),
    BatchState.ENDED_WITH_ERRORS: ("!", "!", "ended, some errored"),
    BatchState.ENDED_EXPIRED: ("!", "!", "ended, some expired"),
    BatchState.ENDED_CANCELED: ("✗", "x", "ended, some canceled"),
    BatchState.ARCHIVED: ("–", "-", "results deleted by the API"),
    BatchState.GONE: ("✗", "x", "gone: deleted, or in another workspace"),
    BatchState.UNKNOWN: ("?", "?", "unknown"),
}
GLYPHS = {state: glyph for state, (glyph, _, _) in _STATES.items()}
ASCII_GLYPHS = {state: sign for state, (_, sign, _) in _STATES.items()}
STATE_WORDS = {state: words for state, (_, _, words) in _STATES.items()}
Words = Callable[[TrackedBatch, datetime, Forecast | None], str]


def status_words(tracked: TrackedBatch, now: datetime) -> str:
    """`ended, some errored`; the API's own word before it where it says something else."""
    status, words = tracked.batch.processing_status.replace("_", " "), STATE_WORDS[tracked.state(now)]
    return words if words.startswith(status) else f"{status} · {words}"


def lineage(
    made_of: str | None, before: Sequence[TrackedBatch], after: Sequence[TrackedBatch]
) -> list[tuple[str, str]]:
    """What a run comes from and what came of it, as labels and words: whose answers are its rows, and which runs have its
    own answers as rows. `before` are the batches that are known of `made_of`, `after` those made of it.
    """
    found: list[tuple[str, str]] = []
    if made_of is not None:
        name = title_of_run(before)
        words = clean_line(f"{name} ({made_of})" if name else made_of)
        found.append(("answers", f"those of {words} are its rows"))
    runs: dict[str, list[TrackedBatch]] = {}
    for tracked in after:
        runs.setdefault(tracked.run_id or tracked.id, []).append(tracked)
    names = [f"{clean_line(title_of_run(members) or run_id)}" for run_id, members in runs.items()]
    if names:
        found.append(("next", f"{', '.join(names)}: made of these answers"))
    return found


def class_words(name: str) -> str:
    """A ledger class as words."""
    return name.replace("_", "-")


def outcome_counts(counts: RequestCounts, flawed: Mapping[str, int] | None = None) -> str:
    """`9,702 ok (12 truncated) · 213 errored`: every bucket that is not empty, or `0 requests`.

    `flawed` are the ledger classes of what succeeded and is not whole.
    """
    flaws = ", ".join(f"{number:,} {class_words(name)}" for name, number in (flawed or {}).items())
    parts = [
        f"{number:,} {word}" + (f" ({flaws})" if flaws and word == "ok" else "")
        for number, word in (
            (counts.succeeded, "ok"),
            (counts.errored, "errored"),
            (counts.expired, "expired"),
            (counts.canceled, "canceled"),
            (counts.processing, "processing"),
        )
        if number
    ]
    return " · ".join(parts) or "0 requests"


def progress_words(batch: Batch, now: datetime, turnaround: Forecast | None = None) -> str:
    """What can honestly be said of a batch's progress in one phrase; `turnaround` is how long similar ones took."""
    counts = batch.request_counts
    if batch.has_ended:
        return outcome_counts(counts)
    if batch.processing_status == "canceling":
        since = batch.cancel_initiated_at or batch.created_at
        return f"canceling for {ago(now - since)}"
    if now > batch.deadline:
        return f"deadline passed {ago(now - batch.deadline)} ago, waiting for the API"
    if counts.done:
        return f"{counts.done:,} of {counts.total:,} done"
    if batch.processing_status == "in_progress" and turnaround is not None:
        elapsed = now - batch.created_at
        if elapsed > turnaround.ninth_tenth:
            return f"running {duration(elapsed)}, longer than p90 of similar ones"
        half, most = duration(turnaround.median), duration(turnaround.ninth_tenth)
        return f"running {duration(elapsed)}; of similar: p50 {half}, p90 {most}"
    if batch.processing_status == "in_progress":
        return f"{counts.total:,} requests, running {duration(now - batch.created_at)}"
    return batch.processing_status


def member_words(tracked: TrackedBatch, now: datetime) -> str:
    """What became of what one batch of a run was sent: `117 ok (2 truncated) · 3 errored`, or how far it is."""
    batch = tracked.batch
    return (
        outcome_counts(batch.request_counts, tracked.flawed)
        if batch.has_ended
        else progress_words(batch, now)
    )


def standing_words(running: int, unseen: Sequence[RequestCounts]) -> str:
    """`3 running · 1 ended · 97% ok`: how many run, how many ended unseen, and what share of those succeeded."""
    parts = [f"{running:,} running"] if running else []
    if unseen:
        total = sum(counts.total for counts in unseen)
        good = sum(counts.succeeded for counts in unseen)
        parts.append(f"{len(unseen):,} ended")
        parts.append(f"{good * 100 // total}% ok" if total else "no requests")
    return " · ".join(parts)


def no_room_words(without_room: Sequence[TrackedBatch], needed: int, free: int) -> str:
    """`2 batches: the API deletes their results within 48 hours, and they are not fetched: ...`."""
    first = without_room[0]
    what = first.title if len(without_room) == 1 else counted_batches(len(without_room))
    return (
        f"{what}: the API deletes the results within 48 hours, and they are not fetched by themselves: about {size(needed)} "
        f"have to be free, and {size(free)} are. Free some, or `cbtui results {first.id} -o FILE` on another disk."
    )


def notice_words(notice: Notice) -> str:
    """`tickets ended: 9,702 ok · 213 errored`, or `tickets (2 batches) ended: 360 ok; 7 healed by retries`."""
    several = f" ({len(notice.batch_ids)} batches)" if len(notice.batch_ids) > 1 else ""
    healed = f"; {notice.healed:,} healed by retries" if notice.healed else ""
    return f"{notice.title}{several} ended: {outcome_counts(notice.counts)}{healed}"


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
        return span(batch.deadline - now) if batch.deadline > now else "over"
    warning = warned(tracked, now)
    if warning is not None and warning.about is Warned.RESULTS:
        return f"!{span(warning.at - now)}"
    return ""


def cost_or_limit(tracked: TrackedBatch) -> str:
    """What it cost, or `≤` what it may cost at most; nothing where that is not known."""
    usd = tracked.cost_at_most if tracked.cost_actual is None else tracked.cost_actual
    if usd is None:
        return ""
    words = money(usd).replace("under ", "<")
    return words if tracked.cost_actual is not None or words[0] == "<" else f"≤{words}"


def _count(name: str) -> Words:
    """A count as it is reported: nothing is claimed of a batch that has reported none."""

    def words(tracked: TrackedBatch, _now: datetime, _forecast: Forecast | None) -> str:
        counts = tracked.batch.request_counts
        known = counts.done or tracked.batch.has_ended
        return f"{getattr(counts, name):,}" if known else "–"

    return words


def _name(tracked: TrackedBatch) -> str:
    """Its name, and whether it may be another's."""
    return f"{tracked.name or ''} (provisional)".lstrip() if tracked.provisional else tracked.name or ""


def _age(tracked: TrackedBatch, now: datetime, _forecast: Forecast | None) -> str:
    return ago(now - tracked.batch.created_at)


def _took(tracked: TrackedBatch, _now: datetime, _forecast: Forecast | None) -> str:
    batch = tracked.batch
    return duration(batch.ended_at - batch.created_at) if batch.ended_at else ""


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else ""


COLUMNS: dict[str, ColumnWords] = {
    "state": ColumnWords("S", lambda t, now, _: GLYPHS[t.state(now)], "state"),
    "workspace": ColumnWords("WORKSPACE", lambda t, _, __: t.profile or "", "workspace"),
    "name": ColumnWords("NAME", lambda t, _, __: _name(t), "name"),
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
    "cost": ColumnWords("COST", lambda t, _, __: cost_or_limit(t), "cost", "right"),
    "tags": ColumnWords("TAGS", lambda t, _, __: ", ".join(t.tags), "tag"),
    "note": ColumnWords("NOTE", lambda t, _, __: t.note or "", "note"),
    "model": ColumnWords("MODEL", lambda t, _, __: t.model or "", "model"),
    "source": ColumnWords("SOURCE", lambda t, _, __: t.source or "", "source"),
    "run": ColumnWords("RUN", lambda t, _, __: t.run_id or "", "run"),
    "results": ColumnWords("RESULTS", lambda t, _, __: t.results.value, "results"),
    "created": ColumnWords("CREATED", lambda t, _, __: _clock(t.batch.created_at), "created"),
    "ended": ColumnWords("ENDED", lambda t, _, __: _clock(t.batch.ended_at), "ended"),
}
"""By the names of `config.BATCH_COLUMNS`."""
