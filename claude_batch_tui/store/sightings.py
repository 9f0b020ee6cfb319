"""What polls saw: each new report of a batch, and the polls themselves. The newest are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.story import PollRecord, Sighting
from claude_batch_tui.store.database import Database

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
    return tuple(msgspec.json.decode(row[0], type=Sighting) for row in rows)


def polls_since(
    database: Database, scope_id: int, since: datetime, until: datetime | None
) -> tuple[PollRecord, ...]:
    """The polls of a time, newest first, as far as they are kept."""
    end = "9999" if until is None else until.isoformat()
    rows = database.rows(
        "SELECT at, seconds, batches, error FROM poll WHERE scope_id = ? AND at >= ? AND at <= ? ORDER BY at DESC",
        (scope_id, since.isoformat(), end),
    )
    return tuple(PollRecord(datetime.fromisoformat(row[0]), *row[1:]) for row in rows)
