"""How the batches of a workspace stand: what runs, what ended unseen, how many a poll has to cover."""

from __future__ import annotations

from datetime import datetime

import msgspec

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.store.database import Database


def unfinished(database: Database, scope_id: int) -> tuple[Batch, ...]:
    """The batches a poll has to cover, newest first: not ended, and still known to the API."""
    rows = database.rows(
        "SELECT facts FROM batch WHERE scope_id = ? AND has_ended = 0 AND deleted_at IS NULL AND gone_at IS NULL"
        " ORDER BY created_at DESC",
        (scope_id,),
    )
    return tuple(msgspec.json.decode(row[0], type=Batch) for row in rows)


def number_since(database: Database, scope_id: int, created_at: datetime, most: int) -> int:
    """How many batches are as new as that or newer, counted up to `most`."""
    row = database.row(
        "SELECT count(*) FROM (SELECT 1 FROM batch WHERE scope_id = ? AND created_at >= ?"
        " AND deleted_at IS NULL LIMIT ?)",
        (scope_id, created_at.isoformat(), most),
    )
    return int(row[0]) if row else 0


def standing(database: Database, scope_id: int) -> tuple[int, list[RequestCounts]]:
    """How many batches run, and the counts of those that ended and have not been looked at."""
    where = "scope_id = ? AND deleted_at IS NULL AND gone_at IS NULL"
    running = database.row(f"SELECT count(*) FROM batch WHERE {where} AND NOT has_ended", (scope_id,))
    unseen = database.rows(f"SELECT facts FROM batch WHERE {where} AND has_ended AND NOT seen", (scope_id,))
    decoded = (msgspec.json.decode(row["facts"], type=Batch) for row in unseen)
    return int(running[0]) if running else 0, [batch.request_counts for batch in decoded]
