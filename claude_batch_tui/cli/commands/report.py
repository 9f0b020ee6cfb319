"""`cbtui report ID -o report.html`: a run as one page to send, without scripts or network."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.commands.score import add_score_options, score_asked
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.entries import positive_number
from claude_batch_tui.cli.results_files import Found, find_results
from claude_batch_tui.errors import ExportError
from claude_batch_tui.home import expand_home

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.wording.report import Report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID|FILE", help="a batch, a run, a name, or a results file")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=True, help="the page, an .html file"
    )
    parser.add_argument(
        "--sample", type=positive_number, default=20, metavar="N", help="entries shown in full (20)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same seed draws the same sample (0)"
    )
    add_score_options(parser)
    parser.add_argument("--force", action="store_true", help="replace what is there under that name")
    parser.epilog = (
        "With --expected or --judge the page has the score, with --beside that of two runs; see `cbtui score --help`.\n"
        "The page holds prompts and answers: send it to whom may read them."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Write the page."""
    from claude_batch_tui.store.files import written_whole
    from claude_batch_tui.wording.report import report_page

    output = expand_home(args.output)
    if output.exists() and not args.force:
        raise ExportError(f"{output} is there already: choose another name, or replace it with --force.")
    if not output.parent.is_dir():
        raise ExportError(f"There is no folder {output.parent}: create it first.")
    report = _report(args, context)
    with written_whole(output, ExportError) as file:
        file.writelines(piece.encode() for piece in report_page(report))
    context.diagnostics.note(f"{report.statistics.entries:,} entries, {len(report.sample):,} shown: {output}")
    return ExitCode.GOOD


def _report(args: argparse.Namespace, context: Context) -> Report:
    """What the page tells."""
    from claude_batch_tui.domain.filters.language import parse
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.filters.finding import find_all
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.samples import read_sample
    from claude_batch_tui.services.results.scoring import paired
    from claude_batch_tui.services.results.statistics import statistics
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed
    from claude_batch_tui.wording.report import Report

    wanted, prices = parse(args.where or ""), read_prices(context.config)
    score, runs = None, []
    if args.expected is not None or args.judge is not None or args.reviewed:
        first, *others = score_asked(args, context)
        found, score = first.found, first.scored.score
        if others:
            runs = [first.line(), *(one.line(paired(first.scored, one.scored)) for one in others)]
    else:
        found = find_results([args.id], context)[0]
    with ExitStack() as stack:
        results = stack.enter_context(open_indexed(found.path, Locations(context.config.data_dir).cache))
        positions = find_all(results, wanted, EntryCosts(results.index, prices))
        *_, numbers = statistics([(results.index, positions)], prices)
        shown = read_sample(results, positions, args.sample, args.seed, found.sent)
    now = datetime.now(UTC)
    return Report(
        title=f"{args.id}: {found.title}" if len(runs) > 1 + len(args.beside) else found.title,
        made=f"made {now:%Y-%m-%d %H:%M} UTC by cbtui",
        facts=run_to_end(_facts(found, args, context)),
        statistics=numbers,
        sample=shown,
        seed=args.seed,
        score=score,
        runs=runs,
    )


async def _facts(found: Found, args: argparse.Namespace, context: Context) -> list[tuple[str, str]]:
    """What was sent, when, and which entries are meant, as pairs of words."""
    from claude_batch_tui.cli.lookup import find_known
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.wording.values import duration

    facts = [("only entries", args.where)] if args.where else []
    if not found.is_batch:
        return [("results file", found.path.name), *facts]
    async with open_runtime(context.config, patience=context.patience) as runtime:
        batches = await find_known(found.batch_id, runtime)
    ends = [one.batch.ended_at for one in batches if one.batch.ended_at is not None]
    created = min((one.batch.created_at for one in batches), default=None)
    facts = [
        ("batches", ", ".join(one.id for one in batches)),
        ("model", ", ".join(dict.fromkeys(one.model for one in batches if one.model))),
        ("source", ", ".join(dict.fromkeys(one.source for one in batches if one.source))),
        ("sent", f"{created:%Y-%m-%d %H:%M} UTC" if created else ""),
        (
            "ended",
            f"{max(ends):%Y-%m-%d %H:%M} UTC, after {duration(max(ends) - created)}"
            if ends and created
            else "",
        ),
        *facts,
    ]
    return [(name, words) for name, words in facts if words]
