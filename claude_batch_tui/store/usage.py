"""What answers took, for the forecast of later ones; and what everything in flight may cost."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.store.database import Database


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
                *(scope_id, tracked.id, tracked.model, tracked.source),
                *(succeeded, input_tokens, output_tokens, now.isoformat()),
            ),
        )


def usage_like(
    database: Database, scope_id: int, *, model: str | None, source: str | None, most: int = 20
) -> list[tuple[int, int]]:
    """Succeeded requests and output tokens of the newest batches of the same model; of the same source, if any is."""
    query = (
        "SELECT succeeded, output_tokens FROM usage WHERE scope_id = ? AND model = ? AND succeeded > 0 {}"
        " ORDER BY recorded_at DESC LIMIT ?"
    )
    same = database.rows(query.format("AND source = ?"), (scope_id, model, source, most)) if source else []
    found = same or database.rows(query.format(""), (scope_id, model, most))
    return [(row[0], row[1]) for row in found]


def at_most_in_flight(database: Database, scope_id: int) -> float:
    """What all batches that have not ended may cost together, in US dollars, as far as they were priced."""
    row = database.row(
        "SELECT sum(c.usd) FROM batch b JOIN cost c ON c.scope_id = b.scope_id AND c.target_id = b.batch_id"
        " AND c.kind = 'at_most' WHERE b.scope_id = ? AND b.has_ended = 0 AND b.gone_at IS NULL",
        (scope_id,),
    )
    return float(row[0] or 0) if row else 0.0
