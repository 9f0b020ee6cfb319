"""Everything this machine remembers of one batch: for its detail, from the store and the spool alone. Blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.story import SentRequests, Story
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.domain.money.spend import sum_spends
from claude_batch_tui.services.results.costs import spend_where_priced
from claude_batch_tui.services.results.local_files import read_results
from claude_batch_tui.services.submitting.spool import places_path
from claude_batch_tui.store import sightings, spends, submissions
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_SHOWN_BYTES = 20_000
"""Of a request; a longer one is cut. All of it can be read beside its result."""
_NOTICED_WITHIN = timedelta(hours=1)
"""An end is seen by a poll that comes later."""


def story_of(
    tracked: TrackedBatch, *, store: Store, workspace: Workspace, config: Config, now: datetime
) -> Story:
    """What is remembered of a batch beside what the list shows.

    A bill that was never made up is, and written down, where the results are here.
    """
    database, scope_id, batch = store.database, workspace.scope_id, tracked.batch
    until = batch.ended_at + _NOTICED_WITHIN if batch.ended_at is not None else None
    spend = spends.find(database, scope_id, batch.id)
    if spend is None and tracked.results is ResultsState.COMPLETE:
        results = read_results(batch.id, store=store, workspace=workspace)
        spend = spend_where_priced(results, config, store.locations.cache) if results is not None else None
        if spend is not None:
            spends.record(database, scope_id, batch.id, spend, now)
    return Story(
        submission=submissions.of_batch(store, batch.id),
        spend=spend,
        like=tuple(spends.like(database, scope_id, batch.id, model=tracked.model, source=tracked.source)),
        sightings=sightings.of_batch(database, scope_id, batch.id),
        polls=sightings.polls_since(database, scope_id, batch.created_at, until),
    )


def run_story(stories: Sequence[Story]) -> Story:
    """What is remembered of a run: its cost once that of every batch is known; logs stay with each batch."""
    spends = [story.spend for story in stories if story.spend is not None]
    return Story(
        submission=next((story.submission for story in stories if story.submission), None),
        spend=sum_spends(spends) if len(spends) == len(stories) else None,
        like=next((story.like for story in stories if story.like), ()),
    )


def first_requests(batch_ids: Sequence[str], count: int, *, store: Store) -> SentRequests | None:
    """The first `count` requests of the first of these batches that was sent from here; None where none was."""
    sent = (submissions.of_batch(store, batch_id) for batch_id in batch_ids)
    submission = next((one for one in sent if one is not None), None)
    if submission is None:
        return None
    body = Path(submission.body_path)
    found: list[tuple[str, bytes, bool]] = []
    try:
        with places_path(body).open(encoding="utf-8") as places, body.open("rb") as file:
            for _, line in zip(range(count), places, strict=False):
                custom_id, offset, length = line.rstrip("\n").split("\t")
                file.seek(int(offset))
                found.append(
                    (custom_id, file.read(min(int(length), _SHOWN_BYTES)), int(length) > _SHOWN_BYTES)
                )
    except (OSError, ValueError):
        return None
    return SentRequests(tuple(found), submission.requests)
