"""`cbtui compare A B`: two results files joined by custom_id, answers that agree, tokens and cost side by side; or all runs
of a sweep.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.results_files import find_each, find_results
from claude_batch_tui.cli.tables import variants_table
from claude_batch_tui.errors import ConfigError

if TYPE_CHECKING:
    from claude_batch_tui.services.exporting.target import Options
    from claude_batch_tui.services.results.compare import Comparison

_IDS = {
    "same": "same",
    "different": "different",
    "one-failed": "one failed",
    "both-failed": "both failed",
    "only-a": "only in A",
    "only-b": "only in B",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("a", metavar="A", help="a batch, a run, a name, a results file; or, alone, a sweep")
    parser.add_argument("b", metavar="B", nargs="?", help="another")
    parser.add_argument("--where", metavar="FILTER", help="only these entries of A, and what B has for them")
    parser.add_argument(
        "--ids", choices=tuple(_IDS), help="print the custom_ids of these instead, one a line"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the pairs that differ as a table"
    )
    parser.add_argument(
        "--only", choices=tuple(_IDS), help="write these pairs instead of all that are not the same"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the -o file")
    parser.add_argument("--json", action="store_true", help="the counts as JSON")
    parser.epilog = (
        "Entries are joined by custom_id; answers are the same where their texts and tool calls are.\n"
        "The ending of -o chooses the format: .csv, .json, .flat.jsonl or .parquet; a row a pair, A beside B.\n"
        "A sweep, named as it was built, is a table: a line each variant with cost, tokens, outcomes, and how often it\n"
        "answers as the first; `cbtui score` adds the scores.\n"
        "Exit codes: 0 all agree, 1 some do not or are on one side only, 3 there are no results; of a sweep 0 or 3."
    )


def _options(args: argparse.Namespace) -> Options:
    """How to write the pairs. Raises ConfigError or ExportError where they cannot go there, before anything is read."""
    from claude_batch_tui.exports.formats import FORMATS, format_of
    from claude_batch_tui.services.exporting.target import Options, check_target

    form = format_of(str(args.output))
    if not form.is_table:
        endings = ", ".join(one.endings[0] for one in FORMATS if one.is_table)
        raise ConfigError(f"{args.output}: pairs are a table: end its name in {endings}.")
    options = Options(form, force=args.force)
    check_target(args.output, options, ", or replace it with --force")
    return options


def _write(whole: Comparison, options: Options, args: argparse.Namespace, context: Context) -> None:
    """Write the pairs that differ, or those of --only."""
    from claude_batch_tui.domain.results.comparison import Agreement
    from claude_batch_tui.services.exporting.pairs import export_pairs, pairs_of
    from claude_batch_tui.services.results.compare import DIFFERENT

    ways = [Agreement(_IDS[args.only])] if args.only else DIFFERENT
    numbers = pairs_of(whole, ways)
    for count in export_pairs(whole, numbers, args.output, options):
        context.diagnostics.progress(f"{count:,} of {len(numbers):,} pairs written")
    context.diagnostics.note(f"{len(numbers):,} of {whole.total:,} pairs in {args.output}")


def _compare_sweep(args: argparse.Namespace, context: Context) -> int:
    """A line each run of a sweep. Raises ConfigError where the word means none."""
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.results.variants import VariantFile, variant_lines
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.wording.scores import variant_json, variant_rows

    if args.where or args.ids or args.output or args.only:
        raise ConfigError("--where, --ids, --only and -o are for two: name A and B.")
    found = find_each([args.a], context)
    if len(found) < 2:
        raise ConfigError(f"{args.a} is no sweep: name what it is to be compared with.")
    files = [VariantFile(one.title, one.path, one.rows) for one in found]
    for step in variant_lines(files, Locations(context.config.data_dir).cache, read_prices(context.config)):
        if isinstance(step, int):
            context.diagnostics.progress(f"{step:,} answers compared")
        elif args.json:
            told = [
                {"title": line.title, "id": one.batch_id, "same": line.same, **variant_json(line)}
                for one, line in zip(found, step, strict=True)
            ]
            context.output.json({"sweep": args.a, "variants": told})
        else:
            context.output.lines(variants_table(variant_rows(step)))
    return ExitCode.GOOD


def run(args: argparse.Namespace, context: Context) -> int:
    """Compare."""
    from claude_batch_tui.domain.filters.language import parse
    from claude_batch_tui.domain.results.comparison import Agreement
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.filters.finding import find_all
    from claude_batch_tui.services.results.compare import ORDER, compare
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed
    from claude_batch_tui.wording.results import compared_words, comparison_lines

    if args.b is None:
        return _compare_sweep(args, context)
    wanted, prices = parse(args.where or ""), read_prices(context.config)
    options = None if args.output is None else _options(args)
    sides = [find_results([word], context)[0] for word in (args.a, args.b)]
    cache = Locations(context.config.data_dir).cache
    whole: Comparison | None = None
    with ExitStack() as stack:
        left, right = (stack.enter_context(open_indexed(side.path, cache)) for side in sides)
        chosen = find_all(left, wanted, EntryCosts(left.index, prices)) if args.where else None
        for whole in compare(left, right, prices=prices, chosen=chosen):
            context.diagnostics.progress(compared_words(whole.count, whole.total))
        if whole is None:
            return ExitCode.GOOD
        agreed = whole.agreed()
        if options is not None:
            _write(whole, options, args, context)
        if args.ids:
            number = ORDER.index(Agreement(_IDS[args.ids]))
            found = (at for at, each in enumerate(whole.agreements) if each == number)
            context.output.lines(whole.pair(at).custom_id for at in found)
        elif args.json:
            context.output.json({"a": sides[0].title, "b": sides[1].title, "agreements": agreed})
        else:
            context.output.lines(comparison_lines(agreed, sides[0].title, sides[1].title))
    different = whole.total - agreed.counts[Agreement.SAME]
    if not different:
        return ExitCode.GOOD
    context.diagnostics.note(f"{different:,} of {whole.total:,} do not agree, or are on one side only.")
    return ExitCode.NOT_ALL_GOOD
