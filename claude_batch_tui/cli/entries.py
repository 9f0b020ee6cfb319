"""What `results` and `export` share: their options, and writing entries of one or several results files."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.outcomes import verdict
from claude_batch_tui.cli.results_files import Found
from claude_batch_tui.domain.results.result import SORT_COLUMNS
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.exports.formats import FORMATS, NAMES, Format, format_called, format_of
from claude_batch_tui.home import expand_home

if TYPE_CHECKING:
    from array import array

    from claude_batch_tui.domain.money.pricing import PriceTable
    from claude_batch_tui.services.exporting.export import Exported, Part
    from claude_batch_tui.services.filters.streaming import StreamingFilter
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.reviewing import Reviews
    from claude_batch_tui.services.results.schema_validation import Sent
    from claude_batch_tui.store.results.file import ResultsFile

STDOUT = "-"


def positive_number(text: str) -> int:
    """A whole number from 1 on. Raises ArgumentTypeError with what to do."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"a whole number from 1 on, not {text!r}")
    return int(text)


def add_form_options(parser: argparse.ArgumentParser) -> None:
    """In which form entries are written."""
    parser.add_argument("--format", choices=NAMES, help="which format; left out, the ending of -o chooses")
    parser.add_argument(
        "--spread", action="store_true", help="the top-level keys of JSON answers become columns"
    )
    parser.add_argument(
        "--columns", metavar="LIST", help="only these, in their order, e.g. custom_id,json.label,cost"
    )
    parser.add_argument(
        "--csv-raw", action="store_true", help="CSV cells exactly, not guarded against formulas"
    )
    parser.add_argument(
        "--excel",
        action="store_true",
        help="mark CSV as UTF-8, so that Excel shows its letters; .xlsx keeps types too",
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of everything that writes entries of batches and files."""
    add_form_options(parser)
    parser.add_argument("--where", metavar="FILTER", help="only these: e.g. 'outcome=errored and id:T-9'")
    parser.add_argument(
        "--sort", metavar="COLUMN", help="in this order, e.g. cost:desc; left out, the source's or the file's"
    )
    parser.add_argument(
        "--limit", type=positive_number, metavar="N", help="no more than N entries: the first ones"
    )
    parser.add_argument(
        "--rows",
        type=Path,
        metavar="FILE",
        help="a CSV or JSON Lines file to join, by its column of ids (known for own batches)",
    )
    parser.add_argument(
        "--sent",
        "--requests",
        dest="requests",
        type=Path,
        metavar="FILE",
        help="the requests as they were sent, for schemas and ledger (known for own batches)",
    )
    parser.add_argument(
        "--attempts",
        choices=("newest", "all"),
        default="newest",
        help="of a run the newest good answer of every id (newest), or all that came back",
    )
    parser.add_argument("--force", action="store_true", help="replace what is there under that name")
    formats = "\n".join(f"  {one.name:<9} {one.endings[0]:<12} {one.words}" for one in FORMATS)
    parser.epilog = (
        f"Formats, and the ending that chooses them:\n{formats}\n\n"
        "Opened by their plain call and nothing lost: .parquet in DuckDB, Polars, pandas, PyArrow and datasets, .db in\n"
        "csvkit (sql2csv) and VisiData, .xlsx in a spreadsheet. What each tool does with the others: docs/opening.md.\n"
        "All are joined with the source's columns and in its order, where the rows file is known.\n"
        "Filter: FIELD OP VALUE with and, or, not, ( ). Fields: id outcome class stop error text (= != : contains,\n"
        "~ regex), in out cost (= != < <= > >=; cost in US dollars), json.path (all of these), which looks into\n"
        "answers that are JSON. A bare word means id:word; id=T-9* is a glob; text:word ignores case unless it has\n"
        "a capital. Values with blanks or parentheses stand in double quotes.\n"
        f"Orders: {', '.join(SORT_COLUMNS)}, json.path, each with :desc for the largest first.\n"
        "Columns: those of the formats, of the source, and json.path, a value in an answer that is JSON.\n"
        "Exit codes: 0 all succeeded with whole answers, 1 some did not, 6 those were canceled or expired, 3 there are no results,\n"
        "4 the file is not whole; with --limit only what was read for it counts."
    )


def choose_format(args: argparse.Namespace, output: str, context: Context) -> Format:
    """The format asked for. Raises ConfigError where it cannot go where it is to go, or no columns can have these names,
    before anything is done.
    """
    from claude_batch_tui.services.exporting.picking import column_names  # late: --help needs none of it

    if args.format:
        form = format_called(args.format)
    elif output == STDOUT:
        form = format_called("jsonl" if args.columns is None else "csv")
    else:
        form = format_of(output)
    if args.excel and form.name != "csv":
        raise ConfigError(f"--excel marks CSV as Excel reads it, and this is {form.name}: leave it out.")
    if args.columns is not None:
        if not form.is_table:
            tables = ", ".join(one.name for one in FORMATS if one.is_table)
            raise ConfigError(f"--columns: {form.name} has a form of its own; use one of {tables}.")
        column_names(args.columns)
    if output == STDOUT and not form.streams:
        raise ConfigError(
            f"{form.name} needs a place of its own on disk: say -o answers{form.endings[0]} for instance."
        )
    if output == STDOUT and not form.is_text and context.output.is_terminal:
        raise ConfigError(f"{form.name} is not for a terminal: say -o answers{form.endings[0]} for instance.")
    return form


def select_entries(results: ResultsFile, where: str | None, costs: EntryCosts) -> array[int]:
    """The positions of the entries that --where lets through."""
    from claude_batch_tui.domain.filters.language import parse  # late: --help needs none of it
    from claude_batch_tui.services.filters.finding import find_all

    return find_all(results, parse(where or ""), costs)


def sent_files(sent: tuple[Path, ...], args: argparse.Namespace) -> Sent:
    """The files that say what was asked for. Raises ConfigError where the one that is named is not there."""
    from claude_batch_tui.services.results.schema_validation import Sent  # late: --help needs none of it

    if args.requests is not None and not args.requests.is_file():
        raise ConfigError(f"--sent {args.requests}: there is no such file.")
    return Sent(sent if args.requests is None else (args.requests,))


def write_entries(
    found: Sequence[Found], form: Format, output: str, args: argparse.Namespace, context: Context
) -> int:
    """Write the entries that --where lets through, and say how many; the exit code tells how the batches ended."""
    from claude_batch_tui.domain.filters.language import parse
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.exporting.export import Exported, ExportProgress, Part, export
    from claude_batch_tui.services.exporting.picking import column_names
    from claude_batch_tui.services.exporting.target import Options
    from claude_batch_tui.services.filters.streaming import StreamingFilter
    from claude_batch_tui.store.locations import Locations  # late: --help needs none of it
    from claude_batch_tui.wording.progress import export_words, indexing_words

    options = Options(
        form,
        spread=args.spread,
        columns=() if args.columns is None else column_names(args.columns),
        csv_raw=args.csv_raw,
        excel=args.excel,
        force=args.force,
        title=", ".join(one.title for one in found),
    )
    prices = read_prices(context.config)
    cache = Locations(context.config.data_dir).cache
    # What is sorted, joined or spread into columns has to be known whole before the first entry is written.
    arrives = not (args.sort or args.rows or args.spread or form.name == "parquet") and not any(
        one.rows for one in found
    )

    def tell(opened: ResultsFile) -> None:
        words = indexing_words(opened.progress, is_unpacked=opened.is_unpacked)
        context.diagnostics.progress(words if not opened.index.complete else "")

    with ExitStack() as stack:
        files: list[StreamingFilter] = []
        parts: list[Part] = []
        for one in found:
            file = stack.enter_context(StreamingFilter(one.path, cache, sent_files(one.sent, args), tell))
            files.append(file)
            if arrives:
                results, entries = file.results, file.found(parse(args.where or ""), prices)
                part = Part(results.path, results.index, (), one.batch_id, streamed=entries)
            else:
                part = _whole_part(file, one, prices, args, cache)
            said = _reviews(file.results, one, context)
            parts.append(msgspec.structs.replace(part, reviews=said))
        target = context.output.binary() if output == STDOUT else expand_home(output)
        for update in export(parts, target, options, prices=prices, limit=args.limit):
            match update:
                case ExportProgress():
                    context.diagnostics.progress(export_words(update))
                case Exported() if output != STDOUT:
                    _mark_exported(found, args, context)
                    context.diagnostics.note(_written_words(update, parts, output))
                    if args.json:
                        ids = [one.batch_id for one in found]
                        written = {"output": output, "format": form.name, "ids": ids}
                        context.output.json({**written, **msgspec.structs.asdict(update)})
                    if update.guarded:
                        context.diagnostics.note(
                            f"{update.guarded:,} cells guarded against formulas (--csv-raw for none)"
                        )
        if not isinstance(target, Path):
            target.flush()
        return _verdict(files, found, context)


def _verdict(files: Sequence[StreamingFilter], found: Sequence[Found], context: Context) -> ExitCode:
    """The exit code for what was read of some files; what is wrong with them is said."""
    classes: Counter[str] = Counter()
    for file, one in zip(files, found, strict=True):
        if one.classes is None and not file.is_good:
            classes.update(file.results.index.class_counts())
    code, words = verdict(found, classes)
    for line in words:
        (context.diagnostics.error if code is ExitCode.STORE else context.diagnostics.note)(line)
    return code


def _mark_exported(found: Sequence[Found], args: argparse.Namespace, context: Context) -> None:
    """Write down where all results of these batches are in a file of the user; `prune` and `forget` ask otherwise."""
    if args.where or args.limit is not None:
        return
    from claude_batch_tui.services.exporting.export import mark_exported
    from claude_batch_tui.store.locations import Locations

    mark_exported([one.path for one in found], Locations(context.config.data_dir), datetime.now(UTC))


def _reviews(results: ResultsFile, found: Found, context: Context) -> Reviews | None:
    """What was said of these results on this machine."""
    from claude_batch_tui.services.results.reviewing import reviews_on_disk
    from claude_batch_tui.store.locations import Locations

    place = Locations(context.config.data_dir).database
    return reviews_on_disk(results, found.batch_id if found.is_batch else None, place)


def _whole_part(
    file: StreamingFilter,
    found: Found,
    prices: PriceTable,
    args: argparse.Namespace,
    cache: Path,
) -> Part:
    """What is asked for of a file that is read to its end before."""
    from claude_batch_tui.services.exporting.export import Part
    from claude_batch_tui.services.filters.sorting import in_order, parse_sort  # late, as all of these
    from claude_batch_tui.services.results.costs import EntryCosts

    file.read()
    results = file.results
    costs = EntryCosts(results.index, prices)
    positions = select_entries(results, args.where, costs)
    if args.sort:
        positions = in_order(positions, parse_sort(args.sort), results, costs)
    rows, keeps_order = joined_rows(args, found.rows, results, cache), args.sort is not None
    return Part(results.path, results.index, positions, found.batch_id, rows, keeps_order)


def joined_rows(
    args: argparse.Namespace, known: Path | None, results: ResultsFile, cache: Path
) -> Path | None:
    """The rows to join: any table that --rows names, by the ids of the results, else those that are `known`."""
    if args.rows is None:
        return known
    from claude_batch_tui.services.results.any_rows import rows_of

    return rows_of(args.rows, dict.fromkeys(results.index.all_ids()), cache)


def _written_words(update: Exported, parts: Sequence[Part], output: str) -> str:
    """`213 of 10,000 results in failed.csv`; how many there are is not known where --limit ended the reading."""
    if all(part.index.complete for part in parts):
        return f"{update.entries:,} of {sum(part.index.count for part in parts):,} results in {output}"
    return f"{update.entries:,} results in {output}"
