"""`cbtui export ID|FILE`: results as a file of any format; `results` under a verb that never prints them."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.commands import results
from claude_batch_tui.cli.exporting import add_options
from claude_batch_tui.exports.formats import file_stem, format_called

SUMMARY = "Save results as CSV, JSON, SQLite, Parquet, Markdown or a file an answer."


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


def run(args: argparse.Namespace, context: Context) -> int:
    """Export."""
    if args.output is None:
        stem = file_stem(args.ids[0].rpartition("/")[2].removesuffix(".gz").removesuffix(".jsonl"))
        args.output = stem + format_called(args.format or "csv").endings[0]
    return results.written(args, context)
