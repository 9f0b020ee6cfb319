"""Retries of the dashboard: planned and priced in a thread of the asker, sent by the submitter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from claude_batch_tui.domain.retrying import RetryRules
from claude_batch_tui.errors import DraftError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.check import CheckReport
from claude_batch_tui.services.submitting.retry import Failed, RetryPlan, plan
from claude_batch_tui.services.submitting.spool import Outgoing
from claude_batch_tui.store import submissions
from claude_batch_tui.store.results_index import ResultsIndex


class Wanted(msgspec.Struct, frozen=True):
    """Entries of one batch that the user wants to try again."""

    batch_id: str
    index: ResultsIndex
    positions: Sequence[int]


def planned(runtime: Runtime, wanted: Sequence[Wanted], rules: RetryRules) -> RetryPlan:
    """What would be sent again; see `services.submitting.retry.plan`. Blocks."""
    store = runtime.store
    failed = [
        Failed(one.batch_id, submissions.of_batch(store, one.batch_id), one.index, one.positions)
        for one in wanted
    ]
    return plan(failed, run_of=lambda run_id: submissions.of_run(store, run_id), rules=rules)


def checked(runtime: Runtime, made: RetryPlan, requests: Path) -> CheckReport:
    """The check that comes before every submission, of a retry's draft. Blocks. Raises DraftError with a problem."""
    report = runtime.checked(requests, made.first.betas)
    if report.draft.has_errors:
        first = next(problem for problem in report.draft.problems if problem.is_error)
        raise DraftError(
            f"{first.message} ({report.draft.errors:,} of {report.draft.requests:,} requests cannot be sent as they were). "
            "Nothing was sent; `cbtui retry ID -o FILE` writes them to a file."
        )
    return report


def priced(outgoing: Outgoing, report: CheckReport) -> Outgoing:
    """What goes out, with what its confirmation says."""
    cost = report.at_most
    return msgspec.structs.replace(
        outgoing,
        model=report.draft.model,
        cost_at_most=None if cost.unpriced else cost.batch,
        prices_as_of=cost.as_of.isoformat(),
    )
