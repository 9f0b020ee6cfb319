"""`cbtui results ID|FILE`: read or save results; downloads them first where they are not on this machine."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode

if TYPE_CHECKING:
    from claude_batch_tui.domain.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime

SUMMARY = "Read or save the results of a batch, or a results file."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID|FILE", help="a batch, a run, a name, or a results file")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here instead of to stdout")
    parser.add_argument(
        "--format", choices=("jsonl", "csv"), help="jsonl (the API's lines), or csv; by -o's ending"
    )
    parser.add_argument("--where", metavar="FILTER", help="only these: e.g. 'outcome=errored and id:T-9'")
    parser.add_argument(
        "--sort", metavar="COLUMN", help="in this order: e.g. cost:desc (JSON lines; CSV has the source's)"
    )
    parser.add_argument(
        "--rows", type=Path, metavar="FILE", help="the rows file to join (known for own batches)"
    )
    parser.add_argument(
        "--csv-raw", action="store_true", help="CSV cells exactly, not guarded against formulas"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the -o file")
    parser.epilog = (
        "Filter: FIELD OP VALUE with and, or, not, ( ). Fields: id outcome class stop error text (= != : contains,\n"
        "~ regex), in out cost (= != < <= > >=; cost in US dollars), json:$.path (all of these), which looks into\n"
        "answers that are JSON. A bare word means id:word; id=T-9* is a glob; text:word ignores case unless it has\n"
        "a capital. Values with blanks or parentheses stand in double quotes. CSV is joined with the source's\n"
        "columns, in its order. Exit codes: 0 all succeeded, 1 some did not, 3 there are no results, 4 the file is not whole."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Read the results."""
    from claude_batch_tui.domain.filtering import parse  # late: --help needs none of it
    from claude_batch_tui.services.sorting import FILE_ORDER, parse_sort

    parse(args.where or "")  # what cannot be understood is said before anything is downloaded
    parse_sort(args.sort or FILE_ORDER)
    word = args.id
    if "/" in word or word.endswith((".jsonl", ".gz", ".incomplete")):
        return _write(Path(word), None, args, context)
    return asyncio.run(_of_batch(args, context))


async def _of_batch(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime  # late, as the SDK is

    async with open_runtime(context.config) as runtime:
        code = ExitCode.GOOD
        found = await runtime.resolve_all(args.id)
        if len(found) > 1 and args.output is not None:
            context.diagnostics.note(f"{args.id} is a run of {len(found)} batches: name one of them for -o.")
            return ExitCode.USAGE
        for tracked in found:
            path = runtime.results_file(tracked.id)
            if path is None or path.suffix == ".incomplete":
                path = await _download(tracked, runtime, context)
            code = max(code, ExitCode(_write(path, runtime.rows_path(tracked.id), args, context)))
            if path.suffix == ".incomplete":
                code = ExitCode.STORE
        return code


async def _download(tracked: TrackedBatch, runtime: Runtime, context: Context) -> Path:
    from claude_batch_tui.domain.tracked import DownloadState
    from claude_batch_tui.errors import ResultsUnavailableError, VerificationError
    from claude_batch_tui.wording import progress_words, size

    fresh = await runtime.retrieve(tracked.id)
    if not fresh.batch.has_ended:
        raise ResultsUnavailableError(
            f"{fresh.title} has not ended: {progress_words(fresh.batch, runtime.now())}. "
            f"Results can be read when it has; `cbtui watch {fresh.id}` waits for that."
        )
    async for update in runtime.download(fresh, lambda: False):
        context.diagnostics.progress(
            f"{size(update.bytes_done)}, {update.lines:,} of {update.lines_expected or 0:,} results, "
            f"{size(int(update.bytes_per_second))}/s"
        )
        if update.state is DownloadState.PROBLEMS:
            context.diagnostics.error(f"{fresh.title}: {update.error}")
    path = runtime.results_file(fresh.id)
    if path is None:
        raise VerificationError(f"The results of {fresh.id} could not be kept.")
    return path


def _write(path: Path, rows_path: Path | None, args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.domain.filtering import parse
    from claude_batch_tui.domain.result import Outcome
    from claude_batch_tui.runtime import read_prices
    from claude_batch_tui.services.browse import RowsFile
    from claude_batch_tui.services.costing import EntryCosts
    from claude_batch_tui.services.export import export, opened
    from claude_batch_tui.services.finding import find_all
    from claude_batch_tui.services.sorting import FILE_ORDER, in_order, parse_sort
    from claude_batch_tui.store.results_file import open_indexed

    kind = args.format or ("csv" if args.output is not None and args.output.suffix == ".csv" else "jsonl")
    with open_indexed(path) as results:
        costs = EntryCosts(read_prices(context.config))
        found = find_all(results, parse(args.where or ""), costs)
        positions = in_order(found, parse_sort(args.sort or FILE_ORDER), results, costs)
        joined = args.rows or rows_path
        rows = RowsFile(joined) if kind == "csv" and joined is not None else None
        if args.output is not None:
            with opened(args.output, force=args.force) as file:
                written = export(results, positions, file, kind=kind, rows=rows, raw=args.csv_raw)
            context.diagnostics.note(
                f"{written.entries:,} of {results.index.count:,} results in {args.output}"
            )
            if written.guarded:
                context.diagnostics.note(
                    f"{written.guarded:,} cells guarded against formulas (--csv-raw for none)"
                )
        else:
            stream = context.output.binary()
            export(results, positions, stream, kind=kind, rows=rows, raw=args.csv_raw)
            stream.flush()
        counts = results.index.outcome_counts()
        good = counts[Outcome.SUCCEEDED] == results.index.count
    return ExitCode.GOOD if good else ExitCode.NOT_ALL_GOOD
