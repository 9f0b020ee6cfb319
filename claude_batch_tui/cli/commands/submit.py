"""`cbtui submit FILE --yes`: send a requests file as one batch. This is paid."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.confirming import confirmed
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.domain.tracked import Submission, SubmissionState

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.prepare import CheckReport
    from claude_batch_tui.services.spool import Outgoing

SUMMARY = "Send a requests file as one batch. This is paid."

_CODES = {
    SubmissionState.CREATED: ExitCode.GOOD,
    SubmissionState.REFUSED: ExitCode.API,
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a requests file, as `cbtui build` makes it")
    parser.add_argument(
        "--yes", action="store_true", help="agree to the count, size and cost without being asked"
    )
    parser.add_argument("--name", metavar="N", help="a name of your own; the API has none")
    parser.add_argument("--rows", metavar="FILE", type=Path, help="the rows file (FILE.rows.jsonl beside it)")
    parser.add_argument(
        "--again", action="store_true", help="send although the same bytes were sent within 30 days"
    )
    parser.add_argument(
        "--resend-if-absent",
        action="store_true",
        help="where an answer was lost and the list shows no batch after 3 minutes, send once more",
    )
    parser.add_argument("--json", action="store_true", help="the batch object as one line")
    parser.epilog = (
        "Exit codes: 0 created, 2 something is wrong with the file, 3 the API refused or is out of reach,\n"
        "75 it is not known whether the batch was created. Running the same command again looks for it\n"
        "and never pays twice."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Submit."""
    return asyncio.run(_submit(args, context))


async def _submit(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services import reconcile
    from claude_batch_tui.services.spool import discard, earlier_with_same_body, freeze
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.store import submissions

    async with open_runtime(context.config) as runtime:
        report = await in_thread(lambda: _check(args.file, runtime))
        outgoing = _outgoing(args, report)
        await runtime.connect()
        reconcile.wake_up(runtime.store, runtime.now())
        prepared = await in_thread(lambda: freeze(outgoing, store=runtime.store, now=runtime.now()))
        earlier = earlier_with_same_body(prepared, store=runtime.store, now=runtime.now())
        if earlier is not None and not args.again:
            discard(prepared)
            return await _go_on_with(earlier, args, context, runtime)
        if not confirmed(_question(report, runtime, prepared), yes=args.yes, context=context):
            discard(prepared)
            return ExitCode.USAGE
        ended = await _send(prepared, args, context, runtime)
        submission = submissions.find(runtime.store, ended.submission_id) or ended
        return await _report(submission, args, context, runtime)


def _check(file: Path, runtime: Runtime) -> CheckReport:
    """The check that comes before every submission. Raises DraftError with the first problems."""
    from claude_batch_tui.errors import DraftError
    from claude_batch_tui.services.prepare import CheckReport, check

    report: CheckReport | None = None
    for update in check(file, prices=runtime.prices()):
        if isinstance(update, CheckReport):
            report = update
    if report is None:
        raise DraftError(f"{file} could not be checked.")
    if report.draft.has_errors:
        first = next(problem for problem in report.draft.problems if problem.is_error)
        place = f"{file}:{first.line}: " if first.line else f"{file}: "
        raise DraftError(
            f"{place}{first.message}. Nothing was sent; `cbtui check {file}` lists every problem."
        )
    return report


def _outgoing(args: argparse.Namespace, report: CheckReport) -> Outgoing:
    from claude_batch_tui.errors import DraftError
    from claude_batch_tui.services.prepare import beside, rows_match
    from claude_batch_tui.services.spool import Outgoing

    rows = args.rows or beside(args.file).rows
    if not rows.exists():
        if args.rows:
            raise DraftError(f"There is no rows file {args.rows}.")
        rows = None
    elif not rows_match(args.file, rows):
        raise DraftError(
            f"{rows} does not belong to {args.file}: its custom_ids are others. Build both again, or move it away."
        )
    return Outgoing(
        requests=args.file,
        rows=rows,
        name=args.name,
        model=report.draft.model,
        source=str(args.file),
        cost_at_most=None if report.at_most.unpriced else report.at_most.batch,
        prices_as_of=report.at_most.as_of.isoformat(),
    )


def _question(report: CheckReport, runtime: Runtime, prepared: Submission) -> str:
    from claude_batch_tui.wording import cost_words, size

    cost = cost_words(report.at_most)
    return (
        f"Submit {prepared.requests:,} requests, {size(prepared.body_bytes)}, for {cost}, "
        f"with {runtime.api.credential} at {runtime.api.base_url}? This is paid."
    )


async def _send(
    prepared: Submission, args: argparse.Namespace, context: Context, runtime: Runtime
) -> Submission:
    """Send, and look where the answer was lost; the submission as it is then."""
    from claude_batch_tui.wording import duration_words, size

    last = prepared
    async for update in runtime.send(prepared):
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
    from claude_batch_tui.services import reconcile

    async for looked in runtime.settled(submission):
        submission = looked
    if submission.state is SubmissionState.ABSENT and args.resend_if_absent:
        context.diagnostics.note("No batch of this size was created: sending once more.")
        again = reconcile.prepare_again(submission, store=runtime.store, now=runtime.now())
        return await _send(
            again, argparse.Namespace(**{**vars(args), "resend_if_absent": False}), context, runtime
        )
    return submission


async def _go_on_with(
    earlier: Submission, args: argparse.Namespace, context: Context, runtime: Runtime
) -> int:
    """The same bytes were sent before: say so, or find out what became of them."""
    from claude_batch_tui.services import reconcile

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
        looked = await _send(again, args, context, runtime)
    return await _report(looked, args, context, runtime)


async def _report(
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
                output.line(batch_id)
            if submission.provisional:
                diagnostics.note(
                    "Found in the list by its time and size; its results will prove that it is this one."
                )
        case SubmissionState.REFUSED:
            diagnostics.error(f"The API refused the batch: {submission.error} Nothing was created.")
        case SubmissionState.CONFLICT:
            diagnostics.error(
                f"Several batches may be this one: {', '.join(submission.candidates)}. "
                "Look at them, and choose in the dashboard (Batches, u)."
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
