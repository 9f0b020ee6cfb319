"""The history of a workspace, from the local store alone. Blocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from claude_batch_tui.domain.batches.history import History, history
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.history import past_since


def history_of(database: Database, scope_ids: Iterable[int], *, days: int, now: datetime) -> History:
    """What the batches of these workspaces in the last `days` days say, by the days of this machine's time zone."""
    since = now.astimezone(UTC) - timedelta(days=days + 1)
    past = [one for scope_id in scope_ids for one in past_since(database, scope_id, since)]
    return history(past, days=days, now=now, day_of=_day)


def _day(at: datetime) -> date:
    return at.astimezone().date()
