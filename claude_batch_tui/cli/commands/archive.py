"""`cbtui archive ID…`: put batches away on this machine."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import resolve

SUMMARY = "Put batches away: hidden on this machine, untouched at the API."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("ids", metavar="ID", nargs="+", help="batches, runs or names")
    parser.add_argument("--undo", action="store_true", help="bring them back")
    parser.epilog = "`cbtui list --hidden` shows them, `--where state=hidden` only them."


def run(args: argparse.Namespace, context: Context) -> int:
    """Put away."""
    return run_to_end(_archive(args, context))


async def _archive(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.store import labels

    async with open_runtime(context.config) as runtime:
        found = {tracked.id: tracked for word in args.ids for tracked in await resolve(word, runtime)}
        labels.hide(
            runtime.store, runtime.known_workspace(), list(found), hidden=not args.undo, now=runtime.now()
        )
        for batch_id in found:
            context.output.line(f"{batch_id} {'shown' if args.undo else 'hidden'}")
    return ExitCode.GOOD
