"""`cbtui delete ID --yes`: delete an ended batch and its results from the API."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import resolve_all
from claude_batch_tui.errors import UnknownOutcomeError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("ids", metavar="ID", nargs="+", help="batches, runs or names")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="a JSON object for every deleted batch")
    parser.epilog = (
        "Results that were not downloaded are lost with it. A batch must have ended: cancel it first."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Delete."""
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.watching.cancel import delete

    async with open_runtime(context.config, patience=context.patience) as runtime:
        found = await resolve_all(args.ids, runtime)
        unsaved = [tracked for tracked in found if tracked.results.value == "none"]
        requests = sum(tracked.batch.request_counts.total for tracked in found)
        question = f"Delete {len(found)} batch(es) with {requests:,} requests from the API?"
        if unsaved:
            question += f" The results of {len(unsaved)} were never downloaded and would be lost."
        if not context.confirm(question, yes=args.yes):
            return ExitCode.USAGE
        api, code = await runtime.connect(), ExitCode.GOOD
        for tracked in found:
            try:
                await delete(tracked, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now())
            except UnknownOutcomeError as error:
                context.diagnostics.error(str(error))
                code = ExitCode.UNKNOWN_OUTCOME
                continue
            if args.json:
                context.output.json({"id": tracked.id, "type": "message_batch_deleted"})
            else:
                context.output.line(f"{tracked.id} deleted")
    return code
