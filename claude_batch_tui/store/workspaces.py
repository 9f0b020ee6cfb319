"""Whose batches are whose: rows are keyed by the API's address and the workspace its answers name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.credentials import unmounted
from claude_batch_tui.store.database import Database


class Workspace(msgspec.Struct, frozen=True):
    """One workspace at one address."""

    scope_id: int
    base_url: str
    workspace_id: str
    organization_id: str | None


def hint_of(config: Config, environ: Mapping[str, str], api_key: str | None = None) -> str:
    """What tells a user's workspace before the first answer: address, profile, end of the key. Not a secret."""
    own = environ.get(config.api_key_env) if config.api_key_env else None
    key = api_key or own or environ.get("ANTHROPIC_API_KEY") or environ.get("ANTHROPIC_AUTH_TOKEN") or ""
    address = unmounted(config.base_url or environ.get("ANTHROPIC_BASE_URL") or "")
    profile = config.profile or environ.get("ANTHROPIC_PROFILE") or ""
    return "|".join((address, profile, config.workspace or "", unmounted(key)[-4:]))


def remember(
    database: Database,
    base_url: str,
    workspace_id: str,
    organization_id: str | None,
    hint: str,
    now: datetime,
) -> Workspace:
    """The workspace of an answer, made where it is new. `hint` finds it again before the first answer of a next start.

    An empty hint, of a fact and not of an answer, leaves the one that is known.
    """
    with database.change() as connection:
        connection.execute(
            "INSERT INTO scope (base_url, workspace_id, organization_id, hint, used_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (base_url, workspace_id) DO UPDATE SET hint = coalesce(nullif(excluded.hint, ''), hint), used_at = excluded.used_at,"
            " organization_id = coalesce(excluded.organization_id, organization_id)",
            (base_url, workspace_id, organization_id, hint, now.isoformat()),
        )
        if hint:
            connection.execute(
                "INSERT OR REPLACE INTO hint SELECT ?, scope_id, ? FROM scope WHERE base_url = ? AND workspace_id = ?",
                (hint, now.isoformat(), base_url, workspace_id),
            )
        row = connection.execute(
            "SELECT scope_id, organization_id FROM scope WHERE base_url = ? AND workspace_id = ?",
            (base_url, workspace_id),
        ).fetchone()
    return Workspace(row["scope_id"], base_url, workspace_id, row["organization_id"])


def are_any(database: Database) -> bool:
    """Whether any workspace is known here."""
    return database.row("SELECT 1 FROM scope LIMIT 1") is not None


def recall(database: Database, hint: str) -> Workspace | None:
    """The workspace last seen with this hint, or None."""
    row = database.row(
        "SELECT scope_id, base_url, workspace_id, organization_id FROM hint JOIN scope USING (scope_id)"
        " WHERE hint.hint = ?",
        (hint,),
    )
    return Workspace(*row) if row else None
