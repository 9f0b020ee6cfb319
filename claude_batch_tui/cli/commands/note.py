"""`cbtui note ID TEXT`: a note of our own on a batch or a run."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.lookup import add_json_option, label_target


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="a batch, a run or its name")
    parser.add_argument("text", metavar="TEXT", help='the note; "" takes it away')
    add_json_option(parser)
    parser.epilog = "Notes are kept on this machine; `cbtui list --where note:WORD` finds them."


async def run(args: argparse.Namespace, context: Context) -> int:
    """Note."""
    from claude_batch_tui.services.watching.labels import set_note  # late: --help needs none of it

    return await label_target(args.id, args.text, set_note, context, as_json=args.json)
