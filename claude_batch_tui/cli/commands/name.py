"""`cbtui name ID NAME`: a name of our own for a batch or a run."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context, run_to_end

SUMMARY = "Name a batch or a run; every command then takes the name."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="a batch, a run or its name")
    parser.add_argument("name", metavar="NAME", help='the name; "" takes it away')
    parser.epilog = "Names are kept on this machine: the API has none."


def run(args: argparse.Namespace, context: Context) -> int:
    """Name."""
    from claude_batch_tui.cli.labelling import write_label  # late: --help needs none of it
    from claude_batch_tui.services.watching.labels import set_name

    return run_to_end(write_label(args.id, args.name, set_name, context))
