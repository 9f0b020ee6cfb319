"""`cbtui note ID TEXT`: a note of our own on a batch or a run."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode

SUMMARY = "Write a note on a batch or a run."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="a batch, a run or its name")
    parser.add_argument("text", metavar="TEXT", help='the note; "" takes it away')
    parser.epilog = "Notes are kept on this machine; `cbtui list --where note:WORD` finds them."


def run(args: argparse.Namespace, context: Context) -> int:
    """Note."""
    return run_to_end(_note(args, context))


async def _note(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.labels import target_of
    from claude_batch_tui.store import ours

    async with open_runtime(context.config) as runtime:
        target = target_of(await runtime.resolve_all(args.id))
        text = " ".join(args.text.split()) or None
        ours.note(runtime.store, runtime.known_scope(), target, text, runtime.now())
        context.output.line(f"{target} {text or ''}".rstrip())
    return ExitCode.GOOD
