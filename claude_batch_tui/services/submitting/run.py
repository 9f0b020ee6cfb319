"""Submitting, from what the user wants sent to the last batch of it: the one way every face takes.

freeze → repeats → overlap → limits and price → confirm → send each → look for what was lost → clean up

A whole file, a pilot, the rest after it and a retry all go this way, in as many batches as the limits ask for. Each
step is yielded as it is taken. Leaving the loop stops what is not sent yet, and nothing of that stays in the spool.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.money.spend import over_limits
from claude_batch_tui.errors import CbtuiError, DraftError
from claude_batch_tui.services.building.models import known_models, read_prices
from claude_batch_tui.services.submitting.order import Confirm, Question, SendOrder
from claude_batch_tui.services.submitting.prepare import prepare
from claude_batch_tui.services.submitting.price import cost_in_flight, count_and_price
from claude_batch_tui.services.submitting.reconcile import (
    prepare_again,
    recover_interrupted,
    require_here,
    resolve_unknown,
)
from claude_batch_tui.services.submitting.repeats import not_sent_meanwhile, overlap, repeats
from claude_batch_tui.services.submitting.retry import RetryPlan, still_to_send
from claude_batch_tui.services.submitting.send import Guard, send
from claude_batch_tui.services.submitting.spool import discard, iter_sent
from claude_batch_tui.services.submitting.steps import (
    Answered,
    Declined,
    Ended,
    Looked,
    Looking,
    Overlaps,
    PartlySent,
    Prepared,
    Sending,
    SendingAgain,
    SentBefore,
    Step,
    Waiting,
)
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.store import lost_history, submissions
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

_COUNTED_WITHIN = 30.0
"""Seconds the API has to count the input."""


async def submit(
    order: SendOrder,
    *,
    confirm: Confirm,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    config: Config,
    workspace: Workspace | None,
    hint: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    random: Callable[[], float],
) -> AsyncGenerator[Step, None]:
    """Send what is ordered, after `confirm` has said yes to it, and find out what became of it. `workspace` is the one
    that the API answered from last, None before its first answer.

    Raises DraftError where it cannot be sent or somebody else has sent it meanwhile, ApiError where the API is out of
    reach, and StoreError where nothing can be written down.
    """
    see_to = partial(
        send_one,
        resend=order.resend_if_absent,
        connect=connect,
        store=store,
        hint=hint,
        settle=config.settle,
        now=now,
        sleep=sleep,
        random=random,
    )
    lost_history.require_known(store, now(), again=order.again)
    recover_interrupted(store, now())
    if isinstance(order.part, RetryPlan):
        _require_workspace_of(order.part, workspace)
    prices, models = read_prices(config), known_models(config.data_dir, hint, now())
    prepared = await in_thread(
        lambda: prepare(order, store=store, config=config, prices=prices, models=models, now=now())
    )
    handed_over: set[str] = set()
    try:
        yield prepared
        missing, found = await in_thread(lambda: _not_sent_before(order, prepared, store=store, now=now()))
        if found is not None:
            yield found
        if isinstance(found, SentBefore) and found.is_open:
            discard(*prepared.submissions)
            async with aclosing(see_to(found.earlier)) as steps:
                async for step in steps:
                    yield step
        if not missing:
            return
        question = await _question(
            order,
            prepared,
            missing,
            connect=connect,
            store=store,
            config=config,
            prices=prices,
            workspace=workspace,
        )
        if not await confirm(question):
            yield Declined()
            return
        guard = _guard(order, prepared, store=store, now=now)
        for number, part in enumerate(missing, 1):
            handed_over.add(part.submission_id)
            async with aclosing(see_to(part, guard=guard, number=number, of=len(missing))) as steps:
                async for step in steps:
                    yield step
            if step.submission.state is not SubmissionState.CREATED:
                return
    finally:
        discard(*(one for one in prepared.submissions if one.submission_id not in handed_over))


async def send_one(
    submission: Submission,
    *,
    resend: bool,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    hint: str,
    settle: float,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    random: Callable[[], float],
    guard: Guard = lambda _: None,
    number: int = 1,
    of: int = 1,
) -> AsyncGenerator[Sending | Waiting | Looking | Looked | SendingAgain | Ended, None]:
    """Send a prepared submission, and look for its batch where the answer was lost; one that was sent before is looked
    for at once. With `resend` it is sent once more where the list does not show it. The last step says how it ended.

    It is batch `number` of the `of` that are sent together. Raises what `send` and `resolve_unknown` raise.
    """
    while True:
        if submission.state is SubmissionState.PREPARED:
            sent = send(
                submission,
                connect=connect,
                store=store,
                hint=hint,
                now=now,
                sleep=sleep,
                random=random,
                guard=guard,
            )
            async with aclosing(sent) as steps:
                async for step in steps:
                    submission = step.submission
                    if not isinstance(step, Answered):
                        yield step
            if submission.state is not SubmissionState.UNKNOWN:
                break
            yield Looking(submission)
        looks = resolve_unknown(
            submission, connect=connect, store=store, hint=hint, now=now, sleep=sleep, settle=settle
        )
        async with aclosing(looks):
            async for looked in looks:
                submission = looked
                yield Looked(submission)
        if submission.state is not SubmissionState.ABSENT or not resend:
            break
        yield SendingAgain(submission)
        submission, resend = prepare_again(submission, store=store, now=now()), False
    yield Ended(submission, number, of)


def _require_workspace_of(plan: RetryPlan, workspace: Workspace | None) -> None:
    """Raise DraftError where it is not certain that a retry goes where its batches were sent."""
    if workspace is None:
        raise DraftError("The API has not answered yet, so it is not known which workspace this key is of.")
    require_here(plan.first, workspace)


def _guard(order: SendOrder, prepared: Prepared, *, store: Store, now: Callable[[], datetime]) -> Guard:
    """What is looked at right before each batch is sent: somebody else may have sent it meanwhile."""
    own = frozenset(one.submission_id for one in prepared.submissions)

    def guard(submission: Submission) -> None:
        if not order.again:
            not_sent_meanwhile(submission, own, store=store, now=now())
        if isinstance(order.part, RetryPlan):
            still_to_send(order.part, submissions.of_run(store, order.part.run_id), own)

    return guard


def _not_sent_before(
    order: SendOrder, prepared: Prepared, *, store: Store, now: datetime
) -> tuple[tuple[Submission, ...], SentBefore | PartlySent | Overlaps | None]:
    """The batches that are still to be sent, and what is to be said where it is not all of them. Blocks."""
    if order.again:
        return prepared.submissions, None
    before = repeats(prepared.submissions, store=store, now=now)
    if before.known and (before.open is not None or not before.missing):
        return (), SentBefore(before.open or before.known[0])
    if before.known:
        known, first = len(before.known), before.known[0]
        return before.missing, PartlySent(known, len(prepared.submissions), first.run_id)
    if (partly := overlap(prepared.submissions[0], store=store, now=now)) is not None:
        return (), partly
    return prepared.submissions, None


async def _question(
    order: SendOrder,
    prepared: Prepared,
    missing: tuple[Submission, ...],
    *,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    config: Config,
    prices: PriceTable,
    workspace: Workspace | None,
) -> Question:
    """What the user is asked, with all that is known of the cost by then."""
    report = prepared.report
    if order.counts_input and report.forecast.counted is None:
        bodies = [Path(one.body_path) for one in prepared.submissions]
        # Without the API's count the cost is known more roughly.
        with contextlib.suppress(CbtuiError, TimeoutError):
            async with asyncio.timeout(_COUNTED_WITHIN):
                report = await count_and_price(
                    report,
                    lambda: chain.from_iterable(map(iter_sent, bodies)),
                    connect=connect,
                    store=store,
                    workspace=workspace,
                    prices=prices,
                    source=prepared.submissions[0].source,
                )
    in_flight = cost_in_flight(store, workspace)
    return Question(prepared, missing, report, in_flight, over_limits(report.at_most, in_flight, config))
