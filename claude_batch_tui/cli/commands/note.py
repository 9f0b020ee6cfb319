"""`cbtui note ID TEXT`: a note of our own on a batch or a run."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context, run_to_end

SUMMARY = "Write a note on a batch or a run."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="a batch, a run or its name")
    parser.add_argument("text", metavar="TEXT", help='the note; "" takes it away')
    parser.epilog = "Notes are kept on this machine; `cbtui list --where note:WORD` finds them."


def run(args: argparse.Namespace, context: Context) -> int:
    """Note."""
    from claude_batch_tui.cli.labelling import write_label  # late: --help needs none of it
    from claude_batch_tui.services.watching.labels import set_note

    return run_to_end(write_label(args.id, args.text, set_note, context))
