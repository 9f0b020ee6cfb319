"""Writing down what a download left."""

from __future__ import annotations

from datetime import datetime

from claude_batch_tui.domain.result import Outcome
from claude_batch_tui.domain.spend import Spend
from claude_batch_tui.domain.tracked import ResultsState, TrackedBatch
from claude_batch_tui.services.accounting import flawed
from claude_batch_tui.services.receiving import Downloaded
from claude_batch_tui.services.submitting import reconcile
from claude_batch_tui.store import downloads, spends, submissions, usage
from claude_batch_tui.store.store import Store


def record_download(
    tracked: TrackedBatch,
    finished: Downloaded,
    spend: Spend | None,
    *,
    store: Store,
    scope_id: int,
    now: datetime,
) -> None:
    """Write a finished download down, and settle whether an adopted batch is ours.

    That there are results comes last: what a death of the process leaves without it is done again.
    """
    database, ledger = store.database, finished.ledger
    usage.record_usage(
        database,
        scope_id,
        tracked,
        succeeded=ledger.outcomes.get(Outcome.SUCCEEDED, 0),
        input_tokens=finished.input_tokens,
        output_tokens=finished.output_tokens,
        now=now,
    )
    if spend is not None:
        spends.record(database, scope_id, tracked.id, spend, now)
    ours = submissions.of_batch(store, tracked.id)
    if ours is not None and ledger.missing is not None and ledger.extra is not None:
        reconcile.confirm_adoption(
            ours, missing=ledger.missing, extra=ledger.extra, store=store, scope_id=scope_id, now=now
        )
    record = downloads.ResultsRecord(
        state=ResultsState.PROBLEMS if finished.problems else ResultsState.COMPLETE,
        path=str(finished.path),
        bytes=finished.bytes,
        lines=finished.lines,
        sha256=finished.sha256,
        problems=finished.problems,
        flawed=flawed(finished.classes),
    )
    downloads.record_results(database, scope_id, tracked.id, record, now)
