"""`cbtui export ID|FILE`: results as a file of any format; `results` under a verb that never prints them."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.commands import results
from claude_batch_tui.cli.entries import STDOUT, add_options
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.exports.formats import file_stem, format_called


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "ids", metavar="ID|FILE", nargs="+", help="batches, runs, names, or results files: several as one"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to; left out, a file here called like the first, CSV unless --format says other; - is stdout",
    )
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="what was written as a JSON object; needs a file")


def run(args: argparse.Namespace, context: Context) -> int:
    """Export."""
    if args.output is None:
        stem = file_stem(args.ids[0].rpartition("/")[2].removesuffix(".gz").removesuffix(".jsonl"))
        args.output = stem + format_called(args.format or "csv").endings[0]
    if args.json and args.output == STDOUT:
        raise ConfigError("--json says what was written to a file: not with -o -.")
    return results.write_results(args, context)
