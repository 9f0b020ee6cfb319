"""What downloads left on disk, as it is written down."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import ResultsState
from claude_batch_tui.store.database import Database


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


def recorded_path(database: Database, scope_id: int, batch_id: str) -> Path | None:
    """Where the last download left the results of a batch, or None where none was written down."""
    row = database.row("SELECT path FROM download WHERE scope_id = ? AND batch_id = ?", (scope_id, batch_id))
    return Path(row["path"]) if row else None


def record_results(
    database: Database, scope_id: int, batch_id: str, record: ResultsRecord, now: datetime
) -> None:
    """Write down what a download left."""
    with database.change() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO download VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
