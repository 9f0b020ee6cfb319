"""`cbtui submit FILE --yes`: send a requests file, as one batch or as several of one run. This is paid."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.confirming import confirmed, confirmed_count
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.domain.tracked import Submission, SubmissionState

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.pilot import Portion
    from claude_batch_tui.services.prepare import CheckReport
    from claude_batch_tui.services.spool import Outgoing
    from claude_batch_tui.services.submit import Guard

SUMMARY = "Send a requests file as a batch. This is paid."

_CODES = {
    SubmissionState.CREATED: ExitCode.GOOD,
    SubmissionState.REFUSED: ExitCode.API,
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a requests file, as `cbtui build` makes it")
    parser.add_argument("--name", metavar="N", help="a name of your own; the API has none")
    parser.add_argument(
        "--pilot",
        metavar="N",
        type=int,
        help="send a random sample of N requests as a batch of its own first",
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="another sample for --pilot (0)")
    parser.add_argument(
        "--rest-of", metavar="ID", help="leave out what this run has sent already, and join it: after a pilot"
    )
    parser.add_argument(
        "--betas", metavar="B,…", help="beta headers of the batch; left out, those of the recipe beside FILE"
    )
    parser.add_argument("--rows", metavar="FILE", type=Path, help="the rows file (FILE.rows.jsonl beside it)")
    add_consent_options(parser)
    parser.epilog = (
        "Exit codes: 0 created, 2 something is wrong with the file, 3 the API refused or is out of reach,\n"
        "75 it is not known whether the batch was created. Running the same command again looks for it\n"
        "and never pays twice. A file of more than 100,000 requests or 256 MB becomes several batches of one\n"
        "run, whose id is printed; every verb that takes ID takes it."
    )


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


def run(args: argparse.Namespace, context: Context) -> int:
    """Submit."""
    return asyncio.run(_submit(args, context))


async def _submit(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.errors import ConfigError
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services import reconcile
    from claude_batch_tui.services.pilot import rest, sample
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.store import submissions

    if args.pilot is not None and args.rest_of:
        raise ConfigError("--pilot comes first and --rest-of after it: use one of them.")
    async with open_runtime(context.config) as runtime:
        report = await in_thread(lambda: checked(args.file, args, runtime))
        await runtime.connect()
        if await runtime.refresh_models():
            report = await in_thread(lambda: checked(args.file, args, runtime))
        outgoing = _outgoing(args, report)
        reconcile.wake_up(runtime.store, runtime.now())
        if args.pilot is not None:
            with sample(
                args.file, outgoing.rows, count=args.pilot, seed=args.seed, folder=runtime.locations.spool
            ) as part:
                return await _submit_portion(part, "pilot", outgoing, args, context, runtime)
        if args.rest_of:
            run_id = await _run_of(args.rest_of, runtime)
            run = submissions.of_run(runtime.store, run_id)
            with rest(args.file, outgoing.rows, run=run, folder=runtime.locations.spool) as part:
                if part.changed:
                    context.diagnostics.note(
                        f"{part.changed:,} of the requests sent before are different in {args.file} now; they are "
                        "left out all the same."
                    )
                joined = msgspec.structs.replace(outgoing, run_id=run_id)
                return await _submit_portion(part, "rest", joined, args, context, runtime)
        return await submit_all(report, outgoing, args, context, runtime)


async def _submit_portion(
    part: Portion,
    kind: str,
    outgoing: Outgoing,
    args: argparse.Namespace,
    context: Context,
    runtime: Runtime,
) -> int:
    """Submit a part of the file: its own count, size and cost are what is agreed to."""
    from claude_batch_tui.services.threads import in_thread

    report = await in_thread(lambda: checked(part.requests, args, runtime))
    portion = msgspec.structs.replace(
        outgoing,
        requests=part.requests,
        rows=part.rows,
        name=f"{outgoing.name} {kind}" if outgoing.name else None,
        model=report.draft.model,
        cost_at_most=None if report.at_most.unpriced else report.at_most.batch,
        kind=kind,
    )
    context.diagnostics.note(f"{kind} of {args.file}: {part.count:,} of {part.of:,} requests")
    code = await submit_all(report, portion, args, context, runtime)
    if kind == "pilot" and code == ExitCode.GOOD:
        context.diagnostics.note(f"Look at its results, then: cbtui submit {args.file} --rest-of ID")
    return code


async def _run_of(word: str, runtime: Runtime) -> str:
    """The run that `word` means: its id, or that of a batch of it."""
    from claude_batch_tui.errors import ConfigError
    from claude_batch_tui.store import submissions

    if submissions.of_run(runtime.store, word):
        return word
    tracked = (await runtime.resolve_all(word))[0]
    if tracked.run_id is None:
        raise ConfigError(
            f"{word} was not submitted by cbtui on this machine, so its requests are not known."
        )
    return tracked.run_id


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
    from claude_batch_tui.services.spool import discard, freeze, not_sent_meanwhile, repeats
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
                return await _go_on_with(before.open or before.known[0], args, context, runtime)
            context.diagnostics.note(
                f"{len(before.known)} of {len(prepared)} batches were sent before, as {before.known[0].run_id}: "
                "only what is missing will be sent."
            )
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


async def _send_all(
    missing: tuple[Submission, ...],
    args: argparse.Namespace,
    context: Context,
    runtime: Runtime,
    guard: Guard,
) -> int:
    """Send one after the other; what comes after one that was not created stays unsent."""
    from claude_batch_tui.errors import DraftError
    from claude_batch_tui.services.spool import discard
    from claude_batch_tui.store import submissions

    for number, prepared in enumerate(missing):
        try:
            ended = await _send(prepared, args, context, runtime, guard)
        except DraftError:
            discard(*missing[number + 1 :])
            raise
        submission = submissions.find(runtime.store, ended.submission_id) or ended
        is_last = number == len(missing) - 1
        if submission.state is not SubmissionState.CREATED:
            discard(*missing[number + 1 :])
            code = await _report(submission, args, context, runtime)
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
            await _report(submission, args, context, runtime)
    return ExitCode.GOOD


def checked(file: Path, args: argparse.Namespace, runtime: Runtime) -> CheckReport:
    """The check that comes before every submission. Raises DraftError with the first problems."""
    from claude_batch_tui.errors import DraftError
    from claude_batch_tui.services.prepare import PROCESSING, CheckReport, check

    report: CheckReport | None = None
    updates = check(
        file,
        prices=runtime.prices(),
        models=runtime.models(),
        betas=_betas(args),
        api_version=runtime.config.api_version,
        deadline=(runtime.now() + PROCESSING).date(),
    )
    for update in updates:
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


def _betas(args: argparse.Namespace) -> tuple[str, ...]:
    """The beta headers asked for, or those of the recipe beside the file."""
    from claude_batch_tui.services.recipes import recipe_beside

    if args.betas is not None:
        return tuple(args.betas.replace(",", " ").split())
    recipe = recipe_beside(args.file)
    return recipe.betas if recipe else ()


def _outgoing(args: argparse.Namespace, report: CheckReport) -> Outgoing:
    from claude_batch_tui.errors import DraftError
    from claude_batch_tui.services.prepare import beside, rows_match
    from claude_batch_tui.services.recipes import recipe_beside
    from claude_batch_tui.services.spool import Outgoing

    recipe = recipe_beside(args.file)
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
        name=args.name or (recipe.name if recipe else None),
        betas=_betas(args),
        model=report.draft.model,
        source=str(args.file),
        cost_at_most=None if report.at_most.unpriced else report.at_most.batch,
        prices_as_of=report.at_most.as_of.isoformat(),
    )


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


async def _send(
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
