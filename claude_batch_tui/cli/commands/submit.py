"""`cbtui submit FILE --yes`: send a requests file, as one batch or as several of one run. This is paid."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.lookup import resolve
from claude_batch_tui.cli.sending import add_consent_options, add_prime_options, can_ask, decision_of, send
from claude_batch_tui.errors import ConfigError, DraftError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.submitting.order import SendOrder
    from claude_batch_tui.sources.recipe import Recipe


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
    add_prime_options(parser)
    parser.add_argument(
        "--rest-of",
        metavar="ID",
        help="leave out what this run has sent already, and join it: after a pilot, or with --new-only for a table that "
        "has grown",
    )
    parser.add_argument(
        "--max-tokens",
        metavar="N",
        type=int,
        help="with --rest-of: this limit in the requests that are left, as the answers of the pilot allow",
    )
    parser.add_argument(
        "--betas", metavar="B,…", help="beta headers of the batch; left out, those of the recipe beside FILE"
    )
    parser.add_argument(
        "--rows",
        metavar="FILE",
        type=Path,
        help="a CSV or JSON Lines file with their rows, by its column of ids (FILE.rows.jsonl beside it)",
    )
    parser.add_argument(
        "--new-only",
        action="store_true",
        help="leave out each request that was sent within 30 days, under whatever custom_id and in whatever file; "
        "with --rest-of ID the others join that run",
    )
    add_consent_options(parser)
    parser.epilog = (
        "Exit codes: 0 created, 2 something is wrong with the file, 3 the API refused or is out of reach,\n"
        "75 it is not known whether the batch was created, or whether the one found for it is its own. Running the\n"
        "same command again looks for it and never pays twice. A file of more than 100,000 requests or 256 MB becomes several batches of one\n"
        "run, whose id is printed; every verb that takes ID takes it."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Submit."""
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.building.models import refreshed_models
    from claude_batch_tui.services.building.recipes import recipe_beside
    from claude_batch_tui.services.submitting.order import Pilot, Rest, SendOrder
    from claude_batch_tui.services.threads import in_thread

    if args.pilot is not None and args.rest_of:
        raise ConfigError("--pilot comes first and --rest-of after it: use one of them.")
    if args.prime and args.pilot is not None:
        raise ConfigError("--prime sends all of it, --pilot a sample: use one of them.")
    if args.max_tokens is not None and not args.rest_of:
        raise ConfigError("--max-tokens is for what a pilot has left: with --rest-of ID.")
    if args.new_only and args.again:
        raise ConfigError(
            "--new-only leaves out what was sent before, --again sends it once more: use one of them."
        )
    async with open_runtime(context.config, patience=context.patience) as runtime:
        recipe = recipe_beside(args.file)
        order = SendOrder(
            requests=args.file,
            name=args.name or (recipe.name if recipe else None),
            source=str(args.file),
            betas=_betas(args, recipe),
            sweep=recipe.sweep if recipe else None,
            again=args.again,
            new_only=args.new_only,
            resend_if_absent=args.resend_if_absent,
            counts_input=can_ask(args),
            guesses=recipe.guesses if recipe else (),
            prime=args.prime,
            decision=decision_of(args),
        )
        order = await in_thread(lambda: _checked(order, runtime))
        if await refreshed_models(
            await runtime.connect(), context.config.data_dir, runtime.hint, runtime.now()
        ):
            order = await in_thread(lambda: _checked(order, runtime))
        order = msgspec.structs.replace(order, rows=await in_thread(lambda: _rows(args, context)))
        if args.pilot is not None:
            order = msgspec.structs.replace(order, part=Pilot(args.pilot, args.seed))
        elif args.rest_of:
            part = Rest(await _run_of(args.rest_of, runtime), args.max_tokens)
            order = msgspec.structs.replace(order, part=part)
            if args.max_tokens is None:
                await _offer_limit(part.run_id, context, runtime)
        return await send(order, args, context, runtime)


async def _offer_limit(run_id: str, context: Context, runtime: Runtime) -> None:
    """Say what the answers of the pilot allow as max_tokens, where that is known."""
    from claude_batch_tui.services.results.pilot_limit import pilot_limit
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.wording.submissions import pilot_limit_words

    found = await in_thread(lambda: pilot_limit(run_id, store=runtime.store, workspace=runtime.workspace))
    if found is not None:
        context.diagnostics.note(f"{pilot_limit_words(found)} --max-tokens {found.tokens} sets that.")


def _betas(args: argparse.Namespace, recipe: Recipe | None) -> tuple[str, ...]:
    """The beta headers asked for, or those of the recipe beside the file."""
    if args.betas is not None:
        return tuple(args.betas.replace(",", " ").split())
    return recipe.betas if recipe else ()


def _checked(order: SendOrder, runtime: Runtime) -> SendOrder:
    """The same with the check of its whole file. Raises DraftError with the first problem."""
    from claude_batch_tui.services.building.check import check_file, report_of
    from claude_batch_tui.services.submitting.prepare import require_sendable

    report = report_of(
        check_file(order.requests, runtime.config, runtime.now(), hint=runtime.hint, betas=order.betas)
    )
    require_sendable(report, order)
    return msgspec.structs.replace(order, report=report)


async def _run_of(word: str, runtime: Runtime) -> str:
    """The run that `word` means: its id, or that of a batch of it."""
    from claude_batch_tui.store import submissions

    if submissions.of_run(runtime.store, word):
        return word
    tracked = (await resolve(word, runtime))[0]
    if tracked.run_id is None:
        raise ConfigError(
            f"{word} was not submitted by cbtui on this machine, so its requests are not known."
        )
    return tracked.run_id


def _rows(args: argparse.Namespace, context: Context) -> Path | None:
    """The rows that belong to the requests: of the table that was named, or the rows file beside them.

    Raises SourceError where the table has no row for one of them, and DraftError where what is beside them is of others.
    """
    from claude_batch_tui.services.building.requests_files import beside, ids_of_requests, rows_match
    from claude_batch_tui.services.results.any_rows import rows_in_order
    from claude_batch_tui.store.locations import Locations

    rows: Path = args.rows or beside(args.file).rows
    if args.rows and not (rows.exists() and rows_match(args.file, rows)):
        ids = dict.fromkeys(ids_of_requests(args.file))
        return rows_in_order(rows, ids, Locations(context.config.data_dir).cache)
    if not rows.exists():
        return None
    if not rows_match(args.file, rows):
        raise DraftError(
            f"{rows} does not belong to {args.file}: its custom_ids are others. Build both again, or move it away."
        )
    return rows
