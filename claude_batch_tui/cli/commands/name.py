"""`cbtui name ID NAME`: a name of our own for a batch or a run."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.lookup import add_json_option, label_target


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="a batch, a run or its name")
    parser.add_argument("name", metavar="NAME", help='the name; "" takes it away')
    add_json_option(parser)
    parser.epilog = "Names are kept on this machine: the API has none."


async def run(args: argparse.Namespace, context: Context) -> int:
    """Name."""
    from claude_batch_tui.services.watching.labels import set_name  # late: --help needs none of it

    return await label_target(args.id, args.name, set_name, context, as_json=args.json)
