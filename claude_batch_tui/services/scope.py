"""Whose answer this is, and how to know that again at the next start."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.api.protocol import BatchesApi, ResponseFacts
from claude_batch_tui.store import scopes
from claude_batch_tui.store.scopes import Scope
from claude_batch_tui.store.store import Store


def scope_of(store: Store, api: BatchesApi, facts: ResponseFacts, hint: str, now: datetime) -> Scope:
    """The scope an answer belongs to: the API's address and the workspace its headers name.

    An answer whose headers name none, as behind some gateways, belongs to the scope last seen from here.
    """
    if facts.workspace_id is None:
        known = scopes.recall(store.database, hint)
        if known is not None and known.base_url == api.base_url:
            return known
    return scopes.remember(
        store.database, api.base_url, facts.workspace_id or "", facts.organization_id, hint, now
    )
