"""`cbtui adopt ID…`: batches made elsewhere become a run of ours, with what they were sent where that is said."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import add_json_option, label_batches, resolve_one, write_batches
from claude_batch_tui.errors import ConfigError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "ids", metavar="ID", nargs="+", help="batches of this workspace; several become one run"
    )
    parser.add_argument("--name", metavar="NAME", help="what to call it")
    parser.add_argument(
        "--sent",
        type=Path,
        metavar="FILE",
        help="the requests of this batch as they were sent: checked against its results, and kept",
    )
    add_json_option(parser)
    parser.epilog = (
        "Prints the id of the run. The API gives no inputs back: without --sent there is no retry, ledger or join of such a\n"
        "batch. --sent takes one batch, which has ended."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Adopt."""

    def make_run(found: Sequence[TrackedBatch], runtime: Runtime) -> list[str]:
        from claude_batch_tui.services.watching.labels import adopt

        workspace, now = runtime.known_workspace(), runtime.now()
        return [adopt(found, name=args.name, store=runtime.store, workspace=workspace, now=now)]

    if args.sent is None:
        return await label_batches(args.ids, make_run, context, as_json=args.json)
    if len(args.ids) > 1:
        raise ConfigError("--sent FILE is what one batch was sent: adopt one after the other.")
    return await _adopt_with(args, context)


async def _adopt_with(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.store import submissions

    (word,) = args.ids
    async with open_runtime(context.config, patience=context.patience) as runtime:
        tracked = await resolve_one(word, runtime)
        if submissions.of_batch(runtime.store, tracked.id) is not None:
            raise ConfigError(f"What {tracked.title} was sent is known on this machine already.")
        run_id = await keep_sent(tracked.id, args.sent, args.name, context, runtime)
        if args.json:
            write_batches([await resolve_one(tracked.id, runtime)], context, runtime)
        else:
            context.output.line(run_id)
    return ExitCode.GOOD


async def keep_sent(batch_id: str, sent: Path, name: str | None, context: Context, runtime: Runtime) -> str:
    """Adopt one batch with what it was sent, the id of its run; one that was adopted without it keeps its run.

    Raises DraftError where the file is not what it was sent.
    """
    from claude_batch_tui.cli.results_files import results_of
    from claude_batch_tui.services.watching.sent_elsewhere import keep_sent as keep

    (found,) = await results_of(batch_id, context, runtime)
    return await keep(
        await resolve_one(batch_id, runtime),
        sent,
        found.path,
        name=name,
        store=runtime.store,
        workspace=runtime.known_workspace(),
        now=runtime.now(),
    )
