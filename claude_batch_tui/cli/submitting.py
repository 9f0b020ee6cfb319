"""Submitting from the command line: the check before, the question that is paid, and one batch after the other."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.confirming import confirmed, confirmed_count
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.sending import go_on_with, report_end, send
from claude_batch_tui.domain.tracked import Submission, SubmissionState

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.check import CheckReport
    from claude_batch_tui.services.submitting.send import Guard
    from claude_batch_tui.services.submitting.spool import Outgoing


def add_consent_options(parser: argparse.ArgumentParser) -> None:
    """The options of everything that sends a batch: how it is agreed to, and what is said of it."""
    parser.add_argument(
        "--yes", action="store_true", help="agree to the count, size and cost without being asked"
    )
    parser.add_argument(
        "--requests",
        metavar="N",
        type=int,
        help="agree to this count; needed above the limits confirm_above and confirm_in_flight",
    )
    parser.add_argument(
        "--again", action="store_true", help="send although the same bytes were sent within 30 days"
    )
    parser.add_argument(
        "--resend-if-absent",
        action="store_true",
        help="where an answer was lost and the list shows no batch after 3 minutes, send once more",
    )
    parser.add_argument("--json", action="store_true", help="the batch object as one line")


def checked(file: Path, args: argparse.Namespace, runtime: Runtime) -> CheckReport:
    """The check that comes before every submission. Raises DraftError with the first problems."""
    from claude_batch_tui.errors import DraftError

    report = runtime.checked(file, betas_of(args))
    if report.draft.has_errors:
        first = next(problem for problem in report.draft.problems if problem.is_error)
        place = f"{file}:{first.line}: " if first.line else f"{file}: "
        raise DraftError(
            f"{place}{first.message}. Nothing was sent; `cbtui check {file}` lists every problem."
        )
    return report


def betas_of(args: argparse.Namespace) -> tuple[str, ...]:
    """The beta headers asked for, or those of the recipe beside the file."""
    from claude_batch_tui.services.recipes import recipe_beside

    if args.betas is not None:
        return tuple(args.betas.replace(",", " ").split())
    recipe = recipe_beside(args.file)
    return recipe.betas if recipe else ()


async def submit_all(
    report: CheckReport,
    outgoing: Outgoing,
    args: argparse.Namespace,
    context: Context,
    runtime: Runtime,
    still_to_send: Callable[[frozenset[str]], None] = lambda _: None,
) -> int:
    """Freeze, ask, and send what was not sent before.

    `still_to_send` is asked right before each batch is sent, with the submissions of this draft, and may raise.
    """
    from claude_batch_tui.services.submitting.overlap import overlap
    from claude_batch_tui.services.submitting.spool import discard, freeze, not_sent_meanwhile, repeats
    from claude_batch_tui.services.threads import in_thread

    prepared = await in_thread(lambda: freeze(outgoing, store=runtime.store, now=runtime.now()))
    missing = prepared
    if not args.again:
        before = repeats(prepared, store=runtime.store, now=runtime.now())
        if before.known:
            missing = before.missing
            discard(*(one for one in prepared if all(one.submission_id != m.submission_id for m in missing)))
            if before.open is not None or not missing:
                discard(*missing)
                return await go_on_with(before.open or before.known[0], args, context, runtime)
            context.diagnostics.note(
                f"{len(before.known)} of {len(prepared)} batches were sent before, as {before.known[0].run_id}: "
                "only what is missing will be sent."
            )
        elif partly := await in_thread(lambda: overlap(prepared[0], store=runtime.store, now=runtime.now())):
            discard(*prepared)
            sent = f"{partly.earlier.sent_at or partly.earlier.created_at:%Y-%m-%d %H:%M}"
            context.diagnostics.error(
                f"{partly.requests:,} of these requests were sent on {sent} as {partly.earlier.batch_id or 'a batch that is looked for'}. "
                f"--rest-of {partly.earlier.run_id} sends only the others; --again pays for all of them once more."
            )
            return ExitCode.USAGE
    if not await _agreed(report, outgoing, prepared, missing, args, context, runtime):
        discard(*missing)
        return ExitCode.USAGE
    own = frozenset(one.submission_id for one in prepared)

    def guard(submission: Submission) -> None:
        if not args.again:
            not_sent_meanwhile(submission, own, store=runtime.store, now=runtime.now())
        still_to_send(own)

    return await _send_all(missing, args, context, runtime, guard)


async def _agreed(
    report: CheckReport,
    outgoing: Outgoing,
    prepared: tuple[Submission, ...],
    missing: tuple[Submission, ...],
    args: argparse.Namespace,
    context: Context,
    runtime: Runtime,
) -> bool:
    """Ask, with all that is known of the cost; above a limit for the count itself."""
    from claude_batch_tui.wording import forecast_lines

    if not args.yes and args.requests is None and sys.stdin.isatty():
        report = await runtime.forecast(outgoing.requests, report, source=outgoing.source)
        for line in forecast_lines(report.forecast, runtime.in_flight()):
            context.diagnostics.note(line)
    question = _question(report, runtime, prepared, missing)
    why = runtime.over_limits(report.at_most)
    if why is None:
        return confirmed(question, yes=args.yes or args.requests is not None, context=context)
    count = sum(one.requests for one in missing)
    return confirmed_count(question, why, count=count, said=args.requests, context=context)


def _question(
    report: CheckReport, runtime: Runtime, prepared: tuple[Submission, ...], missing: tuple[Submission, ...]
) -> str:
    from claude_batch_tui.wording import cost_words, size

    count, whole = sum(one.requests for one in missing), len(missing) == len(prepared)
    cost = cost_words(report.at_most)
    batches = "" if len(prepared) == 1 else f" in {len(missing)} batches of one run"
    betas = f", with the betas {', '.join(prepared[0].betas)}" if prepared[0].betas else ""
    return (
        f"Submit {count:,} requests{batches}, {size(sum(one.body_bytes for one in missing))}, "
        f"for {cost}{'' if whole else ' for all of the file'}{betas}, "
        f"with {runtime.api.credential} at {runtime.api.base_url}? This is paid."
    )


async def _send_all(
    missing: tuple[Submission, ...],
    args: argparse.Namespace,
    context: Context,
    runtime: Runtime,
    guard: Guard,
) -> int:
    """Send one after the other; what comes after one that was not created stays unsent."""
    from claude_batch_tui.errors import DraftError
    from claude_batch_tui.services.submitting.spool import discard
    from claude_batch_tui.store import submissions

    for number, prepared in enumerate(missing):
        try:
            ended = await send(prepared, args, context, runtime, guard)
        except DraftError:
            discard(*missing[number + 1 :])
            raise
        submission = submissions.find(runtime.store, ended.submission_id) or ended
        is_last = number == len(missing) - 1
        if submission.state is not SubmissionState.CREATED:
            discard(*missing[number + 1 :])
            code = await report_end(submission, args, context, runtime)
            if not is_last or number:
                context.diagnostics.note(
                    f"{number} of {len(missing)} batches were created. The same command again sends the rest."
                )
            return code
        if submission.parts > 1:
            context.diagnostics.note(
                f"{submission.part} of {submission.parts}: {submission.batch_id}, {submission.requests:,} requests"
            )
        if is_last or args.json:
            await report_end(submission, args, context, runtime)
    return ExitCode.GOOD
