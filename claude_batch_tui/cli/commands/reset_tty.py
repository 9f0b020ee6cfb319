"""`cbtui reset-tty`: put a terminal right after a kill that left no time to do so."""

from __future__ import annotations

import argparse
import subprocess
import sys

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode

_RESTORE = (
    "\x1b[?1049l"  # the normal screen
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # no mouse reports
    "\x1b[?1004l\x1b[?2004l\x1b[<u"  # no focus reports, bracketed paste or Kitty keys
    "\x1b[?25h\x1b[0m"  # a cursor, no colours
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: there are none."""
    parser.epilog = (
        "What a dashboard killed with -9 leaves on: the alternate screen, mouse reports, raw keys."
    )


def run(_args: argparse.Namespace, context: Context) -> int:
    """Write the sequences to the terminal and make the line editor sane."""
    if not sys.stdout.isatty():
        context.diagnostics.error("reset-tty wants to run in the terminal it is to put right.")
        return ExitCode.USAGE
    context.output.control(_RESTORE)
    subprocess.run(["stty", "sane"], check=False)  # noqa: S607 — the user's own stty
    return ExitCode.GOOD
