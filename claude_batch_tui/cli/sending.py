"""Sending one batch: its progress, the search for it where the answer was lost, and how it ended."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.domain.tracked import Submission, SubmissionState

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.submitting.send import Guard

_CODES = {
    SubmissionState.CREATED: ExitCode.GOOD,
    SubmissionState.REFUSED: ExitCode.API,
}


async def send(
    prepared: Submission,
    args: argparse.Namespace,
    context: Context,
    runtime: Runtime,
    guard: Guard = lambda _: None,
) -> Submission:
    """Send, and look where the answer was lost; the submission as it is then."""
    from claude_batch_tui.wording import duration_words, size

    last = prepared
    async for update in runtime.send(prepared, guard):
        last = update.submission
        if update.waiting_until is not None:
            seconds = (update.waiting_until - runtime.now()).total_seconds()
            context.diagnostics.note(f"{update.note} Nothing was created; trying again in {seconds:.0f} s.")
        elif update.sent_bytes:
            context.diagnostics.progress(f"{size(update.sent_bytes)} of {size(last.body_bytes)} sent")
    if last.state is not SubmissionState.UNKNOWN:
        return last
    context.diagnostics.note(
        f"{last.error} The batch may or may not exist. Sending again could pay twice, so it is looked for: "
        f"up to {duration_words(runtime.config.settle)}."
    )
    return await _settle(last, args, context, runtime)


async def _settle(
    submission: Submission, args: argparse.Namespace, context: Context, runtime: Runtime
) -> Submission:
    from claude_batch_tui.services.submitting import reconcile

    async for looked in runtime.settled(submission):
        submission = looked
    if submission.state is SubmissionState.ABSENT and args.resend_if_absent:
        context.diagnostics.note("No batch of this size was created: sending once more.")
        again = reconcile.prepare_again(submission, store=runtime.store, now=runtime.now())
        return await send(
            again, argparse.Namespace(**{**vars(args), "resend_if_absent": False}), context, runtime
        )
    return submission


async def go_on_with(
    earlier: Submission, args: argparse.Namespace, context: Context, runtime: Runtime
) -> int:
    """The same bytes were sent before: say so, or find out what became of them."""
    from claude_batch_tui.services.submitting import reconcile

    sent = f"{earlier.sent_at or earlier.created_at:%Y-%m-%d %H:%M}"
    if earlier.state is SubmissionState.CREATED:
        context.diagnostics.error(
            f"The same requests were sent on {sent} as {earlier.batch_id}. Pass --again to pay for them once more."
        )
        return ExitCode.USAGE
    if earlier.state is SubmissionState.SENDING:
        context.diagnostics.error("The same requests are being sent by another process right now.")
        return ExitCode.STORE
    context.diagnostics.note(
        f"The same requests were sent on {sent} and no answer came: looking for the batch."
    )
    looked = await runtime.look(earlier)
    if looked.state is SubmissionState.UNKNOWN:
        looked = await _settle(looked, args, context, runtime)
    elif looked.state is SubmissionState.ABSENT and args.resend_if_absent:
        again = reconcile.prepare_again(looked, store=runtime.store, now=runtime.now())
        looked = await send(again, args, context, runtime)
    return await report_end(looked, args, context, runtime)


async def report_end(
    submission: Submission, args: argparse.Namespace, context: Context, runtime: Runtime
) -> int:
    """Say how it ended; only a created batch reaches stdout."""
    from claude_batch_tui.cli.commands.list import as_json

    output, diagnostics = context.output, context.diagnostics
    match submission.state:
        case SubmissionState.CREATED:
            batch_id = submission.batch_id or ""
            if args.json:
                tracked = (await runtime.resolve_all(batch_id))[0]
                output.json({**as_json(tracked), "provisional": submission.provisional})
            else:
                output.line(submission.run_id if submission.parts > 1 else batch_id)
            if submission.provisional:
                diagnostics.note(
                    "Found in the list by its time and size; its results will prove that it is this one."
                )
        case SubmissionState.REFUSED:
            diagnostics.error(f"The API refused the batch: {submission.error} Nothing was created.")
        case SubmissionState.CONFLICT:
            diagnostics.error(
                f"Several batches may be this one: {', '.join(submission.candidates)}. "
                "Look at them, and choose in the dashboard (Batches, U)."
            )
        case SubmissionState.ABSENT:
            diagnostics.error(
                "No batch of this size shows in the list. Run the same command with --resend-if-absent to send it."
            )
        case _:
            diagnostics.error(
                f"It is not known whether the batch was created: {submission.error} "
                "Run the same command again to look for it."
            )
    return _CODES.get(submission.state, ExitCode.UNKNOWN_OUTCOME)
