"""Filling a new store from the journal: submissions with their runs, names and costs, and all that is ours.

Batches themselves come back from the API's list, results from their files.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission
from claude_batch_tui.store import batches, labels, lost_history, submissions, workspaces
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


def complete(store: Store, now: datetime) -> None:
    """Rebuild a store that is behind its journal. Raises StoreError where the journal cannot be read."""
    if not submissions.are_behind_journal(store):
        return
    with store.database.change():
        # Asked again: another process may have done it while this one waited for the store.
        if submissions.are_behind_journal(store):
            if store.is_new:
                lost_history.note(store, now)
            rebuild(store, now)


def rebuild(store: Store, now: datetime) -> int:
    """Take every fact of the journal into the store; how many there were.

    One transaction, with the mark of a whole store at its end. A submission that the store knows is taken up where
    the journal goes on from there: the store may be newer than a journal that was brought back.
    """
    sent: dict[str, Submission] = {}
    others: list[dict[str, Any]] = []
    taken = 0
    known = {one.submission_id: one for one in submissions.every(store)}
    for fact in store.journal.facts():
        if fact.get("kind") != "submission":
            others.append(fact)
            continue
        try:
            submission = msgspec.convert(fact.get("submission"), type=Submission)
        except msgspec.ValidationError:
            continue
        taken += 1
        stored = known.get(submission.submission_id)
        if stored is None:
            sent[submission.submission_id] = submission
        elif stored == submission:
            del known[submission.submission_id]
    with store.database.change():
        for submission in sent.values():
            _submission(store, submission, now)
        for fact in others:
            try:
                taken += _name(store, fact, now) or labels.replay(store, fact, now)
            except msgspec.ValidationError:
                continue
        store.database.mark()
    return taken


def _submission(store: Store, submission: Submission, now: datetime) -> None:
    submissions.put(store, submission)
    if submission.base_url is not None and submission.workspace_id is not None:
        where = submission.base_url, submission.workspace_id
        workspace = workspaces.remember(store.database, *where, None, "", now)
        batches.link_to_run(store.database, workspace.scope_id, submission)


def _name(store: Store, fact: dict[str, Any], now: datetime) -> bool:
    if fact.get("kind") != "name":
        return False
    named = msgspec.convert(fact, type=_Named)
    workspace = workspaces.remember(store.database, named.base_url, named.workspace_id, None, "", now)
    batches.set_name(store.database, workspace.scope_id, named.target_id, named.name)
    return True
