"""The log of a batch: each poll, what it was answered and what that changed, newest first."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.domain.batches.batch_list import Row
from claude_batch_tui.domain.batches.story import Answered, Story, answers
from claude_batch_tui.tui.batches.rows import Drawing
from claude_batch_tui.tui.widgets.text_rows import AnyLine, StyledLine
from claude_batch_tui.wording import duration_words, local_clock, moment, outcome_counts

_ONE_BY_ONE = 12


def poll_lines(row: Row, story: Story, drawing: Drawing) -> list[AnyLine]:
    """When the next poll is, then the log."""
    batch, link, now = row.tracked.batch, drawing.link, drawing.now
    if row.members:
        return [(" Each batch of a run has a log of its own: enter opens the run.", "dim")]
    lines: list[AnyLine] = []
    if batch.has_ended:
        lines.append((" ended: polls look at it no more", "dim"))
    elif link.next_poll_at is not None:
        every = f", every {duration_words(link.interval)}" if link.interval else ""
        lines.append((f" next {local_clock(link.next_poll_at)}{every}; r asks now", "dim"))
    log = answers(story.sightings, story.polls, ended_at=batch.ended_at, one_by_one=_ONE_BY_ONE)
    if not log:
        lines.append((" no poll of its time is kept: it ran before this machine looked", "dim"))
    return [*lines, *(_line(line, _status_at(story, line.until), now) for line in log)]


def _status_at(story: Story, at: datetime) -> str:
    """What was known of the batch at that time, as far as it was written down."""
    earlier = [sighting for sighting in story.sightings if sighting.at <= at]
    return f"{earlier[-1].processing_status}, " if earlier else ""


def _line(line: Answered, status: str, now: datetime) -> StyledLine:
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
