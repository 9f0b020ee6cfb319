"""What is ours about batches and not the API's: names, tags, notes, what is hidden, adopted, canceled or deleted by us.

Journal first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.store import batches, workspaces
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace


class _Ours(msgspec.Struct):
    """A fact of the journal; which fields are set depends on its kind."""

    base_url: str
    workspace_id: str
    batch_ids: tuple[str, ...] = ()
    target_id: str = ""
    name: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    note: str | None = None
    is_hidden: bool = True
    run_id: str = ""
    batch: Batch | None = None
    at: datetime | None = None


def name(store: Store, workspace: Workspace, target_id: str, text: str | None, now: datetime) -> None:
    """Name a batch or a run; None takes the name away."""
    _journal(store, workspace, "name", now, target_id=target_id, name=text)
    batches.set_name(store.database, workspace.scope_id, target_id, text)


def tag(
    store: Store,
    workspace: Workspace,
    batch_ids: Sequence[str],
    *,
    add: Sequence[str],
    remove: Sequence[str],
    now: datetime,
) -> None:
    """Give batches tags, and take tags away."""
    _journal(store, workspace, "tags", now, batch_ids=batch_ids, add=add, remove=remove)
    _tag(store, workspace.scope_id, batch_ids, add, remove)


def note(store: Store, workspace: Workspace, target_id: str, text: str | None, now: datetime) -> None:
    """Write a note on a batch or a run; None takes it away."""
    _journal(store, workspace, "note", now, target_id=target_id, note=text)
    _note(store, workspace.scope_id, target_id, text)


def hide(
    store: Store, workspace: Workspace, batch_ids: Sequence[str], *, hidden: bool, now: datetime
) -> None:
    """Put batches away on this machine, or bring them back. The API hears nothing of it."""
    _journal(store, workspace, "hidden", now, batch_ids=batch_ids, is_hidden=hidden)
    _hide(store, workspace.scope_id, batch_ids, hidden, now)


def adopt(store: Store, workspace: Workspace, batch_ids: Sequence[str], run_id: str, now: datetime) -> None:
    """Give batches made elsewhere a run of ours."""
    _journal(store, workspace, "adoption", now, batch_ids=batch_ids, run_id=run_id)
    _adopt(store, workspace.scope_id, batch_ids, run_id, now)


def mark_canceled(store: Store, workspace: Workspace, batch: Batch, now: datetime) -> None:
    """The API has taken our wish to cancel a batch, and says this of it."""
    _journal(store, workspace, "canceled", now, batch=batch)
    batches.mark(store.database, workspace.scope_id, batch.id, cancel_sent_at=now.isoformat())


def mark_deleted(store: Store, workspace: Workspace, batch: Batch, now: datetime) -> None:
    """The API has deleted a batch at our wish; what was last known of it is known no more to anybody else."""
    _journal(store, workspace, "deleted", now, batch=batch)
    batches.mark(store.database, workspace.scope_id, batch.id, deleted_at=now.isoformat())


def replay(store: Store, fact: dict[str, Any], now: datetime) -> bool:
    """Take a fact of the journal into a new store; False where it is none of these. Raises ValidationError."""
    kind = fact.get("kind")
    if kind not in ("name", "tags", "note", "hidden", "adoption", "canceled", "deleted"):
        return False
    ours = msgspec.convert(fact, type=_Ours)
    scope_id = workspaces.remember(store.database, ours.base_url, ours.workspace_id, None, "", now).scope_id
    match kind:
        case "name":
            batches.set_name(store.database, scope_id, ours.target_id, ours.name)
        case "tags":
            _tag(store, scope_id, ours.batch_ids, ours.add, ours.remove)
        case "note":
            _note(store, scope_id, ours.target_id, ours.note)
        case "hidden":
            _hide(store, scope_id, ours.batch_ids, ours.is_hidden, ours.at or now)
        case "canceled" | "deleted":
            if ours.batch is not None:
                batches.merge(store.database, scope_id, [ours.batch], seen=True)
                done_at = (ours.at or now).isoformat()
                column = "cancel_sent_at" if kind == "canceled" else "deleted_at"
                batches.mark(store.database, scope_id, ours.batch.id, **{column: done_at})
        case _:
            _adopt(store, scope_id, ours.batch_ids, ours.run_id, ours.at or now)
    return True


def _journal(store: Store, workspace: Workspace, kind: str, now: datetime, **facts: Any) -> None:
    store.journal.append(kind, now, base_url=workspace.base_url, workspace_id=workspace.workspace_id, **facts)


def _tag(
    store: Store, scope_id: int, batch_ids: Iterable[str], add: Sequence[str], remove: Sequence[str]
) -> None:
    with store.database.change() as connection:
        for batch_id in batch_ids:
            connection.executemany(
                "INSERT OR IGNORE INTO tag VALUES (?, ?, ?)", [(scope_id, batch_id, word) for word in add]
            )
            connection.executemany(
                "DELETE FROM tag WHERE scope_id = ? AND target_id = ? AND tag = ?",
                [(scope_id, batch_id, word) for word in remove],
            )


def _note(store: Store, scope_id: int, target_id: str, text: str | None) -> None:
    with store.database.change() as connection:
        if text:
            connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", (scope_id, target_id, text))
        else:
            connection.execute("DELETE FROM note WHERE scope_id = ? AND target_id = ?", (scope_id, target_id))


def _hide(store: Store, scope_id: int, batch_ids: Iterable[str], hidden: bool, at: datetime) -> None:
    where = [(scope_id, batch_id) for batch_id in batch_ids]
    with store.database.change() as connection:
        if hidden:
            connection.executemany(
                "INSERT OR IGNORE INTO hidden VALUES (?, ?, ?)", [(*pair, at.isoformat()) for pair in where]
            )
        else:
            connection.executemany("DELETE FROM hidden WHERE scope_id = ? AND batch_id = ?", where)


def _adopt(store: Store, scope_id: int, batch_ids: Iterable[str], run_id: str, at: datetime) -> None:
    with store.database.change() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO run (run_id, scope_id, kind, created_at) VALUES (?, ?, 'adopted', ?)",
            (run_id, scope_id, at.isoformat()),
        )
        for batch_id in batch_ids:
            # Kept apart too: a rebuilt store hears of the batch itself only with the next list.
            connection.execute(
                "INSERT OR REPLACE INTO adoption VALUES (?, ?, ?)", (scope_id, batch_id, run_id)
            )
            connection.execute(
                "UPDATE batch SET run_id = ? WHERE scope_id = ? AND batch_id = ? AND run_id IS NULL",
                (run_id, scope_id, batch_id),
            )


def disown(database: Database, scope_id: int, batch_id: str, *, name: str | None) -> None:
    """Untie a batch from the run it was taken for, with the name and cost it got from there.

    The journal has it with the submission, whose they were.
    """
    with database.change() as connection:
        where = (scope_id, batch_id)
        connection.execute(
            "UPDATE batch SET run_id = NULL, model = NULL, source = NULL, provisional = 0"
            " WHERE scope_id = ? AND batch_id = ?",
            where,
        )
        connection.execute(
            "DELETE FROM name WHERE scope_id = ? AND target_id = ? AND name IS ?", (*where, name)
        )
        connection.execute(
            "DELETE FROM cost WHERE scope_id = ? AND target_id = ? AND kind = 'at_most'", where
        )
        # Its tokens say nothing of what batches of that source are like.
        connection.execute(
            "UPDATE usage SET model = NULL, source = NULL WHERE scope_id = ? AND batch_id = ?", where
        )
