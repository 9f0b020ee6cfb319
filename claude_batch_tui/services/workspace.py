"""Whose answer this is, and how to know that again at the next start."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.api.protocol import BatchesApi, ResponseFacts
from claude_batch_tui.store import workspaces
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace


def workspace_of(store: Store, api: BatchesApi, facts: ResponseFacts, hint: str, now: datetime) -> Workspace:
    """The workspace an answer belongs to, by the address of the API and the workspace id of its headers.

    An answer whose headers name none, as behind some gateways, belongs to the workspace last seen from here.
    """
    if facts.workspace_id is None:
        known = workspaces.recall(store.database, hint)
        if known is not None and known.base_url == api.base_url:
            return known
    return workspaces.remember(
        store.database, api.base_url, facts.workspace_id or "", facts.organization_id, hint, now
    )
