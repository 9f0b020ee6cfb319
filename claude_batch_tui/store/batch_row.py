"""A batch as it is stored, with everything of ours that is kept beside it in other tables."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch

SELECT = """
    SELECT b.*, n.name, u.name AS run_name, coalesce(o.note, p.note) AS note, d.state AS results_state, d.bytes AS results_bytes, d.flawed,
        coalesce(c.usd, r.usd) AS cost_at_most, a.usd AS cost_actual, h.at AS hidden_at,
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


def tracked_of(row: sqlite3.Row) -> TrackedBatch:
    """The batch of a row that `SELECT` found."""
    return TrackedBatch(
        batch=msgspec.json.decode(row["facts"], type=Batch),
        run_id=row["run_id"],
        name=row["name"],
        run_name=row["run_name"],
        tags=tuple(row["tags"].split("\x1f")) if row["tags"] else (),
        note=row["note"],
        model=row["model"],
        source=row["source"],
        cost_at_most=row["cost_at_most"],
        cost_actual=row["cost_actual"],
        results=ResultsState(row["results_state"] or ResultsState.NONE),
        results_bytes=row["results_bytes"],
        flawed=msgspec.json.decode(row["flawed"]) if row["flawed"] else {},
        seen=bool(row["seen"]),
        gone_at=_time(row["gone_at"]),
        hidden_at=_time(row["hidden_at"]),
        cancel_sent_at=_time(row["cancel_sent_at"]),
        provisional=bool(row["provisional"]),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
