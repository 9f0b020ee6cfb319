"""`cbtui results ID|FILE`: read or save results; downloads them first where they are not on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.exporting import STDOUT, add_options, chosen_format, write
from claude_batch_tui.cli.locating import located

SUMMARY = "Read or save the results of a batch, or a results file."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID|FILE", help="a batch, a run, a name, or a results file")
    parser.add_argument("-o", "--output", metavar="FILE", default=STDOUT, help="write here; - is stdout")
    parser.add_argument(
        "--stats", action="store_true", help="outcomes, stop reasons, errors, tokens, cost and cache instead"
    )
    parser.add_argument("--json", action="store_true", help="with --stats: the numbers as JSON")
    add_options(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Read the results."""
    return counted(args, context) if args.stats else written(args, context)


def counted(args: argparse.Namespace, context: Context) -> int:
    """The results in numbers; the exit code."""
    from contextlib import ExitStack  # late: --help needs none of it

    from claude_batch_tui.domain.filtering import parse
    from claude_batch_tui.runtime import read_prices
    from claude_batch_tui.services.selecting import select
    from claude_batch_tui.services.statistics import statistics
    from claude_batch_tui.store.results_file import open_indexed
    from claude_batch_tui.wording import statistics_lines

    wanted = parse(args.where or "")
    with ExitStack() as stack:
        files = [stack.enter_context(open_indexed(found.path)) for found in located(args.id, context)]
        chosen = [(results, select(wanted, results.index)) for results in files]
        for found in statistics(chosen, read_prices(context.config)):
            context.diagnostics.progress(f"{found.entries:,} of {found.expected:,} entries")
    if args.json:
        context.output.json(found)
    else:
        context.output.lines(statistics_lines(found))
    return ExitCode.GOOD if found.succeeded == found.entries else ExitCode.NOT_ALL_GOOD


def written(args: argparse.Namespace, context: Context) -> int:
    """Find the results, downloading what is not here, and write them; the exit code."""
    from claude_batch_tui.domain.filtering import parse  # late: --help needs none of it
    from claude_batch_tui.services.export_target import Options, check_target

    form = chosen_format(args, args.output, context)
    parse(args.where or "")  # what cannot be understood or written is said before anything is downloaded
    if args.output != STDOUT:
        check_target(Path(args.output).expanduser(), Options(form, force=args.force))
    return write(located(args.id, context), form, args.output, args, context)
