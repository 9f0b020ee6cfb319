"""Polls and what they saw: which batches a poll has to cover, each new report of one, and the polls themselves.

Of reports and polls the newest are kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

import msgspec

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.story import PollRecord, Sighting
from claude_batch_tui.store.database import Database, stored, stored_time

KEPT = 20_000
"""Sightings kept of all batches together."""


def note(connection: sqlite3.Connection, scope_id: int, reports: Iterable[Batch], at: datetime) -> None:
    """Write down what was reported of batches, inside the change that takes the reports in."""
    rows = [
        (
            scope_id,
            batch.id,
            at.isoformat(),
            msgspec.json.encode(Sighting(at, batch.processing_status, batch.request_counts)).decode(),
        )
        for batch in reports
    ]
    if not rows:
        return
    connection.executemany("INSERT INTO sighting (scope_id, batch_id, at, facts) VALUES (?, ?, ?, ?)", rows)
    connection.execute(
        "DELETE FROM sighting WHERE sighting_id <= (SELECT max(sighting_id) - ? FROM sighting)", (KEPT,)
    )


def of_batch(database: Database, scope_id: int, batch_id: str) -> tuple[Sighting, ...]:
    """Everything new that was ever reported of a batch while we looked, oldest first."""
    rows = database.rows(
        "SELECT facts FROM sighting WHERE scope_id = ? AND batch_id = ? ORDER BY sighting_id",
        (scope_id, batch_id),
    )
    return tuple(stored(row[0], Sighting) for row in rows)


def polls_since(
    database: Database, scope_id: int, since: datetime, until: datetime | None
) -> tuple[PollRecord, ...]:
    """The polls of a time, newest first, as far as they are kept."""
    end = "9999" if until is None else until.isoformat()
    rows = database.rows(
        "SELECT at, seconds, batches, error FROM poll WHERE scope_id = ? AND at >= ? AND at <= ? ORDER BY at DESC",
        (scope_id, since.isoformat(), end),
    )
    return tuple(PollRecord(stored_time(row[0]), *row[1:]) for row in rows)


def unfinished(database: Database, scope_id: int) -> tuple[Batch, ...]:
    """The batches a poll has to cover, newest first: not ended, and still known to the API."""
    rows = database.rows(
        "SELECT facts FROM batch WHERE scope_id = ? AND has_ended = 0 AND deleted_at IS NULL AND gone_at IS NULL"
        " ORDER BY created_at DESC",
        (scope_id,),
    )
    return tuple(stored(row[0], Batch) for row in rows)


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
    decoded = (stored(row["facts"], Batch) for row in unseen)
    return int(running[0]) if running else 0, [batch.request_counts for batch in decoded]


def record_poll(
    database: Database, scope_id: int, at: datetime, seconds: float, batches: int | None, error: str | None
) -> None:
    """Write a poll down; the newest thousand are kept."""
    with database.change() as connection:
        connection.execute(
            "INSERT INTO poll (scope_id, at, seconds, batches, error) VALUES (?, ?, ?, ?, ?)",
            (scope_id, at.isoformat(), seconds, batches, error),
        )
        connection.execute("DELETE FROM poll WHERE poll_id <= (SELECT max(poll_id) - 1000 FROM poll)")


def last_poll_at(database: Database, scope_id: int) -> datetime | None:
    """When anybody last heard from the API about this workspace."""
    row = database.row("SELECT max(at) FROM poll WHERE scope_id = ? AND error IS NULL", (scope_id,))
    return stored_time(row[0]) if row and row[0] else None
