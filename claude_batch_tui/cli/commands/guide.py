"""`cbtui guide [TOPIC]`: how it is used, from loop to troubleshooting, as Markdown."""

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
        help="skill (the loop), api-overview, best-practices, troubleshooting, filters, or words to look for",
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Print a page, or the sections that say something about the words."""
    from claude_batch_tui.services.guide import PAGES, find_topic, page  # late: --help needs none of it

    context.output.lines((find_topic(" ".join(args.topic)) if args.topic else page("skill")).splitlines())
    if not args.topic:
        context.diagnostics.note(f"Topics: {', '.join(PAGES)}, or words to look for.")
    return ExitCode.GOOD
