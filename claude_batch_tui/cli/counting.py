"""Results in numbers: what `results --stats` prints."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.exporting import asked
from claude_batch_tui.cli.locating import located


def counted(words: Sequence[str], args: argparse.Namespace, context: Context) -> int:
    """Count what --where lets through of all that these words mean, and print it; the exit code."""
    from claude_batch_tui.domain.filters.language import parse  # late: --help needs none of it
    from claude_batch_tui.services.filters.finding import find_all
    from claude_batch_tui.services.prices import read_prices
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.schema_validation import validate_schemas
    from claude_batch_tui.services.results.statistics import statistics
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed
    from claude_batch_tui.wording import statistics_lines

    wanted, prices = parse(args.where or ""), read_prices(context.config)
    places = located(words, context)
    with ExitStack() as stack:
        cache = Locations(context.config.data_dir).cache
        files = [stack.enter_context(open_indexed(found.path, cache)) for found in places]
        for results, found in zip(files, places, strict=True):
            validate_schemas(results, asked(found.sent, args), cache)
        chosen = [
            (results.index, find_all(results, wanted, EntryCosts(results.index, prices))) for results in files
        ]
        for numbers in statistics(chosen, prices):
            context.diagnostics.progress(f"{numbers.entries:,} of {numbers.expected:,} entries")
    if args.json:
        context.output.json(numbers)
    else:
        context.output.lines(statistics_lines(numbers))
    is_good = numbers.answers.get("complete", 0) == numbers.entries
    return ExitCode.GOOD if is_good else ExitCode.NOT_ALL_GOOD
