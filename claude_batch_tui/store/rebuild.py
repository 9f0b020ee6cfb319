"""Rebuilding a lost store from the journal: submissions, names and all that is ours. Batches themselves come back from the API's list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission
from claude_batch_tui.store import batches, labels, submissions, workspaces
from claude_batch_tui.store.store import Store


class _Named(msgspec.Struct):
    base_url: str
    workspace_id: str
    target_id: str
    name: str | None = None


def journal_name(
    store: Store, workspace: workspaces.Workspace, target_id: str, name: str | None, now: datetime
) -> None:
    """Name a batch or a run, or take its name away; in the journal first."""
    store.journal.append(
        "name",
        now,
        base_url=workspace.base_url,
        workspace_id=workspace.workspace_id,
        target_id=target_id,
        name=name,
    )
    batches.set_name(store.database, workspace.scope_id, target_id, name)


def rebuild(store: Store, now: datetime) -> int:
    """Take every fact of the journal into a new store; how many there were."""
    taken = 0
    for fact in store.journal.facts():
        try:
            match fact.get("kind"):
                case "submission":
                    submissions.put(store, msgspec.convert(fact.get("submission"), type=Submission))
                case "name":
                    _name(store, fact, now)
                case _:
                    if not labels.replay(store, fact, now):
                        continue
        except msgspec.ValidationError:
            continue
        taken += 1
    return taken


def _name(store: Store, fact: dict[str, Any], now: datetime) -> None:
    named = msgspec.convert(fact, type=_Named)
    workspace = workspaces.remember(store.database, named.base_url, named.workspace_id, None, "", now)
    batches.set_name(store.database, workspace.scope_id, named.target_id, named.name)
