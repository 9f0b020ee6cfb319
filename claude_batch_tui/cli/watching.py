"""What a watch shows on a terminal: a bar a batch, drawn again in place only when something was heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from claude_batch_tui.domain.batches.batch import PROCESSING_WINDOW, Batch
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.wording import progress_words

_BAR = 16
_NAME = 33
_MARKS = {False: ("█", "▒", "░"), True: ("#", ":", ".")}


def bars(
    batches: Sequence[Batch],
    names: Mapping[str, str],
    now: datetime,
    *,
    columns: int,
    rows: int,
    ascii_only: bool,
) -> list[str]:
    """A line a batch, none wider than `columns`; those that still run come first where `rows` are too few."""
    ordered = sorted(batches, key=lambda batch: batch.has_ended) if len(batches) > rows else list(batches)
    shown = ordered if len(ordered) <= rows else ordered[: max(rows - 1, 1)]
    width = min(max((len(clean_line(names[batch.id])) for batch in shown), default=0), _NAME)
    lines = [_line(batch, clean_line(names[batch.id]), width, now, ascii_only=ascii_only) for batch in shown]
    if len(shown) < len(ordered):
        left = ordered[len(shown) :]
        lines.append(
            f"and {len(left):,} more, {sum(not batch.has_ended for batch in left):,} of them running"
        )
    return [line[: columns - 1] for line in lines]


def _line(batch: Batch, name: str, width: int, now: datetime, *, ascii_only: bool) -> str:
    label = name if len(name) <= width else name[: width - 1] + (">" if ascii_only else "…")
    words = progress_words(batch, now)
    return f"{label:<{width}} {bar(batch, now, ascii_only=ascii_only)} {words.replace('·', '-') if ascii_only else words}"


def bar(batch: Batch, now: datetime, *, ascii_only: bool) -> str:
    """Requests done, once the API counts them; until then, in another shade, the time used of the 24 hours."""
    counts = batch.request_counts
    full, used, empty = _MARKS[ascii_only]
    if batch.has_ended or counts.done:
        share, mark = counts.done / max(counts.total, 1), full
    else:
        share, mark = (now - batch.created_at) / PROCESSING_WINDOW, used
    filled = int(min(max(share, 0.0), 1.0) * _BAR)
    return mark * filled + empty * (_BAR - filled)
