"""`cbtui retry ID`: send again what failed, as it was sent, as a batch of the same run. This is paid."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.exporting import chosen
from claude_batch_tui.cli.locating import found_results, results_file
from claude_batch_tui.cli.submitting import add_consent_options, checked, submit_all
from claude_batch_tui.errors import ConfigError

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.pilot import Portion
    from claude_batch_tui.services.retry import RetryPlan

SUMMARY = "Send again what errored or expired, as it was sent. This is paid."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "id", metavar="ID", help="a batch, a run or a name; of a run all batches that have ended"
    )
    parser.add_argument("--where", metavar="FILTER", help="only these, as in `cbtui results`")
    parser.add_argument(
        "--include-invalid", action="store_true", help="errors of the type invalid_request_error too"
    )
    parser.add_argument(
        "--any-outcome", action="store_true", help="what succeeded or was canceled too: paid once more"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the requests only, send nothing"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the -o file")
    parser.add_argument(
        "--name", metavar="N", help="a name of your own; left out, the first batch's and `retry`"
    )
    add_consent_options(parser)
    parser.set_defaults(betas=None)
    parser.epilog = (
        "The requests are those that were sent, to the byte, under the same custom_ids, and the new batch belongs to\n"
        "the same run. What was retried already is left out unless --again. Exit codes are those of submit."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Retry."""
    from claude_batch_tui.domain.filters.language import parse  # late: --help needs none of it
    from claude_batch_tui.services.building.requests_files import beside

    parse(args.where or "")
    if results_file(args.id) is not None:
        raise ConfigError(
            f"{args.id} is a file, which does not say what was sent: name the batch, or its run."
        )
    if args.output is not None:
        beside(args.output).require_free("", force=args.force)
    return run_to_end(_retry(args, context))


async def _retry(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime  # late, as the SDK is
    from claude_batch_tui.services import reconcile
    from claude_batch_tui.services.building.requests_files import beside
    from claude_batch_tui.services.retry import draft, write_draft
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.wording import retry_words

    async with open_runtime(context.config) as runtime:
        reconcile.wake_up(runtime.store, runtime.now())
        made = await _plan(args, context, runtime)
        for line in retry_words(made.counts, "--include-invalid", "--any-outcome", "--again"):
            context.diagnostics.note(line)
        if args.output is not None:
            written = await in_thread(lambda: write_draft(made, beside(args.output)))
            context.diagnostics.note(f"{written.count:,} requests in {args.output}. Nothing was sent.")
            return ExitCode.GOOD
        with draft(made, runtime.locations.spool) as portion:
            return await _send(made, portion, args, context, runtime)


async def _plan(args: argparse.Namespace, context: Context, runtime: Runtime) -> RetryPlan:
    """Look at the results, downloading those that are not here."""
    from claude_batch_tui.domain.results.retrying import RetryRules
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.schema_validation import Sent, validate_schemas
    from claude_batch_tui.services.retry import Failed, plan
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.store import submissions
    from claude_batch_tui.store.results.opening import open_indexed

    rules = RetryRules(args.include_invalid, args.any_outcome, args.again)
    found = await found_results(args.id, context, runtime, ended_only=True)

    def look() -> RetryPlan:
        failed: list[Failed] = []
        for one in found:
            with open_indexed(one.path, runtime.locations.cache) as opened:
                if args.where:
                    validate_schemas(opened, Sent(one.sent), runtime.locations.cache)
                positions = chosen(opened, args.where, EntryCosts(opened.index, runtime.prices()))
                submission = submissions.of_batch(runtime.store, one.batch_id)
                failed.append(Failed(one.batch_id, submission, opened.index, positions))
        return plan(failed, run_of=lambda run_id: submissions.of_run(runtime.store, run_id), rules=rules)

    return await in_thread(look)


async def _send(
    made: RetryPlan, portion: Portion, args: argparse.Namespace, context: Context, runtime: Runtime
) -> int:
    """Check, price, ask and send, as any draft."""
    from claude_batch_tui.services.retry import outgoing, still_to_send
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.store import submissions

    await runtime.connect()
    await runtime.refresh_models()
    args.betas = ",".join(made.first.betas)
    report = await in_thread(lambda: checked(portion.requests, args, runtime))
    draft = msgspec.structs.replace(
        outgoing(made),
        requests=portion.requests,
        rows=portion.rows,
        model=report.draft.model,
        cost_at_most=None if report.at_most.unpriced else report.at_most.batch,
        prices_as_of=report.at_most.as_of.isoformat(),
    )
    if args.name:
        draft = msgspec.structs.replace(draft, name=args.name)
    return await submit_all(
        report,
        draft,
        args,
        context,
        runtime,
        still_to_send=lambda own: still_to_send(made, submissions.of_run(runtime.store, made.run_id), own),
    )
