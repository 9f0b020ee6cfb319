"""Who has been told of which end. A `due` row is written with the end itself, and one process turns it into `ended`.

That happens before anything is told: after a crash in between nobody is told twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from claude_batch_tui.store.database import Database, stored_time

_OPEN = "('prepared', 'sending', 'unknown')"


def note_due(connection: sqlite3.Connection, scope_id: int, batch_ids: Iterable[str], at: str) -> None:
    """Write down, in the caller's transaction, that the ends of these batches are to be told."""
    connection.executemany(
        "INSERT OR IGNORE INTO notification (scope_id, target_id, kind, sent_at)"
        " SELECT ?, ?, 'due', ? WHERE NOT EXISTS"
        " (SELECT 1 FROM notification WHERE scope_id = ? AND target_id = ? AND kind = 'ended')",
        [(scope_id, batch_id, at, scope_id, batch_id) for batch_id in batch_ids],
    )


def claim_once(
    database: Database, scope_id: int, wishes: Iterable[tuple[str, str]], now: datetime
) -> set[str]:
    """Of targets, each with a kind of notice: those this process, and no other before or after it, is to tell of."""
    if database.is_newer:
        return set()
    query = "SELECT 1 FROM notification WHERE scope_id = ? AND target_id = ? AND kind = ?"
    fresh = [wish for wish in wishes if database.row(query, (scope_id, *wish)) is None]
    if not fresh:
        return set()
    insert = "INSERT OR IGNORE INTO notification VALUES (?, ?, ?, ?)"
    with database.change() as connection:
        return {
            target_id
            for target_id, kind in fresh
            if connection.execute(insert, (scope_id, target_id, kind, now.isoformat())).rowcount == 1
        }


def claim(
    database: Database, scope_id: int, now: datetime, only: frozenset[str] | None = None
) -> list[tuple[str, tuple[str, ...]]]:
    """What this process, and no other, is to tell: a batch or run id, and the batches it is about.

    A run of several batches is told once, when the last of them has ended. `only` limits it to some batches.
    """
    query = "SELECT target_id FROM notification WHERE scope_id = ? AND kind = 'due'"
    if database.is_newer or database.row(query, (scope_id,)) is None:
        return []
    told: list[tuple[str, tuple[str, ...]]] = []
    with database.change() as connection:
        due = [row[0] for row in connection.execute(query, (scope_id,))]
        done: set[str] = set()
        for batch_id in due:
            if batch_id in done or (only is not None and batch_id not in only):
                continue
            target, members, is_over = _group(connection, scope_id, batch_id)
            if is_over:
                done.update(members)
                told.append((target, members))
        for member in done.union(target for target, _ in told):
            where = (scope_id, member)
            connection.execute(
                "DELETE FROM notification WHERE scope_id = ? AND target_id = ? AND kind = 'due'", where
            )
            connection.execute(
                "INSERT OR REPLACE INTO notification VALUES (?, ?, 'ended', ?)", (*where, now.isoformat())
            )
    return told


class Told(NamedTuple):
    """An end that was told: a batch or run id, the batches it was about, and when."""

    target_id: str
    batch_ids: tuple[str, ...]
    at: datetime


def told(database: Database, scope_id: int, limit: int, after: datetime | None = None) -> list[Told]:
    """The last ends that were told, after a time if wished, by whatever process, oldest first; a run stands for its batches."""
    rows = database.rows(
        "SELECT n.target_id, n.sent_at, b.run_id FROM notification n"
        " LEFT JOIN batch b ON b.scope_id = n.scope_id AND b.batch_id = n.target_id"
        " WHERE n.scope_id = ? AND n.kind = 'ended' AND n.sent_at > ? ORDER BY n.sent_at DESC LIMIT ?",
        (scope_id, after.isoformat() if after else "", limit),
    )
    together = {(row["target_id"], row["sent_at"]) for row in rows}
    members = "SELECT batch_id FROM batch WHERE scope_id = ? AND run_id = ? ORDER BY created_at, rowid"
    found: list[Told] = []
    for row in reversed(rows):
        target, at = row["target_id"], row["sent_at"]
        if (row["run_id"], at) in together:
            continue  # told with its run
        own = tuple(each[0] for each in database.rows(members, (scope_id, target)))
        found.append(Told(target, own or (target,), stored_time(at)))
    return found


def warned(
    database: Database, scope_id: int, limit: int, after: datetime | None = None
) -> list[tuple[str, Told]]:
    """The last warnings that were told, with their kinds; those of one moment and kind together. Oldest first."""
    rows = database.rows(
        "SELECT kind, sent_at, group_concat(target_id, char(31)) FROM notification"
        " WHERE scope_id = ? AND (kind = 'expiry' OR kind LIKE 'results-%') AND sent_at > ?"
        " GROUP BY sent_at, kind ORDER BY sent_at DESC LIMIT ?",
        (scope_id, after.isoformat() if after else "", limit),
    )
    found = []
    for kind, at, joined in reversed(rows):
        ids = tuple(joined.split("\x1f"))
        found.append((kind, Told(ids[0], ids, stored_time(at))))
    return found


def _group(connection: sqlite3.Connection, scope_id: int, batch_id: str) -> tuple[str, tuple[str, ...], bool]:
    """What a batch is told as: itself, or its run with all batches; and whether that is over."""
    rows = connection.execute(
        "SELECT batch_id, has_ended, run_id FROM batch WHERE scope_id = ? AND run_id ="
        " (SELECT run_id FROM batch WHERE scope_id = ? AND batch_id = ?) ORDER BY created_at, rowid",
        (scope_id, scope_id, batch_id),
    ).fetchall()
    if not rows:
        return batch_id, (batch_id,), True
    run_id = rows[0]["run_id"]
    still_sent = connection.execute(
        f"SELECT 1 FROM submission WHERE run_id = ? AND state IN {_OPEN}", (run_id,)
    ).fetchone()
    is_over = all(row["has_ended"] for row in rows) and still_sent is None
    members = tuple(row["batch_id"] for row in rows)
    return (run_id if len(rows) > 1 else batch_id), members, is_over
