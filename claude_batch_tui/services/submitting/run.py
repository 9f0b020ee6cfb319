"""Submitting, from what the user wants sent to the last batch of it: the one way every face takes.

freeze → repeats → overlap → limits and price → confirm → send each, as there is room → look for what was lost → clean up

A whole file, a pilot, the rest after it and a retry all go this way, in as many batches as the limits ask for. Each
step is yielded as it is taken. Leaving the loop stops what is not sent yet, and nothing of that stays in the spool.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.config import Config, require_writable
from claude_batch_tui.domain.batches.tracked import Overlap, Submission, SubmissionState
from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.money.spend import over_limits
from claude_batch_tui.errors import (
    CbtuiError,
    DraftError,
    NotFoundError,
    RateLimitedError,
    ResultsUnavailableError,
    UnavailableError,
)
from claude_batch_tui.services.building.models import known_models, read_prices
from claude_batch_tui.services.submitting.adoption import settle_found
from claude_batch_tui.services.submitting.limit import require_within_limit
from claude_batch_tui.services.submitting.order import Confirm, Decision, Question, Rest, SendCold, SendOrder
from claude_batch_tui.services.submitting.pilot import Others, require_settled
from claude_batch_tui.services.submitting.prepare import prepare
from claude_batch_tui.services.submitting.price import cost_in_flight, count_and_price
from claude_batch_tui.services.submitting.priming import LOOK_EVERY, until_primed
from claude_batch_tui.services.submitting.reconcile import (
    decide,
    prepare_again,
    recover_interrupted,
    require_here,
    resolve_unknown,
)
from claude_batch_tui.services.submitting.repeats import (
    SAME_BODY_WINDOW,
    Repeats,
    none_sent_meanwhile,
    not_sent_meanwhile,
    overlap,
    repeats,
)
from claude_batch_tui.services.submitting.retry import RetryPlan, still_to_send
from claude_batch_tui.services.submitting.send import Guard, send
from claude_batch_tui.services.submitting.spool import discard, iter_sent, sent_ids
from claude_batch_tui.services.submitting.steps import (
    Answered,
    Declined,
    Ended,
    LeftCold,
    Looked,
    Looking,
    NoRoom,
    Overlaps,
    PartlySent,
    Prepared,
    Primed,
    Priming,
    Queued,
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


async def _leave_cold(_: Primed) -> bool:
    return False


async def submit(
    order: SendOrder,
    *,
    confirm: Confirm,
    send_cold: SendCold = _leave_cold,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    config: Config,
    workspace: Workspace | None,
    hint: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    random: Callable[[], float],
) -> AsyncGenerator[Step, None]:
    """Send what is ordered, after `confirm` has said yes to it, and find out what became of it. `send_cold` decides about
    the others of a prime that did not warm the cache. `workspace` is the one that the API answered from last, None before
    its first answer.

    Raises DraftError where it cannot be sent or somebody else has sent it meanwhile, ConfigError where all is read-only,
    ApiError where the API is out of reach, and StoreError where nothing can be written down.
    """
    require_writable(config)
    send_batch = partial(
        send_one,
        resend=order.resend_if_absent,
        connect=connect,
        store=store,
        hint=hint,
        config=config,
        now=now,
        sleep=sleep,
        random=random,
    )
    lost_history.require_known(store, now(), again=order.again)
    recover_interrupted(store, now())
    if isinstance(order.part, RetryPlan):
        _require_workspace_of(order.part, workspace)
    prices, models = read_prices(config), known_models(config.data_dir, hint, now())
    freeze = partial(prepare, store=store, config=config, prices=prices, models=models, now=now())
    prepared = await in_thread(lambda: freeze(order))
    frozen, handed_over, looked_for = [*prepared.submissions], set[str](), set[str]()
    choose = partial(
        _not_sent_before,
        order,
        prepared,
        frozen,
        freeze,
        looked_for=looked_for,
        store=store,
        workspace=workspace,
    )
    try:
        yield prepared
        while True:
            chosen = await in_thread(lambda: choose(now=now()))
            for said in chosen.said:
                yield said
            _require_decidable(order, chosen.to_look_for)
            if (earlier := chosen.to_look_for) is None:
                break
            async with aclosing(send_batch(earlier, decision=order.decision, of=1 + chosen.others)) as steps:
                async for step in steps:
                    yield step
            if (
                not isinstance(step, Ended)
                or not step.is_created
                or step.is_last
                or order.decision is not None
            ):
                return  # a decision pays for nothing; else the others of its run are still to be sent, or looked for
            looked_for.add(earlier.submission_id)
        prepared, missing = chosen.prepared, chosen.missing
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
            left_out=chosen.left_out,
            now=now(),
        )
        if not await confirm(question):
            yield Declined()
            return
        guard = _guard(order, prepared, chosen, store=store, workspace=workspace, now=now)
        sending = _one_after_the_other(
            missing,
            next((one for one in chosen.known if one.kind == "prime"), None),
            send_batch=partial(send_batch, guard=guard),
            primed=partial(
                until_primed,
                connect=connect,
                store=store,
                hint=hint,
                now=now,
                sleep=sleep,
                every=config.poll_interval or LOOK_EVERY,
            ),
            send_cold=send_cold,
            handed_over=handed_over,
        )
        async with aclosing(sending) as sent:
            async for taken in sent:
                yield taken
    finally:
        discard(*(one for one in frozen if one.submission_id not in handed_over))


async def _one_after_the_other(
    missing: tuple[Submission, ...],
    prime: Submission | None,
    *,
    send_batch: Callable[..., AsyncGenerator[Step, None]],
    primed: Callable[[Submission], AsyncGenerator[Priming | Primed, None]],
    send_cold: SendCold,
    handed_over: set[str],
) -> AsyncGenerator[Step, None]:
    """Send each batch once the one before was created, after a `prime` once that has ended. `handed_over` takes the ids of
    those that were begun: `send_batch` removes their spooled files where nothing comes of them.
    """
    for number, part in enumerate(missing, 1):
        waiting = sum(one.requests for one in missing[number - 1 :])
        if prime is not None:
            async with aclosing(primed(prime)) as looks:
                async for look in looks:
                    yield look
            if isinstance(look, Primed) and not look.is_warm and not await send_cold(look):
                yield LeftCold(prime, waiting)
                return
        handed_over.add(part.submission_id)
        async with aclosing(send_batch(part, number=number, of=len(missing))) as steps:
            async for step in steps:
                if isinstance(step, NoRoom):
                    step = msgspec.structs.replace(step, batches=len(missing) - number + 1, requests=waiting)  # noqa: PLW2901
                yield step
        if not isinstance(step, Ended) or not step.is_created:
            return
        prime = step.submission if part.kind == "prime" else None


async def send_one(
    submission: Submission,
    *,
    resend: bool,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    hint: str,
    config: Config,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    random: Callable[[], float],
    guard: Guard = lambda _: None,
    decision: Decision | None = None,
    number: int = 1,
    of: int = 1,
) -> AsyncGenerator[Queued | NoRoom | Sending | Waiting | Looking | Looked | SendingAgain | Ended, None]:
    """Send a prepared submission, and look for its batch where the answer was lost; one that was sent before is looked
    for at once, after what the user has decided about it. With `resend` it is sent once more where the list does not
    show it. The last step says how it ended.

    It is batch `number` of the `of` that are sent together. What `spend_limit` does not allow is not sent: somebody else
    may have spent since the question, and what was lost may be sent much later. Raises what `send`, `decide` and `resolve_unknown` raise.
    """
    if decision is not None:
        submission = await decide(
            submission,
            is_its=decision.is_its,
            batch_id=decision.batch_id,
            api=await connect(),
            store=store,
            hint=hint,
            now=now(),
        )
    elif submission.is_adopted or submission.state is SubmissionState.CONFLICT:
        api = await connect()
        with contextlib.suppress(NotFoundError, ResultsUnavailableError, RateLimitedError, UnavailableError):
            submission = await settle_found(submission, api=api, store=store, hint=hint, now=now())
        yield Looked(submission)
    while submission.state is not SubmissionState.CREATED:
        if submission.state is SubmissionState.PREPARED:
            sent = send(
                submission,
                connect=connect,
                store=store,
                hint=hint,
                now=now,
                sleep=sleep,
                random=random,
                guard=_within_limit(guard, store=store, config=config, now=now),
                in_flight=config.in_flight,
                look_every=config.poll_interval,
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
            submission, connect=connect, store=store, hint=hint, now=now, sleep=sleep, settle=config.settle
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


def _within_limit(guard: Guard, *, store: Store, config: Config, now: Callable[[], datetime]) -> Guard:
    """The guard, and the limit of the user after it."""

    def guarded(submission: Submission) -> None:
        guard(submission)
        require_within_limit(submission.cost_at_most, store=store, config=config, now=now())

    return guarded


def _require_decidable(order: SendOrder, earlier: Submission | None) -> None:
    """Raise DraftError where the user decides about the batch of an `earlier` submission, and none is looked for."""
    if order.decision is not None and earlier is None:
        raise DraftError(
            "No batch is looked for that these requests were sent as, so there is nothing to decide. Nothing was sent."
        )


def _require_workspace_of(plan: RetryPlan, workspace: Workspace | None) -> None:
    """Raise DraftError where it is not certain that a retry goes where its batches were sent."""
    if workspace is None:
        raise DraftError("The API has not answered yet, so it is not known which workspace this key is of.")
    require_here(plan.first, workspace)


def _guard(
    order: SendOrder,
    prepared: Prepared,
    chosen: _Chosen,
    *,
    store: Store,
    workspace: Workspace | None,
    now: Callable[[], datetime],
) -> Guard:
    """What is looked at right before each batch is sent: somebody else may have sent it, or some of it, since it was
    `chosen`.
    """
    own = frozenset(one.submission_id for one in prepared.submissions)
    ours = own.union(one.submission_id for one in chosen.known)

    def guard(submission: Submission) -> None:
        if not order.again:
            not_sent_meanwhile(submission, own, store=store, now=now())
            none_sent_meanwhile(
                submission, chosen.looked_at | own, store=store, workspace=workspace, now=now()
            )
        if isinstance(order.part, RetryPlan):
            still_to_send(order.part, submissions.of_run(store, order.part.run_id), ours)

    return guard


def _sent_until_now(store: Store, now: datetime) -> frozenset[str]:
    """The submissions that what is to be sent is compared with."""
    return frozenset(one.submission_id for one in submissions.sent_since(store, now - SAME_BODY_WINDOW, None))


class _Chosen(msgspec.Struct, frozen=True):
    """What of all that was prepared is still to be sent, and what is said where it is not all."""

    prepared: Prepared
    missing: tuple[Submission, ...]
    said: tuple[Step, ...] = ()
    to_look_for: Submission | None = None
    others: int = 0
    """Of the same run: what is still to be sent, or to be looked for, once that is found."""
    left_out: Overlap | None = None
    looked_at: frozenset[str] = frozenset()
    """The submissions that all of it was compared with."""
    known: tuple[Submission, ...] = ()
    """Those of the same run that were sent before, by the same command."""


def _not_sent_before(
    order: SendOrder,
    prepared: Prepared,
    frozen: list[Submission],
    freeze: Callable[[SendOrder], Prepared],
    *,
    looked_for: Collection[str],
    store: Store,
    workspace: Workspace | None,
    now: datetime,
) -> _Chosen:
    """Leave out what was sent before, or stop. Blocks. What is frozen anew for that is added to `frozen`; what was
    `looked_for` and is there, proven or not, was sent before like any other.

    Raises DraftError where it is not certain what was sent, or nothing is left.
    """
    run = submissions.of_run(store, order.part.run_id) if isinstance(order.part, Rest) else ()
    looked_at = _sent_until_now(store, now)
    before = repeats(prepared.submissions, store=store, now=now)
    lost = _lost(before, looked_for)
    if lost or order.again or (before.known and not before.missing):
        require_settled(run, before.known)
        if lost:
            return _to_look_for(
                prepared, lost, others=0 if order.again else len(before.missing) + len(lost) - 1
            )
        if order.again:
            return _Chosen(prepared, prepared.submissions)
        return _Chosen(prepared, (), (SentBefore(before.known[0]),))
    said, left_out = list[Step](), prepared.left_out
    if before.known:
        said.append(PartlySent(len(before.known), len(prepared.submissions), before.known[0].run_id))
        left_out = left_out.union(*(sent_ids(one) or () for one in before.known))
    compare = partial(overlap, store=store, workspace=workspace, now=now)
    found = compare(before.missing, left_out=left_out)
    if found is None:
        require_settled(run, before.known)
        return _Chosen(prepared, before.missing, tuple(said), looked_at=looked_at, known=before.known)
    said.append(Overlaps(found.overlap, is_left_out=order.new_only))
    if not order.new_only:
        return _Chosen(prepared, (), tuple(said))
    _require_others(found.overlap)
    others = Others(before.missing, found.offsets, prepared.of, prepared.changed)
    narrowed = freeze(msgspec.structs.replace(order, part=others, report=None))
    frozen += narrowed.submissions
    known, missing = before.known, narrowed.submissions
    if found.overlap.unknown:
        # What is left of it may be what the same command has sent then.
        before = repeats(narrowed.submissions, store=store, now=now)
        require_settled(run, before.known)
        if lost := _lost(before, looked_for):
            return _to_look_for(narrowed, lost, others=len(before.missing) + len(lost) - 1)
        left_out = left_out.union(*(sent_ids(one) or () for one in before.known))
        if not before.known or compare(before.missing, left_out=left_out) is not None:
            raise DraftError(
                f"It is not known yet whether {found.overlap.unknown:,} of these requests were sent. Settle that first: open "
                "submissions in the dashboard (Batches, U), or the command that sent them once more."
            )
        known, missing = before.known, before.missing
    require_settled(run, known)
    return _Chosen(
        narrowed,
        missing,
        (*said, narrowed),
        left_out=found.overlap,
        looked_at=looked_at,
        known=known,
    )


def _lost(before: Repeats, looked_for: Collection[str]) -> list[Submission]:
    """What was sent before and is not known to be there; it is not asked for twice."""
    return [one for one in before.known if not one.is_certain and one.submission_id not in looked_for]


def _to_look_for(prepared: Prepared, lost: Sequence[Submission], *, others: int) -> _Chosen:
    """Nothing is sent now: the first that was lost is looked for, and `others` come after it."""
    sent = SentBefore(lost[0])
    return _Chosen(prepared, (), (sent,), lost[0] if sent.is_open else None, others=others)


def _require_others(found: Overlap) -> None:
    """Raise DraftError where nothing is left to send."""
    if not found.others and not found.unknown:
        newest = max(found.runs, key=lambda one: one.sent_at)
        raise DraftError(
            f"All {found.of:,} requests were sent before, last as {newest.title}: nothing is left to send."
        )


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
    left_out: Overlap | None,
    now: datetime,
) -> Question:
    """What the user is asked, with all that is known of the cost by then.

    Raises DraftError where `spend_limit` does not allow it.
    """
    each = [one.cost_at_most for one in missing]
    at_most = None if None in each else sum(filter(None, each))
    require_within_limit(at_most, store=store, config=config, now=now)
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
    why_typed = over_limits(report.at_most, in_flight, config)
    return Question(prepared, missing, report, in_flight, why_typed, left_out)
