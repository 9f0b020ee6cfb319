"""`cbtui submit FILE --yes`: send a requests file, as one batch or as several of one run. This is paid."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.submitting import add_consent_options, betas_of, checked, submit_all

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.check import CheckReport
    from claude_batch_tui.services.submitting.pilot import Portion
    from claude_batch_tui.services.submitting.spool import Outgoing

SUMMARY = "Send a requests file as a batch. This is paid."


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


def run(args: argparse.Namespace, context: Context) -> int:
    """Submit."""
    return run_to_end(_submit(args, context))


async def _submit(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.errors import ConfigError
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.submitting import reconcile
    from claude_batch_tui.services.submitting.pilot import rest, sample
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
        reconcile.recover_interrupted(runtime.store, runtime.now())
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


def _outgoing(args: argparse.Namespace, report: CheckReport) -> Outgoing:
    from claude_batch_tui.errors import DraftError
    from claude_batch_tui.services.recipes import recipe_beside
    from claude_batch_tui.services.requests_files import beside, rows_match
    from claude_batch_tui.services.submitting.spool import Outgoing

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
        betas=betas_of(args),
        model=report.draft.model,
        source=str(args.file),
        cost_at_most=None if report.at_most.unpriced else report.at_most.batch,
        prices_as_of=report.at_most.as_of.isoformat(),
    )
