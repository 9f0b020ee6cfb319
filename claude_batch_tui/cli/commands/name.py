"""`cbtui name ID NAME`: a name of our own for a batch or a run."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode

SUMMARY = "Name a batch or a run; every command then takes the name."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="a batch, a run or its name")
    parser.add_argument("name", metavar="NAME", help='the name; "" takes it away')
    parser.epilog = "Names are kept on this machine: the API has none."


def run(args: argparse.Namespace, context: Context) -> int:
    """Name."""
    return run_to_end(_name(args, context))


async def _name(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.labels import set_name, target_of

    async with open_runtime(context.config) as runtime:
        found = await runtime.resolve_all(args.id)
        name = " ".join(args.name.split()) or None
        set_name(found, name, store=runtime.store, scope=runtime.known_scope(), now=runtime.now())
        context.output.line(f"{target_of(found)} {name or ''}".rstrip())
    return ExitCode.GOOD
