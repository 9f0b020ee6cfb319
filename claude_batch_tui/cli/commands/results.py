"""`cbtui results ID|FILE`: read or save results; downloads them first where they are not on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.counting import counted
from claude_batch_tui.cli.exporting import STDOUT, add_options, chosen_format, write
from claude_batch_tui.cli.ledger import add_ledger_options, show_ledger, wants_ledger
from claude_batch_tui.cli.locating import located

SUMMARY = "Read or save the results of a batch, or a results file."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "ids", metavar="ID|FILE", nargs="+", help="batches, runs, names, or results files: several as one"
    )
    parser.add_argument("-o", "--output", metavar="FILE", default=STDOUT, help="write here; - is stdout")
    parser.add_argument(
        "--stats", action="store_true", help="outcomes, stop reasons, errors, tokens, cost and cache instead"
    )
    add_options(parser)
    add_ledger_options(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Read the results, their numbers, or the ledger over them."""
    if wants_ledger(args):
        return show_ledger(args, context)
    return counted(args.ids, args, context) if args.stats else written(args, context)


def written(args: argparse.Namespace, context: Context) -> int:
    """Find the results, downloading what is not here, and write them; the exit code."""
    from claude_batch_tui.domain.filters.language import parse  # late: --help needs none of it
    from claude_batch_tui.domain.results.result import parse_sort
    from claude_batch_tui.services.exporting.target import Options, check_target

    form = chosen_format(args, args.output, context)
    if args.sort:
        parse_sort(args.sort)
    parse(args.where or "")  # what cannot be understood or written is said before anything is downloaded
    if args.output != STDOUT:
        check_target(
            Path(args.output).expanduser(), Options(form, force=args.force), ", or replace it with --force"
        )
    return write(located(args.ids, context), form, args.output, args, context)
