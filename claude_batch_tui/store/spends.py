"""What batches cost by their results."""

from __future__ import annotations

from datetime import datetime

import msgspec

from claude_batch_tui.domain.money.spend import Spend
from claude_batch_tui.domain.requests.models import without_date
from claude_batch_tui.store.database import Database


def record(database: Database, scope_id: int, batch_id: str, spend: Spend, now: datetime) -> None:
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


def find(database: Database, scope_id: int, batch_id: str) -> Spend | None:
    """What a batch cost, or None where its results have not been read here."""
    row = database.row("SELECT facts FROM spend WHERE scope_id = ? AND batch_id = ?", (scope_id, batch_id))
    return msgspec.json.decode(row["facts"], type=Spend) if row else None


def like(
    database: Database,
    scope_id: int,
    batch_id: str,
    *,
    model: str | None,
    source: str | None,
    most: int = 20,
) -> list[tuple[int, float]]:
    """Succeeded requests and dollars of the newest other batches of the same model; of the same source, if any is."""
    if model is None:
        return []
    query = (
        "SELECT s.succeeded, c.usd FROM spend s JOIN batch b ON b.scope_id = s.scope_id AND b.batch_id = s.batch_id"
        " JOIN cost c ON c.scope_id = s.scope_id AND c.target_id = s.batch_id AND c.kind = 'actual'"
        " WHERE s.scope_id = ? AND b.model IN (?, ?) AND s.batch_id <> ? AND s.succeeded > 0 AND c.usd > 0 {}"
        " ORDER BY b.created_at DESC LIMIT ?"
    )
    values = (scope_id, model, without_date(model), batch_id)
    same = database.rows(query.format("AND b.source = ?"), (*values, source, most)) if source else []
    found = same or database.rows(query.format(""), (*values, most))
    return [(row[0], row[1]) for row in found]
