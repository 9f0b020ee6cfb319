"""Before anything is asked or sent: the requests that are meant, checked, and frozen in the spool."""

from __future__ import annotations

import contextlib
from datetime import datetime

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.tracked import Sweep
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.requests.models import Models
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.building.check import PROCESSING, CheckReport, check, report_of
from claude_batch_tui.services.building.requests_files import made_of
from claude_batch_tui.services.submitting.edits import NO_EDITS, read_edits
from claude_batch_tui.services.submitting.order import Pilot, Rest, SendOrder
from claude_batch_tui.services.submitting.pilot import Others, Portion, others, rest, sample
from claude_batch_tui.services.submitting.priming import require_primable
from claude_batch_tui.services.submitting.retry import RetryPlan, draft
from claude_batch_tui.services.submitting.spool import Outgoing, freeze
from claude_batch_tui.services.submitting.steps import Prepared
from claude_batch_tui.store import submissions
from claude_batch_tui.store.store import Store


def prepare(
    order: SendOrder, *, store: Store, config: Config, prices: PriceTable, models: Models, now: datetime
) -> Prepared:
    """Choose, check, price and freeze what is to be sent. Blocks.

    Raises DraftError where something in it cannot be sent, or nothing is left to send; nothing stays in the spool then.
    """
    kind, run_id = _place_in_run(order.part)
    if isinstance(order.part, RetryPlan):
        first = order.part.first
        order = msgspec.structs.replace(
            order, name=order.name or order.part.name, source=first.source, betas=first.betas
        )
    with _portion(order, store) as portion:
        report = order.report if portion.requests == order.requests else None
        if report is None:
            report = report_of(
                check(
                    portion.requests,
                    prices=prices,
                    models=models,
                    betas=order.betas,
                    api_version=config.api_version,
                    deadline=(now + PROCESSING).date(),
                    user_profile_id=config.user_profile_id,
                )
            )
        require_sendable(report, order)
        if order.prime:
            require_primable(report, order.source or order.requests)
        cost = report.at_most
        name = f"{order.name} {kind}" if order.name and kind in ("pilot", "rest") else order.name
        frozen = freeze(
            Outgoing(
                requests=portion.requests,
                rows=portion.rows,
                name=name,
                model=report.draft.model,
                source=order.source,
                cost_at_most=cost.total,
                prices_as_of=cost.as_of.isoformat(),
                betas=order.betas,
                run_id=run_id,
                kind=kind,
                retry_of=order.part.of if isinstance(order.part, RetryPlan) else (),
                sweep=order.sweep if run_id is None else _sweep_of(run_id, store),
                made_of=made_of(portion.rows),
                prime=order.prime,
            ),
            store=store,
            now=now,
        )
    count = sum(one.requests for one in frozen)
    return Prepared(frozen, report, kind, name, count, portion.of or count, portion.changed, portion.left_out)


def require_sendable(report: CheckReport, order: SendOrder) -> None:
    """Raise DraftError with the first problem of a check that found errors, and where all of them are listed."""
    draft = report.draft
    if not draft.has_errors:
        return
    first = next(problem for problem in draft.problems if problem.is_error)
    if isinstance(order.part, RetryPlan):
        raise DraftError(
            f"{first.message} ({draft.errors:,} of {draft.requests:,} requests cannot be sent as they were). "
            "Nothing was sent; `cbtui retry ID -o FILE` writes them to a file."
        )
    file = order.requests
    # The lines of a part are not those of the file.
    place = f"{file}:{first.line}: " if first.line and order.part is None else f"{file}: "
    raise DraftError(f"{place}{first.message}. Nothing was sent; `cbtui check {file}` lists every problem.")


def _place_in_run(part: Pilot | Rest | RetryPlan | Others | None) -> tuple[str, str | None]:
    """What it is in its run, and the run, where that is there already."""
    match part:
        case Pilot():
            return "pilot", None
        case Rest(run_id):
            return "rest", run_id
        case RetryPlan(run_id):
            return "retry", run_id
        case Others(parts):
            return parts[-1].kind, parts[-1].run_id  # the first may be a prime
        case _:
            return "submit", None


def _sweep_of(run_id: str, store: Store) -> Sweep | None:
    """What a run is a variant of."""
    return next((one.sweep for one in submissions.of_run(store, run_id)), None)


def _portion(order: SendOrder, store: Store) -> contextlib.AbstractContextManager[Portion]:
    """The files with the requests that are meant; those of a part are gone after the block."""
    folder, requests, rows = store.locations.spool, order.requests, order.rows
    match order.part:
        case Pilot(count, seed):
            return sample(requests, rows, count=count, seed=seed, folder=folder)
        case Rest(run_id, max_tokens):
            edits = NO_EDITS if max_tokens is None else read_edits([f"max_tokens={max_tokens}"])
            run = submissions.of_run(store, run_id)
            return rest(requests, rows, run=run, folder=folder, edits=edits)
        case RetryPlan() as plan:
            return draft(plan, folder)
        case Others() as chosen:
            return others(chosen, folder=folder)
        case _:
            return contextlib.nullcontext(Portion(requests, rows, 0, 0))
