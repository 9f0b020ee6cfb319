"""What downloads left: the files on disk, what the answers took, and what they cost; and what all
batches of the past cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.costs import PaidBatch
from claude_batch_tui.domain.batches.history import PastBatch
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.domain.money.spend import Spend
from claude_batch_tui.domain.requests.models import without_date
from claude_batch_tui.store.database import Database, stored, stored_time

_NEWEST = 20
"""So many earlier batches say what a new one will be like."""
_PAST = """
    SELECT b.facts, b.model, a.usd AS usd, m.usd AS at_most FROM batch b
    LEFT JOIN cost a ON a.scope_id = b.scope_id AND a.target_id = b.batch_id AND a.kind = 'actual'
    LEFT JOIN cost m ON m.scope_id = b.scope_id AND m.target_id = b.batch_id AND m.kind = 'at_most'
    WHERE b.scope_id = ? AND b.created_at >= ? ORDER BY b.created_at
"""
_PAID = """
    SELECT b.facts, b.batch_id, b.run_id, b.model, b.gone_at, coalesce(u.name, n.name) AS title, s.facts AS spend,
        m.usd AS at_most,
        (SELECT group_concat(tag, char(31)) FROM tag t WHERE t.scope_id = b.scope_id AND t.target_id = b.batch_id) AS tags
    FROM batch b
    LEFT JOIN name n ON n.scope_id = b.scope_id AND n.target_id = b.batch_id
    LEFT JOIN name u ON u.scope_id = b.scope_id AND u.target_id = b.run_id
    LEFT JOIN spend s ON s.scope_id = b.scope_id AND s.batch_id = b.batch_id
    LEFT JOIN cost m ON m.scope_id = b.scope_id AND m.target_id = b.batch_id AND m.kind = 'at_most'
    WHERE b.scope_id = ? AND b.created_at >= ? ORDER BY b.created_at
"""


class ResultsRecord(msgspec.Struct, frozen=True):
    """What a finished download left on disk."""

    state: ResultsState
    path: str
    bytes: int
    lines: int
    sha256: str
    problems: tuple[str, ...] = ()
    flawed: dict[str, int] = {}
    """Ledger classes of what succeeded and is not whole, with their numbers."""


def recorded(database: Database, scope_id: int, batch_id: str) -> tuple[Path, int] | None:
    """Where the last download left the results of a batch, and their bytes; None where none was written down."""
    query = "SELECT path, bytes FROM download WHERE scope_id = ? AND batch_id = ?"
    row = database.row(query, (scope_id, batch_id))
    return (Path(row["path"]), row["bytes"]) if row else None


def is_recorded_elsewhere(database: Database, batch_id: str) -> bool:
    """Whether results under this id are those of a batch at some other address or workspace, and of none here.

    Simulators that are started again give the same ids.
    """
    return database.row("SELECT 1 FROM download WHERE batch_id = ?", (batch_id,)) is not None


def record_results(
    database: Database, scope_id: int, batch_id: str, record: ResultsRecord, now: datetime
) -> None:
    """Write down what a download left."""
    with database.change() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO download VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                scope_id,
                batch_id,
                record.state.value,
                record.path,
                record.bytes,
                record.lines,
                record.sha256,
                now.isoformat(),
                "\n".join(record.problems) or None,
                msgspec.json.encode(record.flawed).decode() if record.flawed else None,
            ),
        )


def mark_exported(database: Database, ids: Sequence[str], now: datetime) -> None:
    """Write down that all results of batches or runs are in a file of the user."""
    with database.change() as connection:
        connection.executemany(
            "UPDATE download SET exported_at = :at WHERE batch_id = :id"
            " OR batch_id IN (SELECT batch_id FROM batch WHERE run_id = :id)",
            [{"at": now.isoformat(), "id": each} for each in ids],
        )


def bytes_a_result(database: Database) -> float:
    """How long a line of results is, by all that were downloaded here; 4,000 bytes where none were."""
    row = database.row("SELECT total(bytes), total(lines) FROM download")
    return row[0] / row[1] if row and row[1] else 4_000.0


def exported_at(database: Database, scope_id: int, batch_id: str) -> datetime | None:
    """When all results of a batch were last written to a file of the user, as far as is known."""
    query = "SELECT exported_at FROM download WHERE scope_id = ? AND batch_id = ?"
    row = database.row(query, (scope_id, batch_id))
    return stored_time(row[0]) if row and row[0] else None


def forget_results(database: Database, scope_id: int, batch_ids: Sequence[str]) -> None:
    """The files of these results are gone."""
    with database.change() as connection:
        connection.executemany(
            "DELETE FROM download WHERE scope_id = ? AND batch_id = ?",
            [(scope_id, each) for each in batch_ids],
        )


def record_spend(database: Database, scope_id: int, batch_id: str, spend: Spend, now: datetime) -> None:
    """Write down what a batch cost; a batch made elsewhere learns its model from the answers.

    A sum that leaves answers out is in the facts alone: nothing shows it as what the batch cost.
    """
    with database.change() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO spend VALUES (?, ?, ?, ?, ?)",
            (scope_id, batch_id, spend.succeeded, msgspec.json.encode(spend).decode(), now.isoformat()),
        )
        connection.execute(
            "DELETE FROM cost WHERE scope_id = ? AND target_id = ? AND kind = 'actual'", (scope_id, batch_id)
        )
        if not spend.unpriced:
            connection.execute(
                "INSERT INTO cost VALUES (?, ?, 'actual', ?, ?)",
                (scope_id, batch_id, spend.usd, spend.as_of.isoformat()),
            )
        if len(spend.models) == 1:
            learned = (without_date(spend.models[0]), scope_id, batch_id)
            connection.execute(
                "UPDATE batch SET model = ? WHERE scope_id = ? AND batch_id = ? AND model IS NULL", learned
            )
            connection.execute(
                "UPDATE usage SET model = ? WHERE scope_id = ? AND batch_id = ? AND model IS NULL", learned
            )


def find_spend(database: Database, scope_id: int, batch_id: str) -> Spend | None:
    """What a batch cost, or None where its results have not been read here, or before advisors and compactions counted."""
    row = database.row("SELECT facts FROM spend WHERE scope_id = ? AND batch_id = ?", (scope_id, batch_id))
    return None if row is None else _spend_of(row["facts"])


def _spend_of(facts: str | None) -> Spend | None:
    """What was written down of a bill; None where nothing was, or before advisors and compactions counted."""
    return stored(facts, Spend) if facts is not None and '"additional_tokens"' in facts else None


def spends_like(
    database: Database,
    scope_id: int,
    batch_id: str,
    *,
    model: str | None,
    source: str | None,
) -> list[tuple[int, float]]:
    """Succeeded requests and dollars of the newest other batches of the same model; of the same source, if any is."""
    if model is None:
        return []
    query = (
        "SELECT s.succeeded, c.usd FROM spend s JOIN batch b ON b.scope_id = s.scope_id AND b.batch_id = s.batch_id"
        " JOIN cost c ON c.scope_id = s.scope_id AND c.target_id = s.batch_id AND c.kind = 'actual'"
        " WHERE s.scope_id = ? AND b.model IN (?, ?) AND s.batch_id <> ? AND s.succeeded > 0 AND c.usd > 0 {}"
        f" ORDER BY b.created_at DESC LIMIT {_NEWEST}"
    )
    values = (scope_id, model, without_date(model), batch_id)
    same = database.rows(query.format("AND b.source = ?"), (*values, source)) if source else []
    found = same or database.rows(query.format(""), values)
    return [(row[0], row[1]) for row in found]


def record_usage(
    database: Database,
    scope_id: int,
    tracked: TrackedBatch,
    *,
    succeeded: int,
    input_tokens: int,
    output_tokens: int,
    now: datetime,
) -> None:
    """Write down what the answers of a batch took, for the forecast of later ones."""
    with database.change() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                scope_id,
                tracked.id,
                tracked.model,
                tracked.source,
                succeeded,
                input_tokens,
                output_tokens,
                now.isoformat(),
            ),
        )


def usage_like(
    database: Database, scope_id: int, *, model: str | None, source: str | None
) -> list[tuple[int, int]]:
    """Succeeded requests and output tokens of the newest batches of the same model; of the same source, if any is."""
    query = (
        "SELECT succeeded, output_tokens FROM usage WHERE scope_id = ? AND model = ? AND succeeded > 0 {}"
        f" ORDER BY recorded_at DESC LIMIT {_NEWEST}"
    )
    same = database.rows(query.format("AND source = ?"), (scope_id, model, source)) if source else []
    found = same or database.rows(query.format(""), (scope_id, model))
    return [(row[0], row[1]) for row in found]


def past_since(database: Database, scope_id: int, since: datetime) -> list[PastBatch]:
    """The batches created since then, oldest first, deleted ones too: they were paid for. About 20 µs each."""
    rows = database.rows(_PAST, (scope_id, since.isoformat()))
    return [PastBatch(stored(row["facts"], Batch), row["model"], row["usd"], row["at_most"]) for row in rows]


def paid_since(database: Database, scope_id: int, since: datetime) -> list[PaidBatch]:
    """The batches created since then with what is known of their cost, oldest first, deleted ones too."""
    return [
        PaidBatch(
            batch=stored(row["facts"], Batch),
            run_id=row["run_id"] or row["batch_id"],
            title=row["title"] or row["run_id"] or row["batch_id"],
            tags=tuple(row["tags"].split("\x1f")) if row["tags"] else (),
            model=row["model"],
            spend=_spend_of(row["spend"]),
            at_most=row["at_most"],
            is_gone=row["gone_at"] is not None,
        )
        for row in database.rows(_PAID, (scope_id, since.isoformat()))
    ]
