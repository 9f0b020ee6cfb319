"""From a checked draft to its submission: what would be sent, and the question that is paid."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.tracked import Snapshot
from claude_batch_tui.domain.money.confirmation import over_limits
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.services.building.requests_files import RequestsFiles
from claude_batch_tui.services.spool import Outgoing
from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog, paid_question
from claude_batch_tui.wording import forecast_lines, size


def confirm_lines(
    found: CheckReport, name: str | None, snapshot: Snapshot, in_flight: float = 0.0
) -> list[str]:
    """What is said before a submission is paid."""
    draft = found.draft
    where = " · ".join(
        part for part in (snapshot.workspace_id, snapshot.credential, snapshot.base_url) if part
    )
    return [
        f"name      {name or '(none)'}  (kept here; the API has no names)",
        f"to        {where or 'the API, as soon as it is connected'}",
        f"model     {draft.model or 'several'}",
        f"size      {draft.requests:,} requests, {size(draft.body_bytes)}",
        *forecast_lines(found.forecast, in_flight),
    ]


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
