"""`cbtui score ID --expected label`: how good answers are, against a column of their source, a file, or a judging run."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.entries import joined_rows
from claude_batch_tui.cli.results_files import Found, find_each, find_results
from claude_batch_tui.cli.tables import variants_table
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.home import expand_home

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.results.scoring import Majority, PairedTest
    from claude_batch_tui.domain.results.statistics import Statistics
    from claude_batch_tui.services.results.scoring import Expected, ScoredEntries
    from claude_batch_tui.services.results.variants import VariantLine
    from claude_batch_tui.store.results.file import ResultsFile

_IDS = ("right", "wrong", "unparsable", "missing")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID|FILE", help="a batch, a run, a name, a sweep, or a results file")
    add_score_options(parser)
    parser.add_argument("--ids", choices=_IDS, help="print the custom_ids of these instead, one a line")
    parser.add_argument(
        "--cell", nargs=2, metavar=("EXPECTED", "ANSWER"), help="print the custom_ids in a cell of the matrix"
    )
    parser.add_argument("--json", action="store_true", help="all figures as JSON")
    parser.epilog = (
        "Accuracy and its 95 % interval (Wilson) are of the entries that have an expected value and an answer to compare;\n"
        "what is unparsable or missing is counted apart. Blanks at the ends of a value never count.\n"
        "Where all that is expected are numbers, 1 and 1.0 are the same, and errors and correlation are told too.\n"
        "A sweep, named as it was built, is a table: a line each variant, with cost, tokens and outcomes.\n"
        "--beside: McNemar's test over the entries scored in both, exact up to 1,000 that differ.\n"
        "Exit codes: 0 all entries were scored, 1 some are unparsable or missing, 3 there are no results."
    )


def add_score_options(parser: argparse.ArgumentParser) -> None:
    """The options that say what is right and what is scored; those of a report too."""
    parser.add_argument(
        "--expected",
        metavar="COL",
        help="the column of the source (or of --expected-file) with what is right",
    )
    parser.add_argument(
        "--expected-file", type=Path, metavar="FILE", help="any file of rows with that column, joined by id"
    )
    parser.add_argument(
        "--id-column", metavar="COL", help="the ids in --expected-file; left out, custom_id or id"
    )
    parser.add_argument(
        "--reviewed", action="store_true", help="what you said on the Results screen (r) is what is right"
    )
    parser.add_argument("--judge", metavar="ID2", help="the answers of this run are what is right")
    parser.add_argument(
        "--answer",
        metavar="PATH",
        help="what of an answer counts, e.g. json:$.label; left out, its whole text. Of a judge --expected says it",
    )
    parser.add_argument("--normalise", default="", metavar="WAYS", help="look past these: case,space,punct")
    parser.add_argument(
        "--majority", action="store_true", help="of requests made with --times, score what most answers say"
    )
    parser.add_argument("--where", metavar="FILTER", help="score only these entries")
    parser.add_argument(
        "--rows",
        type=Path,
        metavar="FILE",
        help="a CSV or JSON Lines file with the ids (known for own batches)",
    )
    parser.add_argument(
        "--beside",
        metavar="ID2",
        action="append",
        default=[],
        help="score this run as well, and test the difference; again for each variant of a sweep",
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Score."""
    from claude_batch_tui.services.results.scoring import paired
    from claude_batch_tui.wording.scores import beside_lines, majority_words, score_lines, variant_rows

    runs = score_asked(args, context)
    first, others = runs[0], runs[1:]
    tests = [paired(first.scored, other.scored) for other in others]
    if args.ids or args.cell:
        context.output.lines(_ids(first.scored, args))
    elif args.json:
        told = [
            {"title": run.title, "paired": test, **_told(run)}
            for run, test in zip(others, tests, strict=True)
        ]
        context.output.json({"a": first.title, **_told(first), **({"others": told} if others else {})})
    elif len(others) == len(args.beside) == 1:
        names, scores = [run.title for run in runs], [run.scored.score for run in runs]
        context.output.lines(beside_lines(names, scores, tests[0]))
    elif others:
        lines = [run.line(test) for run, test in zip(runs, [None, *tests], strict=True)]
        context.output.lines(variants_table(variant_rows(lines)))
    else:
        if first.majority is not None:
            context.output.line(majority_words(first.majority))
        context.output.lines(score_lines(first.scored.score))
    return ExitCode.GOOD if all(run.scored.score.is_whole for run in runs) else ExitCode.NOT_ALL_GOOD


class ScoredRun(NamedTuple):
    """A run that was scored, with what the same entries cost."""

    found: Found
    scored: ScoredEntries
    numbers: Statistics
    majority: Majority | None = None
    """How far the answers to a request agree, where --majority was asked for."""

    @property
    def title(self) -> str:
        """What the user calls it."""
        return self.found.title

    def line(self, test: PairedTest | None = None) -> VariantLine:
        """It as a line of a table; `test` is that against the first run there."""
        from claude_batch_tui.services.results.variants import VariantLine

        return VariantLine(self.title, self.numbers, self.scored.score, test)


def _told(run: ScoredRun) -> dict[str, object]:
    """The fields of a run in --json."""
    from claude_batch_tui.wording.scores import variant_json

    return {
        "score": run.scored.score,
        **variant_json(run.line()),
        **({} if run.majority is None else {"majority": run.majority}),
    }


def score_asked(args: argparse.Namespace, context: Context) -> list[ScoredRun]:
    """What was asked for and the runs of --beside, found and scored. Raises ConfigError before anything is downloaded."""
    from claude_batch_tui.domain.results.scoring import NORMALISERS

    ways = frozenset(word.strip() for word in args.normalise.split(",") if word.strip())
    if unknown := sorted(ways - {*NORMALISERS}):
        raise ConfigError(f"--normalise {unknown[0]}: there are {', '.join(NORMALISERS)}.")
    _check(args)
    found = find_each([args.id, *args.beside], context)
    return [_scored(one, ways, args, context) for one in found]


def _check(args: argparse.Namespace) -> None:
    """Raise ConfigError for what is wrong before anything is downloaded."""
    from claude_batch_tui.domain.filters.language import parse
    from claude_batch_tui.services.results.scoring import answer_path

    parse(args.where or "")
    answer_path(args.answer)
    if args.judge is not None:
        answer_path(args.expected)
        if args.expected_file is not None:
            raise ConfigError("--judge and --expected-file both say what is right: name one.")
    elif args.expected is None and not args.reviewed:
        raise ConfigError("Say what is right: --expected COL, a column of the source or of --expected-file.")


def _scored(found: Found, ways: frozenset[str], args: argparse.Namespace, context: Context) -> ScoredRun:
    """One run, scored."""
    from claude_batch_tui.domain.filters.language import parse
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.filters.finding import find_all
    from claude_batch_tui.services.results.costs import EntryCosts
    from claude_batch_tui.services.results.scoring import (
        ScoredEntries,
        answer_path,
        majority_of,
        score_entries,
    )
    from claude_batch_tui.services.results.statistics import statistics
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed

    cache = Locations(context.config.data_dir).cache
    with ExitStack() as stack:
        results = stack.enter_context(open_indexed(found.path, cache))
        found = msgspec.structs.replace(found, rows=joined_rows(args, found.rows, results, cache))
        expected = (
            _reviewed(found, results, args, context) if args.reviewed else _expected(found, args, context)
        )
        prices = read_prices(context.config)
        costs = EntryCosts(results.index, prices)
        chosen = find_all(results, parse(args.where), costs) if args.where else None
        for step in score_entries(results, expected, answer_path(args.answer), ways, chosen):
            if isinstance(step, ScoredEntries):
                *_, numbers = statistics(
                    [(results.index, range(results.index.count) if chosen is None else chosen)], prices
                )
                scored, agreed = majority_of(step) if args.majority else (step, None)
                return ScoredRun(found, scored, numbers, agreed)
            context.diagnostics.progress(f"{step:,} of {results.index.count:,} answers scored")
    raise AssertionError("a score ends with its figures")


def _reviewed(found: Found, results: ResultsFile, args: argparse.Namespace, context: Context) -> Expected:
    """What was said of these answers, by custom_id. Raises ConfigError where nothing was."""
    from claude_batch_tui.services.results.reviewing import expected_of_reviews, reviews_on_disk
    from claude_batch_tui.services.results.scoring import answer_path, answer_reader
    from claude_batch_tui.store.locations import Locations

    place = Locations(context.config.data_dir).database
    known = reviews_on_disk(results, found.batch_id if found.is_batch else None, place)
    if known is None:
        raise ConfigError(f"No answer of {found.title} is reviewed yet: press r on the Results screen.")
    return expected_of_reviews(results, known, answer_reader(answer_path(args.answer)))


def _expected(found: Found, args: argparse.Namespace, context: Context) -> Expected:
    """What is right, by custom_id."""
    from claude_batch_tui.services.results.scoring import (
        answer_path,
        expected_of_file,
        expected_of_results,
        expected_of_rows,
    )
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed

    if args.judge is not None:
        judge = find_results([args.judge], context)[0]
        with open_indexed(judge.path, Locations(context.config.data_dir).cache) as results:
            return expected_of_results(results, answer_path(args.expected or args.answer))
    rows = found.rows
    if args.expected_file is not None:
        return expected_of_file(expand_home(args.expected_file), args.expected, args.id_column, rows)
    if rows is None:
        raise ConfigError(
            f"The source of {found.title} is not known here: name its rows file with --rows, or say --expected-file FILE."
        )
    return expected_of_rows(rows, args.expected)


def _ids(found: ScoredEntries, args: argparse.Namespace) -> list[str]:
    """The custom_ids that were asked for. Raises ConfigError for a cell that there is not."""
    from claude_batch_tui.domain.results.scoring import Standing, normalised

    if args.cell:
        expected, answer = map(normalised, args.cell)
        return found.ids(
            lambda one: one.standing is Standing.SCORED and (one.expected, one.answer) == (expected, answer)
        )
    if args.ids in ("right", "wrong"):
        is_right = args.ids == "right"
        return found.ids(lambda one: one.standing is Standing.SCORED and one.is_right is is_right)
    return found.ids(lambda one: one.standing == args.ids)
