"""The runs of a sweep beside one another: outcomes, cost and tokens of each, its score, and how often it answers as the first.

For a thread. Ids are the same in every run and are never merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.comparison import Agreement
from claude_batch_tui.domain.results.scoring import PairedTest, Score
from claude_batch_tui.domain.results.statistics import Statistics
from claude_batch_tui.services.results.compare import Comparison, compare
from claude_batch_tui.services.results.scoring import ScoredEntries, paired
from claude_batch_tui.services.results.statistics import statistics
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.opening import open_indexed


class VariantFile(NamedTuple):
    """A run: what it is a variant by, its results, and its rows where those are here."""

    title: str
    results: Path
    rows: Path | None = None


class VariantLine(NamedTuple):
    """A run among others: its numbers, its score, the test against the first one, and of how many answers that both have
    how many are the same as there.
    """

    title: str
    numbers: Statistics
    score: Score | None = None
    test: PairedTest | None = None
    same: tuple[int, int] | None = None


def variant_lines(
    files: Sequence[VariantFile],
    cache: Path,
    prices: PriceTable,
    score: Callable[[ResultsFile, Path | None], ScoredEntries | None] = lambda *_: None,
) -> Iterator[int | list[VariantLine]]:
    """A line each, the first file being what the others are held against: now and then how many answers were compared, then all.

    `score` scores one by its rows, or gives None. Raises SourceError where a file cannot be read.
    """
    lines: list[VariantLine] = []
    first: ScoredEntries | None = None
    with ExitStack() as stack:
        opened = [stack.enter_context(open_indexed(each.results, cache)) for each in files]
        for each, results in zip(files, opened, strict=True):
            *_, numbers = statistics([(results.index, range(results.index.count))], prices)
            found = score(results, each.rows)
            line = VariantLine(each.title, numbers, found.score if found else None)
            if not lines:
                first = found
            else:
                test = paired(first, found) if first and found else None
                agreed = None
                for agreed in compare(opened[0], results, prices=None):
                    yield agreed.count
                line = line._replace(test=test, same=_same(agreed))
            lines.append(line)
    yield lines


def _same(comparison: Comparison | None) -> tuple[int, int] | None:
    """Of how many requests that both answered how many are answered the same."""
    agreed = comparison.agreed() if comparison is not None else None
    return (agreed.counts[Agreement.SAME], agreed.answered) if agreed and agreed.answered else None
