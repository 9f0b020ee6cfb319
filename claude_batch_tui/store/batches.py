"""What is remembered of batches: the API's last word on each, and what is ours about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.tracked import ResultsState, Submission, Sweep, TrackedBatch
from claude_batch_tui.domain.money.spend_limit import SpentAlready
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.store import polls
from claude_batch_tui.store.database import Database, stored, stored_time
from claude_batch_tui.store.notifications import note_due

SELECT = """
    SELECT b.*, n.name, u.name AS run_name, coalesce(o.note, p.note) AS note, d.state AS results_state, d.bytes AS results_bytes, d.flawed,
        coalesce(c.usd, r.usd) AS cost_at_most, a.usd AS cost_actual,
        coalesce(a.prices_as_of, c.prices_as_of, r.prices_as_of) AS prices_as_of, h.at AS hidden_at,
        (SELECT json_extract(s.facts, '$.kind', '$.sweep', '$.made_of') FROM submission s
            WHERE s.batch_id = b.batch_id AND s.state = 'created') AS sent,
        (SELECT group_concat(tag, char(31)) FROM tag t WHERE t.scope_id = b.scope_id AND t.target_id = b.batch_id) AS tags
    FROM batch b
    LEFT JOIN name n ON n.scope_id = b.scope_id AND n.target_id = b.batch_id
    LEFT JOIN name u ON u.scope_id = b.scope_id AND u.target_id = b.run_id
    LEFT JOIN hidden h ON h.scope_id = b.scope_id AND h.batch_id = b.batch_id
    LEFT JOIN note o ON o.scope_id = b.scope_id AND o.target_id = b.batch_id
    LEFT JOIN note p ON p.scope_id = b.scope_id AND p.target_id = b.run_id
    LEFT JOIN download d ON d.scope_id = b.scope_id AND d.batch_id = b.batch_id
    LEFT JOIN cost c ON c.scope_id = b.scope_id AND c.target_id = b.batch_id AND c.kind = 'at_most'
    LEFT JOIN cost a ON a.scope_id = b.scope_id AND a.target_id = b.batch_id AND a.kind = 'actual'
    LEFT JOIN cost r ON r.scope_id = b.scope_id AND r.target_id = b.run_id AND r.kind = 'at_most'
"""
"""To be followed by conditions over `b`, the batch."""
_ONE_OF = "(SELECT value FROM json_each(?))"
"""Any of some ids, given as JSON."""


class _Sent(NamedTuple):
    """What the submission of a batch says of it."""

    kind: str | None = None
    sweep: Sweep | None = None
    made_of: str | None = None


def tracked_of(row: sqlite3.Row) -> TrackedBatch:
    """The batch of a row that `SELECT` found."""
    sent = stored(row["sent"], _Sent) if row["sent"] else _Sent()
    return TrackedBatch(
        batch=stored(row["facts"], Batch),
        run_id=row["run_id"],
        name=row["name"],
        run_name=row["run_name"],
        tags=tuple(row["tags"].split("\x1f")) if row["tags"] else (),
        note=row["note"],
        model=row["model"],
        source=row["source"],
        cost_at_most=row["cost_at_most"],
        cost_actual=row["cost_actual"],
        prices_as_of=row["prices_as_of"],
        results=stored(f'"{row["results_state"] or ResultsState.NONE}"', ResultsState),
        results_bytes=row["results_bytes"],
        flawed=stored(row["flawed"], dict[str, int]) if row["flawed"] else {},
        seen=bool(row["seen"]),
        gone_at=_time(row["gone_at"]),
        hidden_at=_time(row["hidden_at"]),
        cancel_sent_at=_time(row["cancel_sent_at"]),
        provisional=bool(row["provisional"]),
        is_retry=sent.kind == "retry",
        sweep=sent.sweep,
        made_of=sent.made_of,
    )


def _time(text: str | None) -> datetime | None:
    return stored_time(text) if text else None


class Change(msgspec.Struct, frozen=True):
    """A batch whose report differs from the last one; `before` is None where it is new to us."""

    before: Batch | None
    after: Batch


class Since(msgspec.Struct, frozen=True):
    """What was written of a workspace's batches since an earlier revision. `dropped` are ids of deleted ones."""

    revision: int
    batches: tuple[TrackedBatch, ...]
    dropped: tuple[str, ...] = ()


def merge(
    database: Database, scope_id: int, batches: Iterable[Batch], *, seen: bool, at: datetime | None = None
) -> list[Change]:
    """Take the API's reports in and return what changed. An ended batch never un-ends.

    Batches that are new to us and have ended count as seen: they ended before we looked. `seen=False` marks those
    that end while we watch as not yet looked at. Each end of a batch known to be unfinished is due to be told, once.
    With the time `at` of the answer, what is new goes into each batch's log. One that is new to the store and was
    submitted or adopted here has its run, model and source at once: the store may have been lost since. What is known of
    another batch of the same id, made at another time or of another count, is forgotten.
    """
    changes: list[Change] = []
    reports = list(batches)
    known = _facts(database, scope_id, [batch.id for batch in reports])
    fresh: list[tuple[Batch, bytes, bool]] = []
    replaced: list[str] = []
    for batch in reports:
        facts = msgspec.json.encode(batch)
        last = known.get(batch.id)
        if last is not None and last.encode() == facts:
            continue
        before = stored(last, Batch) if last is not None else None
        if before is not None and not _is_same(before, batch):
            replaced.append(batch.id)
            before = None
        if before is not None and not batch.supersedes(before):
            continue
        unseen = not seen and batch.has_ended and before is not None and not before.has_ended
        fresh.append((batch, facts, unseen))
        changes.append(Change(before, batch))
    if not fresh:
        return []
    with database.change() as connection:
        for table in ("download", "usage", "spend", "sighting", "batch"):
            connection.executemany(
                f"DELETE FROM {table} WHERE scope_id = ? AND batch_id = ?",
                [(scope_id, each) for each in replaced],
            )
        connection.executemany(
            "DELETE FROM cost WHERE scope_id = ? AND target_id = ? AND kind = 'actual'",
            [(scope_id, each) for each in replaced],
        )
        connection.executemany(
            "INSERT INTO batch (scope_id, batch_id, facts, created_at, has_ended, run_id, model, source, provisional)"
            " SELECT :scope, :id, :facts, :created, :ended, coalesce(s.run_id, a.run_id), json_extract(s.facts, '$.model'),"
            " json_extract(s.facts, '$.source'), coalesce(json_extract(s.facts, '$.provisional'), 0)"
            " FROM (SELECT 1) LEFT JOIN submission s ON s.batch_id = :id"
            " LEFT JOIN adoption a ON a.scope_id = :scope AND a.batch_id = :id WHERE true"
            " ON CONFLICT (scope_id, batch_id) DO UPDATE SET facts = excluded.facts,"
            " has_ended = excluded.has_ended, gone_at = NULL, seen = CASE WHEN :unseen THEN 0 ELSE seen END",
            [
                {
                    "scope": scope_id,
                    "id": batch.id,
                    "facts": facts.decode(),
                    "created": batch.created_at.isoformat(),
                    "ended": batch.has_ended,
                    "unseen": unseen,
                }
                for batch, facts, unseen in fresh
            ],
        )
        ends = [
            change.after
            for change in changes
            if change.before is not None and change.after.has_ended and not change.before.has_ended
        ]
        note_due(connection, scope_id, (batch.id for batch in ends), "")
        if at is not None:
            # What had ended before we ever looked has no story here.
            told = (c.after for c in changes if c.before is not None or not c.after.has_ended)
            polls.note(connection, scope_id, told, at)
    return changes


def _is_same(before: Batch, after: Batch) -> bool:
    """Whether both are one batch. A simulator that is started again gives the ids of others to new ones."""
    return (before.created_at, before.request_counts.total) == (after.created_at, after.request_counts.total)


def _facts(database: Database, scope_id: int, batch_ids: Sequence[str]) -> dict[str, str]:
    """What was last reported of these batches, by id."""
    query = f"SELECT batch_id, facts FROM batch WHERE scope_id = ? AND batch_id IN {_ONE_OF}"
    return dict(map(tuple, database.rows(query, (scope_id, msgspec.json.encode(batch_ids).decode()))))


def tracked(
    database: Database, scope_id: int, limit: int = 100_000, older_than: TrackedBatch | None = None
) -> tuple[TrackedBatch, ...]:
    """Everything known of the workspace's batches, newest first; deleted ones are left out."""
    if older_than is None:
        where: str = ""
        values: tuple[str, ...] = ()
    else:
        created_at = older_than.batch.created_at.isoformat()
        where = " AND b.created_at <= ? AND (b.created_at < ? OR b.batch_id > ?)"
        values = (created_at, created_at, older_than.id)
    rows = database.rows(
        f"{SELECT} WHERE b.scope_id = ? AND b.deleted_at IS NULL{where}"
        " ORDER BY b.created_at DESC, b.batch_id LIMIT ?",
        (scope_id, *values, limit),
    )
    return tuple(tracked_of(row) for row in rows)


def revision(database: Database, scope_id: int) -> int:
    """The newest revision of the workspace's batches; see `since`."""
    row = database.row("SELECT max(revision) FROM batch WHERE scope_id = ?", (scope_id,))
    return int(row[0] or 0) if row else 0


def since(database: Database, scope_id: int, known: int) -> Since:
    """What was written after the revision `known`, whoever wrote it. Costs what changed, not what is stored."""
    rows = database.rows(f"{SELECT} WHERE b.scope_id = ? AND b.revision > ?", (scope_id, known))
    return Since(
        revision=max((row["revision"] for row in rows), default=known),
        batches=tuple(tracked_of(row) for row in rows if row["deleted_at"] is None),
        dropped=tuple(row["batch_id"] for row in rows if row["deleted_at"] is not None),
    )


def find(database: Database, scope_id: int, batch_id: str) -> TrackedBatch | None:
    """One batch, or None where we have never heard of it."""
    row = database.row(f"{SELECT} WHERE b.scope_id = ? AND b.batch_id = ?", (scope_id, batch_id))
    return tracked_of(row) if row else None


def deleted_without_results(database: Database, scope_id: int) -> tuple[TrackedBatch, ...]:
    """Batches that were deleted at the API, or are gone there, and of whose results nothing is written down."""
    rows = database.rows(
        f"{SELECT} WHERE b.scope_id = ? AND b.has_ended AND (b.deleted_at IS NOT NULL OR b.gone_at IS NOT NULL)"
        " AND d.batch_id IS NULL",
        (scope_id,),
    )
    return tuple(tracked_of(row) for row in rows)


def find_all(database: Database, scope_id: int, batch_ids: Sequence[str]) -> tuple[TrackedBatch, ...]:
    """Those of some batches that are known, in the order of their ids."""
    query = f"{SELECT} WHERE b.scope_id = ? AND b.batch_id IN {_ONE_OF}"
    rows = database.rows(query, (scope_id, msgspec.json.encode(batch_ids).decode()))
    found = {row["batch_id"]: tracked_of(row) for row in rows}
    return tuple(found[batch_id] for batch_id in batch_ids if batch_id in found)


def has_ended(database: Database, batch_id: str) -> bool:
    """Whether a batch is known to have ended, in whatever workspace; one that is gone or was deleted has."""
    row = database.row(
        "SELECT max(has_ended OR gone_at IS NOT NULL OR deleted_at IS NOT NULL) FROM batch WHERE batch_id = ?",
        (batch_id,),
    )
    return bool(row and row[0])


def ended_before(database: Database, before: datetime) -> list[tuple[str, bool]]:
    """Ids of ended batches made before a time whose results are here, and whether those were exported."""
    rows = database.rows(
        "SELECT b.batch_id, d.exported_at IS NOT NULL FROM batch b JOIN download d ON d.scope_id = b.scope_id"
        " AND d.batch_id = b.batch_id WHERE b.created_at < ? AND b.has_ended",
        (before.isoformat(),),
    )
    return [(row[0], bool(row[1])) for row in rows]


def ids_of(database: Database, scope_id: int, word: str) -> tuple[str, ...]:
    """The batch ids a user may mean by `word`: a batch id, a run id, or a name. Raises ConfigError for a name of several."""
    if database.row("SELECT 1 FROM batch WHERE scope_id = ? AND batch_id = ?", (scope_id, word)):
        return (word,)
    of_run = database.rows(
        "SELECT batch_id FROM batch WHERE scope_id = ? AND run_id = ? ORDER BY created_at, batch_id",
        (scope_id, word),
    )
    if of_run:
        return tuple(row[0] for row in of_run)
    named = database.rows(
        "SELECT b.batch_id, b.run_id, n.target_id = b.run_id OR b.batch_id = (SELECT f.batch_id FROM batch f"
        " WHERE f.scope_id = b.scope_id AND f.run_id = b.run_id ORDER BY f.created_at, f.batch_id LIMIT 1)"
        " FROM batch b JOIN name n ON n.scope_id = b.scope_id AND n.target_id IN (b.batch_id, b.run_id)"
        " WHERE b.scope_id = ? AND n.name = ? ORDER BY b.created_at",
        (scope_id, word),
    ) or _sent_as(database, scope_id, word)
    if len(named) > 1 and len({row[1] or row[0] for row in named}) > 1:
        raise ConfigError(
            f"{len(named)} batches are called {word!r}: use the id of one, "
            f"{', '.join(row[0] for row in named[:3])}{' …' if len(named) > 3 else ''}."
        )
    run_id = next((row[1] for row in named if row[1] and row[2]), None)
    if run_id is not None:  # the name of a run, or of what it began with
        return ids_of(database, scope_id, run_id)
    return tuple(dict.fromkeys(row[0] for row in named))


def _sent_as(database: Database, scope_id: int, word: str) -> list[tuple[str, str, bool]]:
    """The batches of runs that were sent under a name, which has what they are in the run behind it: a part, a pilot."""
    rows = database.rows(
        "SELECT b.batch_id, b.run_id, s.facts FROM submission s JOIN batch b ON b.batch_id = s.batch_id"
        " WHERE b.scope_id = ? AND substr(json_extract(s.facts, '$.name'), 1, ?) = ? ORDER BY b.created_at",
        (scope_id, len(word) + 1, f"{word} "),
    )
    found = ((row[0], row[1], msgspec.json.decode(row[2], type=Submission)) for row in rows)
    return [(batch_id, run_id, True) for batch_id, run_id, sent in found if sent.base_name == word]


def variants_of(database: Database, scope_id: int, word: str) -> tuple[tuple[str, str], ...]:
    """The runs of a sweep by its id or name, the newest one of a name, each with what it is a variant by; none where it is none."""
    rows = database.rows(
        "SELECT b.run_id, json_extract(s.facts, '$.sweep.id'), json_extract(s.facts, '$.sweep.variant')"
        " FROM submission s JOIN batch b ON b.batch_id = s.batch_id"
        " WHERE b.scope_id = ? AND ? IN (json_extract(s.facts, '$.sweep.id'), json_extract(s.facts, '$.sweep.name'))"
        " ORDER BY b.created_at, b.batch_id",
        (scope_id, word),
    )
    newest = rows[-1][1] if rows else None
    return tuple({row[0]: (row[0], row[2]) for row in rows if row[1] == newest}.values())


def made_from(database: Database, scope_id: int, target_ids: Iterable[str]) -> tuple[TrackedBatch, ...]:
    """The batches whose rows are the answers of one of these batches or runs, oldest first; of a run all of them."""
    rows = database.rows(
        "SELECT b.batch_id FROM submission s JOIN batch b ON b.batch_id = s.batch_id"
        f" WHERE b.scope_id = ? AND json_extract(s.facts, '$.made_of') IN {_ONE_OF} ORDER BY b.created_at, b.batch_id",
        (scope_id, msgspec.json.encode([*target_ids]).decode()),
    )
    return find_all(database, scope_id, [row[0] for row in rows])


def adopt(
    database: Database, scope_id: int, batch_id: str, *, run_id: str, model: str | None, source: str | None
) -> None:
    """Tie a batch to its run."""
    with database.change() as connection:
        connection.execute(
            "UPDATE batch SET run_id = ?, model = coalesce(?, model), source = coalesce(?, source)"
            " WHERE scope_id = ? AND batch_id = ?",
            (run_id, model, source, scope_id, batch_id),
        )


def link_to_run(database: Database, scope_id: int, created: Submission) -> None:
    """Write down of a batch what its submission knows: run, model, source, cost at most, and a name unless it has one.

    What joins a run answers with it: the run then has the name of its first batch, unless it has one. The batch itself may
    still be unknown here.
    """
    batch_id, usd, model, source = created.batch_id, created.cost_at_most, created.model, created.source
    if batch_id is None:
        return
    with database.change() as connection:
        adopt(database, scope_id, batch_id, run_id=created.run_id, model=model, source=source)
        if created.provisional:
            mark(database, scope_id, batch_id, provisional=1)
        if created.name:
            named = scope_id, batch_id, created.name
            connection.execute("INSERT OR IGNORE INTO name VALUES (?, ?, ?)", named)
        if created.kind == "rest" and (name := _name_of_run(connection, created.run_id)):
            connection.execute(
                "INSERT OR IGNORE INTO name VALUES (?, ?, ?)", (scope_id, created.run_id, name)
            )
        if usd is not None:
            record_cost(database, scope_id, batch_id, "at_most", usd, created.prices_as_of)


def _name_of_run(connection: sqlite3.Connection, run_id: str) -> str | None:
    """The name that the first batch of a run was sent under, without what says that it is a part or a pilot."""
    query = "SELECT facts FROM submission WHERE run_id = ? ORDER BY created_at, submission_id LIMIT 1"
    row = connection.execute(query, (run_id,)).fetchone()
    first = msgspec.json.decode(row[0], type=Submission) if row else None
    return first.base_name if first else None


def mark(database: Database, scope_id: int, batch_id: str, **columns: str | int | None) -> None:
    """Set columns of one batch: seen, provisional, gone_at, deleted_at, cancel_sent_at."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    with database.change() as connection:
        connection.execute(
            f"UPDATE batch SET {assignments} WHERE scope_id = ? AND batch_id = ?",
            (*columns.values(), scope_id, batch_id),
        )


def set_name(database: Database, scope_id: int, target_id: str, name: str | None) -> None:
    """Name a batch or a run; None takes the name away."""
    with database.change() as connection:
        if name is None:
            connection.execute("DELETE FROM name WHERE scope_id = ? AND target_id = ?", (scope_id, target_id))
        else:
            connection.execute("INSERT OR REPLACE INTO name VALUES (?, ?, ?)", (scope_id, target_id, name))


def record_cost(
    database: Database, scope_id: int, target_id: str, kind: str, usd: float, prices_as_of: str | None
) -> None:
    """Write a cost down; `kind` is at_most, about or actual."""
    with database.change() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO cost VALUES (?, ?, ?, ?, ?)",
            (scope_id, target_id, kind, usd, prices_as_of),
        )


def at_most_in_flight(database: Database, scope_id: int) -> float:
    """What all batches that have not ended may cost together, in US dollars, as far as they were priced."""
    row = database.row(
        "SELECT sum(c.usd) FROM batch b JOIN cost c ON c.scope_id = b.scope_id AND c.target_id = b.batch_id"
        " AND c.kind = 'at_most' WHERE b.scope_id = ? AND b.has_ended = 0 AND b.gone_at IS NULL",
        (scope_id,),
    )
    return float(row[0] or 0) if row else 0.0


def ours_in_progress(database: Database, scope_id: int) -> tuple[Batch, ...]:
    """All batches of a workspace that were submitted here and have not ended, oldest first."""
    rows = database.rows(
        "SELECT facts FROM batch WHERE scope_id = ? AND has_ended = 0 AND deleted_at IS NULL AND gone_at IS NULL"
        " AND batch_id IN (SELECT batch_id FROM submission WHERE batch_id IS NOT NULL) ORDER BY created_at",
        (scope_id,),
    )
    return tuple(stored(row[0], Batch) for row in rows)


def spent_since(database: Database, since: datetime) -> SpentAlready:
    """What all batches created since then cost: by their results, else at most. What ended with no answer cost nothing."""
    row = database.row(
        "SELECT total(usd), sum(usd IS NULL) FROM (SELECT coalesce(a.usd, CASE WHEN b.has_ended"
        " AND json_extract(b.facts, '$.request_counts.succeeded') = 0 THEN 0.0 ELSE m.usd END) AS usd FROM batch b"
        " LEFT JOIN cost a ON a.scope_id = b.scope_id AND a.target_id = b.batch_id AND a.kind = 'actual'"
        " LEFT JOIN cost m ON m.scope_id = b.scope_id AND m.target_id = b.batch_id AND m.kind = 'at_most'"
        " WHERE b.created_at >= ?)",
        (since.isoformat(),),
    )
    return SpentAlready(row[0], row[1] or 0) if row else SpentAlready()


def deleted_at(database: Database, scope_id: int, batch_id: str) -> datetime | None:
    """When a batch was deleted from the API by this machine, or None."""
    row = database.row(
        "SELECT deleted_at FROM batch WHERE scope_id = ? AND batch_id = ?", (scope_id, batch_id)
    )
    return datetime.fromisoformat(row[0]) if row and row[0] else None
