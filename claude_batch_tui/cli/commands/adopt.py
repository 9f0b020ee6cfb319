"""`cbtui adopt ID…`: batches made elsewhere become a run of ours."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import resolve

SUMMARY = "Make a run of batches that were made elsewhere, and name it."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "ids", metavar="ID", nargs="+", help="batches of this workspace; several become one run"
    )
    parser.add_argument("--name", metavar="NAME", help="what to call it")
    parser.epilog = (
        "Prints the id of the run. What was sent is not known of such a batch: the API gives no inputs back."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Adopt."""
    return run_to_end(_adopt(args, context))


async def _adopt(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.watching.labels import adopt

    async with open_runtime(context.config) as runtime:
        found = {tracked.id: tracked for word in args.ids for tracked in await resolve(word, runtime)}
        run_id = adopt(
            list(found.values()),
            name=args.name,
            store=runtime.store,
            workspace=runtime.known_workspace(),
            now=runtime.now(),
        )
        context.output.line(run_id)
    return ExitCode.GOOD
