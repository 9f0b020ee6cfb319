"""What was said of answers by somebody who read them. Journal first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from claude_batch_tui.domain.results.review import EntryKey, Review
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.store import Store


class _Told(msgspec.Struct):
    """A review in the journal, beside the fields of a `Review` itself."""

    target_id: str
    custom_id: str
    at: datetime | None = None


def review(store: Store, key: EntryKey, said: Review, now: datetime) -> None:
    """Say what is thought of an answer; one that says nothing takes back what was said. As results, by batch id alone."""
    store.journal.append(
        "review", now, target_id=key.target_id, custom_id=key.custom_id, **msgspec.structs.asdict(said)
    )
    _review(store, key, said, now)


def reviews(database: Database, target_ids: Sequence[str]) -> dict[EntryKey, Review]:
    """What was said of the answers of these batches or files, oldest first."""
    marks = ", ".join("?" * len(target_ids))
    rows = database.rows(
        f"SELECT target_id, custom_id, verdict, label, note FROM review WHERE target_id IN ({marks}) ORDER BY at",
        list(target_ids),
    )
    return {EntryKey(*row[:2]): Review(*row[2:]) for row in rows}


def replay(store: Store, fact: dict[str, Any], now: datetime) -> bool:
    """Take a fact of the journal into a new store; False where it is no review. Raises ValidationError."""
    if fact.get("kind") != "review":
        return False
    told = msgspec.convert(fact, type=_Told)
    said = msgspec.convert(fact, type=Review)
    _review(store, EntryKey(told.target_id, told.custom_id), said, told.at or now)
    return True


def _review(store: Store, key: EntryKey, said: Review, at: datetime) -> None:
    with store.database.change() as connection:
        if said.is_empty:
            connection.execute("DELETE FROM review WHERE target_id = ? AND custom_id = ?", key)
        else:
            connection.execute(
                "INSERT OR REPLACE INTO review VALUES (?, ?, ?, ?, ?, ?)",
                (*key, said.verdict, said.label, said.note, at.isoformat()),
            )
