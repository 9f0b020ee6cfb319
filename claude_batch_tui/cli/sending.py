"""Submitting from the command line: the options of agreeing to it, the question, and a line for every step."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import batch_json, resolve
from claude_batch_tui.domain.batches.tracked import Overlap, Submission, SubmissionState

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.submitting.order import Confirm, Decision, Question, SendOrder
    from claude_batch_tui.services.submitting.steps import Ended, LeftCold, Overlaps, Primed, Priming, Step


def add_agreement_options(parser: argparse.ArgumentParser) -> None:
    """The options of everything that sends batches: how it is agreed to, sent once more, and waits for its place."""
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
        "--resend-if-absent",
        action="store_true",
        help="where an answer was lost and the list shows no batch after 3 minutes, send once more",
    )
    parser.add_argument(
        "--in-flight",
        metavar="N",
        type=int,
        help="wait before each batch until fewer than N of yours are in progress in this workspace",
    )


def add_consent_options(parser: argparse.ArgumentParser) -> None:
    """The same for a command that sends what is named, and what becomes of that where it, or some of it, was sent before."""
    add_agreement_options(parser)
    parser.add_argument(
        "--again",
        action="store_true",
        help="send all of it although it, or a part of it, was sent within 30 days",
    )
    add_decision_options(parser)
    parser.add_argument("--json", action="store_true", help="the batch object as one line")


def add_decision_options(parser: argparse.ArgumentParser) -> None:
    """The options that say whether the batch that was found for a lost answer is its own."""
    decision = parser.add_mutually_exclusive_group()
    decision.add_argument(
        "--accept",
        metavar="ID",
        nargs="?",
        const="",
        help="of what was sent before: the batch found for it, or ID, is its own; pays nothing",
    )
    decision.add_argument(
        "--reject",
        metavar="ID",
        nargs="?",
        const="",
        help="of what was sent before: the batch found for it, or ID, is another's: look on; pays nothing",
    )


def add_prime_options(parser: argparse.ArgumentParser) -> None:
    """The options of sending one request before the others, and what becomes of those where it takes too long."""
    parser.add_argument(
        "--prime",
        action="store_true",
        help="send one request first and the others once it has ended, so that they find in the cache what all share; "
        "`check` says whether that pays",
    )
    parser.add_argument(
        "--cold",
        action="store_true",
        help="with --prime: send the others without it where it has not ended in 20 minutes; else exit code 5",
    )


def decision_of(args: argparse.Namespace) -> Decision | None:
    """What `--accept` or `--reject` says, if one of them is there."""
    from claude_batch_tui.services.submitting.order import Decision  # late: --help needs none of it

    said = args.reject if args.accept is None else args.accept
    return None if said is None else Decision(args.accept is not None, said or None)


def outcome_code(submission: Submission) -> ExitCode:
    """The exit code of how a submission ended."""
    if submission.state is SubmissionState.REFUSED:
        return ExitCode.API
    return ExitCode.GOOD if submission.is_certain else ExitCode.UNKNOWN_OUTCOME


def can_ask(args: argparse.Namespace) -> bool:
    """Whether somebody is there to be asked, and has not agreed beforehand."""
    return not args.yes and args.requests is None and sys.stdin.isatty()


async def send(order: SendOrder, args: argparse.Namespace, context: Context, runtime: Runtime) -> int:
    """Send what is ordered, and say each step of it; the exit code.

    Where some of it was sent before, and somebody is there to be asked, that is asked first.
    """
    from claude_batch_tui.services.submitting.steps import Ended, Overlaps  # late, as above

    async def confirm(question: Question) -> bool:
        return agreed(question, order, args, context, runtime)

    steps = steps_of(order, confirm, args, context, runtime)
    code, step, is_open = int(ExitCode.GOOD), None, False
    async with aclosing(steps):
        async for step in steps:
            code = await say(step, order, args, context, runtime)
            is_open = is_open or (isinstance(step, Ended) and step.submission.is_adopted)
    if order.decision is not None and isinstance(step, Ended) and step.is_created and not step.is_last:
        context.diagnostics.note(
            "Nothing was paid. Other batches of its run are not sent yet: the same command without "
            f"--{'accept' if order.decision.is_its else 'reject'} sends them."
        )
    if isinstance(step, Overlaps) and can_ask(args):
        chosen = _which(step.overlap, order, context)
        if chosen is not None:
            return await send(chosen, args, context, runtime)
    return int(ExitCode.UNKNOWN_OUTCOME) if is_open and code == ExitCode.GOOD else code


def steps_of(
    order: SendOrder, confirm: Confirm, args: argparse.Namespace, context: Context, runtime: Runtime
) -> AsyncGenerator[Step, None]:
    """The steps of sending what is ordered; raises as `submit` does."""
    from claude_batch_tui.services.submitting.run import submit  # late: --help needs none of it

    async def send_cold(primed: Primed) -> bool:
        return _may_be_cold(primed, args, context)

    return submit(
        order,
        confirm=confirm,
        send_cold=send_cold,
        connect=runtime.connect,
        store=runtime.store,
        config=runtime.config,
        workspace=runtime.workspace,
        hint=runtime.hint,
        now=runtime.now,
        sleep=runtime.sleep,
        random=runtime.random,
    )


def _may_be_cold(primed: Primed, args: argparse.Namespace, context: Context) -> bool:
    """Whether the others are sent although their prime did not warm the cache: asked, or as --cold says."""
    from claude_batch_tui.wording.submissions import unprimed_words

    words, cold = unprimed_words(primed), bool(getattr(args, "cold", False))
    if can_ask(args) and not cold:
        return context.confirm(f"{words} Send the others now, without the cache?", yes=False)
    context.diagnostics.note(
        f"{words} {'Sending the others without it.' if cold else '--cold sends the others all the same.'}"
    )
    return cold


def _which(overlap: Overlap, order: SendOrder, context: Context) -> SendOrder | None:
    """Ask what is sent of requests of which some were sent before: the others, all, or, for None, nothing."""
    new = f"new to send only the other {overlap.others:,}, or " if overlap.others else ""
    words = f"Type {new}all to send all {overlap.of:,} once more; anything else sends nothing."
    match context.choose(f"{words} The cost is asked about next.", ("new", "all") if new else ("all",)):
        case "new":
            return msgspec.structs.replace(order, new_only=True)
        case "all":
            return msgspec.structs.replace(order, again=True)
        case _:
            context.diagnostics.note("Nothing was sent.")
            return None


async def say(
    step: Step, order: SendOrder, args: argparse.Namespace, context: Context, runtime: Runtime
) -> int:
    """Say one step; the exit code where it is the last one."""
    from claude_batch_tui.services.submitting import steps

    match step:
        case steps.SentBefore(earlier):
            return _say_sent_before(earlier, context)
        case steps.Overlaps():
            return _say_overlap(step, order, args, context)
        case steps.Declined():
            return ExitCode.USAGE
        case steps.Priming() | steps.Primed() | steps.LeftCold():
            return _say_prime(step, context, runtime)
        case steps.Ended():
            return await _say_end(step, args, context, runtime)
        case _:
            _say_progress(step, order, context, runtime)
            return ExitCode.GOOD


def _say_progress(step: Step, order: SendOrder, context: Context, runtime: Runtime) -> None:
    """Say a step that others follow."""
    from claude_batch_tui.services.submitting import steps
    from claude_batch_tui.wording.submissions import changed_words, partly_sent_words
    from claude_batch_tui.wording.values import duration_words, size

    diagnostics = context.diagnostics
    match step:
        case steps.Prepared(kind="pilot" | "rest"):
            if step.changed:
                diagnostics.note(changed_words(step.changed, order.requests))
            diagnostics.note(f"{step.kind} of {order.requests}: {step.requests:,} of {step.of:,} requests")
        case steps.PartlySent(known, of, run_id):
            diagnostics.note(partly_sent_words(known, of, run_id))
        case steps.Queued():
            diagnostics.note(step.note)
        case steps.NoRoom():
            diagnostics.note(f"{step.note} Stopped now, the same command goes on with them.")
        case steps.Sending(submission, sent_bytes) if sent_bytes:
            diagnostics.progress(f"{size(sent_bytes)} of {size(submission.body_bytes)} sent")
        case steps.Waiting(_, until, note):
            seconds = (until - runtime.now()).total_seconds()
            diagnostics.note(f"{note} Nothing was created; trying again in {seconds:.0f} s.")
        case steps.Looking(submission):
            diagnostics.note(
                f"{submission.error} The batch may or may not exist. Sending again could pay twice, so it is looked for: "
                f"up to {duration_words(runtime.config.settle)}."
            )
        case steps.SendingAgain():
            diagnostics.note("No batch of this size was created: sending once more.")
        case _:
            pass


def _say_prime(step: Priming | Primed | LeftCold, context: Context, runtime: Runtime) -> int:
    """Say how the prime of a run goes; the exit code, where the others were left."""
    from claude_batch_tui.services.submitting import steps
    from claude_batch_tui.wording.values import duration_words

    diagnostics, prime = context.diagnostics, step.submission
    match step:
        case steps.Priming():
            left = duration_words((step.until - runtime.now()).total_seconds())
            diagnostics.progress(f"waiting for the prime {prime.batch_id}, {left} at most")
        case steps.Primed(is_warm=True):
            diagnostics.note(f"The prime {prime.batch_id} has ended: the cache is written.")
        case steps.LeftCold():
            diagnostics.error(
                f"{step.requests:,} requests of {prime.run_id} were not sent. The same command again looks at the prime and goes on."
            )
            return ExitCode.TIMEOUT
        case _:
            pass
    return ExitCode.GOOD


def agreed(
    question: Question, order: SendOrder, args: argparse.Namespace, context: Context, runtime: Runtime
) -> bool:
    """Ask, with all that is known of the cost and what was guessed; above a limit for the count itself."""
    from claude_batch_tui.wording.costs import cost_words, forecast_lines
    from claude_batch_tui.wording.values import size

    if can_ask(args):
        for line in forecast_lines(question.report.forecast, question.in_flight):
            context.diagnostics.note(line)
    for guess in order.guesses:
        context.diagnostics.note(f"guessed: {guess}.")
    prepared = question.prepared.submissions
    batches = "" if len(prepared) == 1 else f" in {question.batches} batches of one run"
    whole = "" if question.batches == len(prepared) else " for all of the file"
    betas = f", with the betas {', '.join(prepared[0].betas)}" if prepared[0].betas else ""
    words = (
        f"Submit {question.requests:,} requests{batches}, {size(question.body_bytes)}, "
        f"for {cost_words(question.report.at_most)}{whole}{betas}, "
        f"with {runtime.api.credential} at {runtime.api.base_url}? This is paid."
    )
    if question.why_typed is None:
        return context.confirm(words, yes=args.yes or args.requests is not None)
    return context.confirm_count(words, question.why_typed, count=question.requests, said=args.requests)


def _say_overlap(step: Overlaps, order: SendOrder, args: argparse.Namespace, context: Context) -> int:
    """Some of the requests were sent before: say how many, where, and for how much, and what can be done; the exit code."""
    from claude_batch_tui.services.submitting.order import Rest
    from claude_batch_tui.wording.submissions import overlap_lines

    overlap, diagnostics = step.overlap, context.diagnostics
    first, *runs = overlap_lines(overlap)
    (diagnostics.note if step.is_left_out else diagnostics.error)(first)
    for line in runs:
        diagnostics.note(line)
    if step.is_left_out:
        diagnostics.note(f"They are left out; {overlap.others:,} are new.")
        return ExitCode.GOOD
    if not can_ask(args):
        where = (
            "" if isinstance(order.part, Rest) else f", with --rest-of {overlap.runs[0].run_id} in that run"
        )
        new = f"--new-only sends only the other {overlap.others:,}{where}; " if overlap.others else ""
        diagnostics.note(f"Nothing was sent. {new}--again pays for all {overlap.of:,} once more.")
    return ExitCode.USAGE


def _say_sent_before(earlier: Submission, context: Context) -> int:
    """The same bytes were sent before: say what is known of that."""
    from claude_batch_tui.wording.submissions import sent_before_words, sent_when

    if earlier.is_certain:
        context.diagnostics.error(f"{sent_before_words(earlier)} Pass --again to pay for them once more.")
        return ExitCode.USAGE
    if earlier.state is SubmissionState.SENDING:
        context.diagnostics.error("The same requests are being sent by another process right now.")
        return ExitCode.STORE
    found = f"{earlier.batch_id} was found for them" if earlier.is_adopted else "looking for the batch"
    context.diagnostics.note(
        f"The same requests were sent on {sent_when(earlier)} and no answer came: {found}."
    )
    return ExitCode.UNKNOWN_OUTCOME


async def _say_end(ended: Ended, args: argparse.Namespace, context: Context, runtime: Runtime) -> int:
    """Say how a batch ended, and how many of its run there are by then; the exit code."""
    from claude_batch_tui.wording.submissions import adopted_words

    submission, diagnostics = ended.submission, context.diagnostics
    is_created = ended.is_created
    if is_created and submission.parts > 1:
        diagnostics.note(
            f"{submission.part} of {submission.parts}: {submission.batch_id}, {submission.requests:,} requests"
        )
    if not is_created or ended.is_last or args.json:
        await _report_end(submission, args, context, runtime)
    if submission.is_adopted:
        diagnostics.note(adopted_words(submission))
    if not is_created and ended.of > 1:
        diagnostics.note(
            f"{ended.number - 1} of {ended.of} batches were created. The same command again sends the rest."
        )
    if (
        is_created
        and ended.is_last
        and not submission.is_adopted
        and getattr(args, "pilot", None) is not None
    ):
        rest = shlex.join(["cbtui", "submit", str(args.file), "--rest-of", submission.run_id])
        diagnostics.note(f"Look at its results, then: {rest}")
    return outcome_code(submission)


async def _report_end(
    submission: Submission, args: argparse.Namespace, context: Context, runtime: Runtime
) -> None:
    """Say how it ended; only a created batch reaches stdout."""
    output, diagnostics = context.output, context.diagnostics
    match submission.state:
        case SubmissionState.CREATED:
            batch_id = submission.batch_id or ""
            if args.json:
                tracked = (await resolve(batch_id, runtime))[0]
                output.json(batch_json(tracked))
            else:
                output.line(submission.run_id if submission.parts > 1 else batch_id)
        case SubmissionState.REFUSED:
            diagnostics.error(f"The API refused the batch: {submission.error} Nothing was created.")
        case SubmissionState.CONFLICT:
            diagnostics.error(
                f"Several batches may be this one: {', '.join(submission.candidates)}. "
                "Once they have ended, the same command tells them apart by their results; --accept ID, or the dashboard "
                "(Batches, U), decides before."
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
