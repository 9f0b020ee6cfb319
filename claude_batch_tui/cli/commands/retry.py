"""`cbtui retry ID`: send again what failed, as it was sent or with edits, as a batch of the same run. This is paid."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.entries import select_entries
from claude_batch_tui.cli.lookup import resolve_one
from claude_batch_tui.cli.results_files import lines_of, results_of, results_path
from claude_batch_tui.cli.sending import add_consent_options, can_ask, decision_of, send
from claude_batch_tui.errors import ConfigError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.submitting.edits import Edits
    from claude_batch_tui.services.submitting.retry import RetryPlan


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "id",
        metavar="ID|FILE",
        help="a batch, a run or a name; of a run all batches that have ended; with -o, a results file of anybody",
    )
    parser.add_argument("--where", metavar="FILTER", help="only these, as in `cbtui results`")
    parser.add_argument(
        "--include-invalid", action="store_true", help="errors whose requests have to be changed first, too"
    )
    parser.add_argument(
        "--any-outcome", action="store_true", help="what succeeded or was canceled too: paid once more"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="another value in each request, e.g. max_tokens=4096, model=M, output_config.effort=low",
    )
    parser.add_argument(
        "--drop", action="append", default=[], metavar="PATH", help="take a parameter out, e.g. temperature"
    )
    parser.add_argument(
        "--system", metavar="S", help="another system prompt, a template of the row; @file reads a file"
    )
    parser.add_argument(
        "--template", metavar="T", help="another text of the last user message, a template of the row; @file"
    )
    parser.add_argument(
        "--sent",
        type=Path,
        metavar="FILE",
        help="what another program sent as this batch or file: checked against its results and kept, as `adopt --sent` does",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the requests only, send nothing"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the -o file")
    parser.add_argument(
        "--name", metavar="N", help="a name of your own; left out, the first batch's and `retry`"
    )
    add_consent_options(parser)
    parser.epilog = (
        "The requests are those that were sent, to the byte unless they are edited, under the same custom_ids, and the\n"
        "new batch belongs to the same run. With an edit, what was cut, refused or invalid is sent too: choose by --where;\n"
        "`cbtui triage ID` says what there is. What was retried already is left out unless --again. Exit codes are those\n"
        "of submit."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Retry."""
    from claude_batch_tui.domain.filters.language import parse
    from claude_batch_tui.services.building.requests_files import beside

    parse(args.where or "")
    _edits(args)
    path = results_path(args.id)
    if path is not None:
        return _write_again(path, args, context)
    if args.output is not None:
        beside(args.output).require_free("", force=args.force)
    return await _retry(args, context)


def _write_again(path: Path, args: argparse.Namespace, context: Context) -> int:
    """Write what failed in a results file as requests of its lane. Raises ConfigError where that cannot be."""
    from claude_batch_tui.domain.results.failures import RetryRules
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.lanes import failed_ids, keep_requests, write_again
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed
    from claude_batch_tui.wording.values import counted

    lines, cache = lines_of(path, context), Locations(context.config.data_dir).cache
    body = lines.body
    if body is None and args.sent is None:
        raise ConfigError(
            f"{path} is a file, which does not say what was sent: name its requests with --sent FILE, or the batch."
        )
    if args.output is None:
        raise ConfigError(
            f"{path}: results of a file belong to no batch here. Write their requests with -o FILE."
        )
    if any((args.set, args.drop, args.system, args.template)):
        raise ConfigError(f"{path}: requests of a results file are written as they were sent, without edits.")
    if args.output.exists() and not args.force:
        raise ConfigError(f"{args.output} is there already: name another file, or overwrite it with --force.")
    rules = RetryRules(args.include_invalid, args.any_outcome, args.again)
    with open_indexed(lines.path, cache) as results:
        if args.sent is not None or body is None:
            body = keep_requests(lines.path, results.index.all_ids(), args.sent, cache)
        costs = EntryCosts(results.index, read_prices(context.config))
        chosen = failed_ids(results.index, select_entries(results, args.where, costs), rules)
    if not chosen:
        context.diagnostics.note(
            "There is nothing to retry: --include-invalid and --any-outcome let more in."
        )
        return ExitCode.NOT_ALL_GOOD
    count = write_again(body, lines.lane, chosen, args.output)
    context.diagnostics.note(
        f"{counted(count, 'request')} in {args.output}, as they were sent. Nothing was sent."
    )
    return ExitCode.GOOD


async def _retry(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.building.models import refreshed_models
    from claude_batch_tui.services.building.requests_files import beside
    from claude_batch_tui.services.submitting.order import SendOrder
    from claude_batch_tui.services.submitting.retry import write_draft
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.wording.submissions import retry_words
    from claude_batch_tui.wording.values import counted

    async with open_runtime(context.config, patience=context.patience) as runtime:
        if args.sent is not None:
            await _keep_sent(args, context, runtime)
        made = await plan_of(args, context, runtime)
        for line in retry_words(made.counts, "--include-invalid", "--any-outcome", "--again"):
            context.diagnostics.note(line)
        if args.output is not None:
            written = await in_thread(lambda: write_draft(made, beside(args.output)))
            context.diagnostics.note(
                f"{counted(written.count, 'request')} in {args.output}. Nothing was sent."
            )
            return ExitCode.GOOD
        await refreshed_models(await runtime.connect(), context.config.data_dir, runtime.hint, runtime.now())
        order = SendOrder(
            part=made,
            name=args.name,
            again=args.again,
            resend_if_absent=args.resend_if_absent,
            counts_input=can_ask(args),
            decision=decision_of(args),
        )
        return await send(order, args, context, runtime)


async def _keep_sent(args: argparse.Namespace, context: Context, runtime: Runtime) -> None:
    """Adopt the batch with what it was sent, unless that is known here."""
    from claude_batch_tui.cli.commands.adopt import keep_sent
    from claude_batch_tui.store import submissions

    tracked = await resolve_one(args.id, runtime)
    if submissions.of_batch(runtime.store, tracked.id) is None:
        await keep_sent(tracked.id, args.sent, None, context, runtime)


def _edits(args: argparse.Namespace) -> Edits:
    """What is to be changed in each request. Raises ConfigError for what cannot be meant."""
    from claude_batch_tui.services.submitting.edits import read_edits

    return read_edits(args.set, args.drop, system=args.system, template=args.template)


async def plan_of(args: argparse.Namespace, context: Context, runtime: Runtime) -> RetryPlan:
    """Look at the results, downloading those that are not here."""
    from claude_batch_tui.domain.results.failures import RetryRules
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.schema_validation import Sent, validate_schemas
    from claude_batch_tui.services.submitting.retry import Choice, Wanted, plan
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.store.results.opening import open_indexed

    rules = RetryRules(args.include_invalid, args.any_outcome, args.again)
    found = await results_of(args.id, context, runtime, ended_only=True)

    def look() -> RetryPlan:
        wanted: list[Wanted] = []
        for one in found:
            with open_indexed(one.path, runtime.store.locations.cache) as opened:
                if args.where:
                    validate_schemas(opened, Sent(one.sent), runtime.store.locations.cache)
                positions = select_entries(
                    opened, args.where, EntryCosts(opened.index, read_prices(runtime.config))
                )
                wanted.append(Wanted(one.batch_id, opened.index, positions))
        choice = Choice({one.batch_id: one.positions for one in wanted}, edits=_edits(args))
        return plan(wanted, rules, store=runtime.store, choices=[choice])

    return await in_thread(look)
