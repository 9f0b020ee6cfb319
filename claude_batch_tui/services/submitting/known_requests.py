"""The requests of a batch that another program made, as its user says they were sent: checked, and kept as ours are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState, TrackedBatch
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.building.requests_files import beside, ids_of_requests, rows_match
from claude_batch_tui.services.submitting.spool import Outgoing, discard, freeze
from claude_batch_tui.store import submissions
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace


def require_sent(tracked: TrackedBatch, requests: Path, answered: Collection[str]) -> None:
    """Raise DraftError unless a file may hold what a batch was sent: as many requests, and those of every result.

    `answered` are the custom_ids that came back. Raises SourceError where the file is no requests file.
    """
    count, total = require_requests_of(tracked.title, requests, answered), tracked.batch.request_counts.total
    if count != total:
        raise DraftError(
            f"{requests} is not what {tracked.title} was sent: it has {count:,} requests, the batch {total:,}. Nothing was "
            "written down."
        )


def require_requests_of(title: str, requests: Path, answered: Collection[str]) -> int:
    """Raise DraftError unless a file has the requests of every result; how many it has.

    `answered` are the custom_ids that came back. Raises SourceError where the file is no requests file.
    """
    sent = frozenset(ids_of_requests(requests))
    unknown = [custom_id for custom_id in answered if custom_id and custom_id not in sent]
    if unknown:
        raise DraftError(
            f"{requests} is not what {title} was sent: {len(unknown):,} of its {len(answered):,} results are of other "
            f"requests, {unknown[0]} for instance. Nothing was written down."
        )
    return len(sent)


def remember_sent(
    tracked: TrackedBatch, requests: Path, run_id: str, *, store: Store, workspace: Workspace, now: datetime
) -> Submission:
    """Keep what a batch of a run was sent, with the rows file beside it where that belongs to it: the spool has it then
    as if it had been sent from here, and so have retry, ledger, join and inspector. Blocks.
    """
    rows = beside(requests).rows
    outgoing = Outgoing(
        requests=requests,
        rows=rows if rows.exists() and rows_match(requests, rows) else None,
        name=tracked.name,
        model=tracked.model,
        source=str(requests),
        run_id=run_id,
    )
    frozen = freeze(outgoing, store=store, now=tracked.batch.created_at)
    if len(frozen) != 1:
        discard(*frozen)
        raise DraftError(f"{requests} is more than one batch takes: it is not what {tracked.title} was sent.")
    created = msgspec.structs.replace(
        frozen[0],
        state=SubmissionState.CREATED,
        batch_id=tracked.id,
        sent_at=tracked.batch.created_at,
        settled_at=now,
        base_url=workspace.base_url,
        workspace_id=workspace.workspace_id,
    )
    try:
        submissions.insert(store, created)
    except BaseException:
        discard(created)
        raise
    return created
