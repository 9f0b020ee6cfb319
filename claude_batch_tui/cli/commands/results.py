"""`cbtui results ID|FILE`: read or save results; downloads them first where they are not on this machine."""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode, exit_code
from claude_batch_tui.cli.entries import STDOUT, add_options, choose_format, sent_files, write_entries
from claude_batch_tui.cli.ledger import add_ledger_options, show_ledger, wants_ledger
from claude_batch_tui.cli.outcomes import verdict
from claude_batch_tui.cli.results_files import find_results, require_whole
from claude_batch_tui.domain.batches.tracked import ResultsState
from claude_batch_tui.errors import CbtuiError, ConfigError, ExportError
from claude_batch_tui.exports.formats import format_called
from claude_batch_tui.home import expand_home

_EVERY = 1_000_000
"""Batches of the API that are looked through at most."""

if TYPE_CHECKING:
    from claude_batch_tui.exports.formats import Format


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "ids", metavar="ID|FILE", nargs="*", help="batches, runs, names, or results files: several as one"
    )
    parser.add_argument(
        "--all-ended",
        action="store_true",
        help="instead: everything that has ended, a file a run or batch in the folder -o; what is there already is left",
    )
    parser.add_argument("-o", "--output", metavar="FILE", default=STDOUT, help="write here; - is stdout")
    parser.add_argument(
        "--stats", action="store_true", help="outcomes, stop reasons, errors, tokens, cost and cache instead"
    )
    add_options(parser)
    add_ledger_options(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Read the results, their numbers, or the ledger over them."""
    if args.all_ended:
        return _write_all_ended(args, context)
    if not args.ids:
        raise ConfigError("Say whose results: a batch, a run, a name or a results file, or --all-ended.")
    if args.rows is not None:
        from claude_batch_tui.services.results.any_rows import require_rows  # late: --help needs none of it

        require_rows(args.rows)
    if wants_ledger(args):
        return show_ledger(args, context)
    return _show_statistics(args, context) if args.stats else write_results(args, context)


def write_results(args: argparse.Namespace, context: Context) -> int:
    """Find the results, downloading what is not here, and write them; the exit code."""
    form = check_output(args, context)
    found = find_results(args.ids, context, every=args.attempts == "all")
    if args.output != STDOUT:
        require_whole(found, args.output)
    return write_entries(found, form, args.output, args, context)


def check_output(args: argparse.Namespace, context: Context) -> Format:
    """The format that is to be written. What cannot be understood or written is said before anything is downloaded or paid:

    raises ConfigError or ExportError.
    """
    from claude_batch_tui.domain.filters.language import parse  # late: --help needs none of it
    from claude_batch_tui.services.exporting.target import Options, check_target
    from claude_batch_tui.services.filters.sorting import parse_sort

    form = choose_format(args, args.output, context)
    if args.sort:
        parse_sort(args.sort)
    parse(args.where or "")
    if args.output != STDOUT:
        check_target(
            expand_home(args.output), Options(form, force=args.force), ", or replace it with --force"
        )
    return form


def _write_all_ended(args: argparse.Namespace, context: Context) -> int:
    """Write everything that has ended, a file each; the worst exit code. What cannot be had is said, and the others go on."""
    folder = expand_home(args.output)
    if args.output == STDOUT or args.ids or args.stats or wants_ledger(args):
        raise ConfigError("--all-ended writes a file for each run or batch: say only a folder, -o DIR.")
    form = format_called(args.format or "jsonl")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{folder} cannot be made: {error.strerror}.") from error
    code, written, there = int(ExitCode.GOOD), 0, 0
    for word in run_to_end(_ended(context)):
        target = folder / f"{word}{form.endings[0]}"
        if target.exists() and not args.force:
            there += 1
            continue
        one = argparse.Namespace(**{**vars(args), "ids": [word], "output": str(target), "format": form.name})
        try:
            code, written = max(code, int(write_results(one, context))), written + 1
        except CbtuiError as error:
            context.diagnostics.error(f"{word}: {error}")
            code = max(code, int(exit_code(error)))
    context.diagnostics.note(f"{written:,} written to {folder}, {there:,} there already.")
    return code


async def _ended(context: Context) -> list[str]:
    """The runs of which something has ended and the batches without a run that have, oldest first, as far as the API goes."""
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.watching.listing import newest

    async with open_runtime(context.config, patience=context.patience) as runtime:
        listed = await newest(
            _EVERY,
            api=await runtime.connect(),
            store=runtime.store,
            hint=runtime.hint,
            now=runtime.now(),
            and_known=True,
        )
        now = runtime.now()
        ended = [
            tracked
            for tracked in reversed(listed.batches)
            if tracked.batch.results_readable(now) or tracked.results is not ResultsState.NONE
        ]
        return [*dict.fromkeys(tracked.run_id or tracked.id for tracked in ended)]


def _show_statistics(args: argparse.Namespace, context: Context) -> int:
    """Count what --where lets through, and print the numbers; the exit code."""
    from claude_batch_tui.domain.filters.language import parse  # late: --help needs none of it
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.filters.finding import find_all
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.schema_validation import validate_schemas
    from claude_batch_tui.services.results.statistics import statistics
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed
    from claude_batch_tui.wording.results import statistics_lines

    wanted, prices = parse(args.where or ""), read_prices(context.config)
    places = find_results(args.ids, context, every=args.attempts == "all")
    with ExitStack() as stack:
        cache = Locations(context.config.data_dir).cache
        files = [stack.enter_context(open_indexed(found.path, cache)) for found in places]
        for results, found in zip(files, places, strict=True):
            validate_schemas(results, sent_files(found.sent, args), cache)
        chosen = [
            (results.index, find_all(results, wanted, EntryCosts(results.index, prices))) for results in files
        ]
        for numbers in statistics(chosen, prices):
            context.diagnostics.progress(f"{numbers.entries:,} of {numbers.expected:,} entries")
        classes = [
            Counter(one.index.class_counts())
            for one, found in zip(files, places, strict=True)
            if found.classes is None
        ]
    if args.json:
        context.output.json(numbers)
    else:
        context.output.lines(statistics_lines(numbers))
    code, words = verdict(places, sum(classes, Counter()))
    for line in words:
        context.diagnostics.note(line)
    return code
