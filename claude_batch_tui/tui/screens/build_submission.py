"""From a checked draft to its submission: what would be sent, and the question that is paid."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from claude_batch_tui.config import Config
from claude_batch_tui.domain.consent import over_limits
from claude_batch_tui.domain.tracked import Snapshot
from claude_batch_tui.services.check import CheckReport
from claude_batch_tui.services.requests_files import RequestsFiles
from claude_batch_tui.services.submitting.spool import Outgoing
from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog, paid_question
from claude_batch_tui.tui.screens.build_words import confirm_lines


def outgoing_of(
    files: RequestsFiles,
    found: CheckReport,
    *,
    source: str,
    name: str | None,
    betas: tuple[str, ...],
    pilot: int | None,
    pilot_run: str | None,
    now: datetime,
) -> Outgoing:
    """What would be sent: a random sample of `pilot` requests, or all that the run of an earlier pilot has not sent."""
    cost = found.at_most
    return Outgoing(
        requests=files.requests,
        rows=files.rows,
        name=name or f"{Path(source).stem}-{now.astimezone():%Y-%m-%d}",
        model=found.draft.model,
        source=source,
        cost_at_most=None if cost.unpriced else cost.batch,
        prices_as_of=cost.as_of.isoformat(),
        betas=betas,
        pilot=pilot,
        rest_of=None if pilot is not None else pilot_run,
    )


def submit_question(
    found: CheckReport, outgoing: Outgoing, *, in_flight: float, snapshot: Snapshot, config: Config
) -> ConfirmDialog:
    """All that is known of the submission and its cost; above a limit the count has to be typed."""
    total = found.draft.requests
    count = total if outgoing.pilot is None else outgoing.pilot
    share = count / max(total, 1)
    body = confirm_lines(found, outgoing.name, snapshot, in_flight)
    if outgoing.pilot is not None:
        body.append(f"pilot     {count:,} of {total:,} requests, at about {share:.1%} of the cost")
    elif outgoing.rest_of is not None:
        body.append("pilot     what the pilot sent is left out, and not paid twice")
    why = over_limits(found.at_most, in_flight, config, share=share)
    return paid_question(f"Submit {count:,} requests?", body, count=count, why=why, yes="Submit")
