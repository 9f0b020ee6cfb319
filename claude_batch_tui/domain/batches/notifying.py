"""What is told when a batch or a run has ended, and to whom it matters."""

from __future__ import annotations

from datetime import datetime

import msgspec

from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.domain.plain_text import clean_line

OUTCOMES = ("succeeded", "errored", "canceled", "expired")
"""The API's own words for what becomes of a request, which `notify_on` may list."""
_LONGEST_MESSAGE = 200


class Notice(msgspec.Struct, frozen=True):
    """A batch that ended, or a run whose last batch did. Counts are of all its batches."""

    target_id: str
    title: str
    batch_ids: tuple[str, ...]
    counts: RequestCounts
    ended_at: datetime | None = None

    @property
    def is_good(self) -> bool:
        """True where every request succeeded."""
        return self.counts.succeeded == self.counts.total

    def matters(self, notify_on: str) -> bool:
        """Whether one of the outcomes in the comma list `notify_on` occurs; `all` lets everything through."""
        wanted = words(notify_on)
        return "all" in wanted or any(getattr(self.counts, outcome) for outcome in wanted)


def words(setting: str) -> tuple[str, ...]:
    """A comma list taken apart."""
    return tuple(word for part in setting.split(",") if (word := part.strip()))


def notice_of(target_id: str, batches: tuple[TrackedBatch, ...]) -> Notice:
    """The notice for one batch, or for a run with all its batches."""
    counts = [tracked.batch.request_counts for tracked in batches]
    total = RequestCounts(
        **{name: sum(getattr(count, name) for count in counts) for name in RequestCounts.__struct_fields__}
    )
    ends = [tracked.batch.ended_at for tracked in batches if tracked.batch.ended_at is not None]
    name = next((tracked.name for tracked in batches if tracked.name), None)
    return Notice(
        target_id=target_id,
        title=name or target_id,
        batch_ids=tuple(tracked.id for tracked in batches),
        counts=total,
        ended_at=max(ends, default=None),
    )


def terminal_notification(message: str, *, in_tmux: bool) -> str:
    """The message as OSC 9, wrapped for tmux's passthrough where `in_tmux` (source: tmux's FAQ, iTerm2's manual)."""
    sequence = f"\x1b]9;{clean_line(message)[:_LONGEST_MESSAGE]}\x07"
    if not in_tmux:
        return sequence
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
