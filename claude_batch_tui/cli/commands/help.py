"""`cbtui help [COMMAND|TOPIC]`: the options of a command, or what the guide says about something."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "topic",
        metavar="TOPIC",
        nargs="*",
        help="a command, a topic of `cbtui guide`, or words to look for in it",
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Print what there is. The options of commands are printed before this is reached."""
    from claude_batch_tui.services.guide import find_topic  # late: --help needs none of it

    context.output.lines(find_topic(" ".join(args.topic)).splitlines())
    return ExitCode.GOOD
