"""What is shown in numbers: tables with bars, and drawings of how tokens and cost are spread, on a screen of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.worker import get_current_worker

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.statistics import Distribution, Statistics
from claude_batch_tui.services.results.scoring import ScoredEntries
from claude_batch_tui.services.results.statistics import statistics
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.tui.results.keys import TABS_KEYS
from claude_batch_tui.tui.results.score import Scoring
from claude_batch_tui.tui.text_screen import TextScreen
from claude_batch_tui.tui.widgets.charts import Series, bars
from claude_batch_tui.tui.widgets.columns import fit
from claude_batch_tui.tui.widgets.key_line import shown_key
from claude_batch_tui.tui.widgets.lines import TitleLine
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.wording.results import cache_lines, spend_notes, spread_words, statistics_lines
from claude_batch_tui.wording.scores import score_lines
from claude_batch_tui.wording.values import count_words, counts_axis, fine_money, share

WIDE = 150
"""Cells from which there are two columns."""
_HEIGHT = 9
_NAME = 30
_FIGURES = 24
"""Cells of a row of a table beside name and bar."""


def statistics_screen(statistics: Statistics, *, width: int, ascii_only: bool) -> list[Line]:
    """Everything for a width in cells."""
    if not statistics.entries:
        return [("", None), ("   Nothing is shown there: clear the filter, then ask again.", None)]
    column = width - 2 if width < WIDE else (width - 5) // 2
    tables = list(_tables(statistics, column, ascii_only=ascii_only))
    drawings = list(_drawings(statistics, column, ascii_only=ascii_only))
    if width < WIDE:
        return [*tables, ("", None), *drawings]
    return _beside(tables, drawings, column, ascii_only=ascii_only)


def _tables(statistics: Statistics, width: int, *, ascii_only: bool) -> Iterator[Line]:
    for title, counts, whole in (
        ("OUTCOMES", statistics.outcomes, statistics.entries),
        ("ANSWERS", statistics.answers, statistics.succeeded),
        ("STOP REASONS", statistics.stop_reasons, statistics.succeeded),
        ("ERRORS BY TYPE", statistics.error_types, statistics.outcomes.get("errored", 0)),
    ):
        if counts:
            yield f" {title}   of {whole:,}", "strong"
            for name, count in counts.items():
                yield _row(name, count, whole, width, ascii_only=ascii_only), None
            yield "", None
    yield " CACHE", "strong"
    lost = statistics.cache_used and statistics.spend.cache_saved < 0
    for line in cache_lines(statistics):
        yield f" {line}", "warn" if lost else None


def _drawings(statistics: Statistics, width: int, *, ascii_only: bool) -> Iterator[Line]:
    for title, spread, words, tick in (
        ("INPUT TOKENS", statistics.input_tokens, count_words, _short),
        ("OUTPUT TOKENS", statistics.output_tokens, count_words, _short),
        ("COST", statistics.cost, fine_money, _dollars),
    ):
        yield f" {title}   {spread_words(spread, words)}", "strong"
        if title == "COST":
            yield f" {spend_notes(statistics)}", "dim"
        for line in _drawn(spread, tick, width, ascii_only=ascii_only):
            yield f" {line}", None
        yield "", None


def _drawn(spread: Distribution, tick: Callable[[float], str], width: int, *, ascii_only: bool) -> list[str]:
    """Answers by size; what stands below a bar is the most that it counts."""
    if not spread.count:
        return []
    series = [Series("answers", [bucket.count for bucket in spread.buckets])]
    labels = [f"≤{tick(bucket.high)}" if not ascii_only else tick(bucket.high) for bucket in spread.buckets]
    return bars(
        labels, series, width=width, height=_HEIGHT, axis=counts_axis, whole=True, ascii_only=ascii_only
    )


def _row(name: str, count: int, whole: int, width: int, *, ascii_only: bool) -> str:
    """`end_turn   9,640  96.4%  ████████`: what is not none has a cell at least."""
    room = min(max(width - _NAME - _FIGURES, 0), 60)
    filled = max(round(count / whole * room), 1) if whole and room else 0
    return (
        f" {fit(name, _NAME)} {count:>11,}  {share(count, whole):>6}  {('#' if ascii_only else '█') * filled}"
    )


def _short(value: float) -> str:
    """`500`, `2k`, `1M`: tokens at a border."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def _dollars(value: float) -> str:
    return f"${value:.9f}".rstrip("0").rstrip(".") if value < 1 else f"${value:,.0f}"


def _beside(left: Sequence[Line], right: Sequence[Line], column: int, *, ascii_only: bool) -> list[Line]:
    """Two columns; a row is strong where both its sides are headings."""
    rule = "|" if ascii_only else "│"
    lines: list[Line] = []
    for number in range(max(len(left), len(right))):
        one = left[number] if number < len(left) else ("", None)
        other = right[number] if number < len(right) else ("", None)
        style = one[1] if one[1] == other[1] or not other[0] else None
        lines.append((f"{fit(one[0], column + 1)} {rule} {other[0].removeprefix(' ')}", style))
    return lines


class StatisticsScreen(TextScreen):
    """Outcomes, stop reasons, errors, tokens, cost and cache of some entries of a file."""

    help_title: ClassVar[str] = "Statistics"
    at_first: ClassVar[str] = "\n   Counting …"
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("statistics.copy", "y", "copy", "copy", "copy the numbers as text"),
        shown_key(
            "statistics.score", "e", "score", "score", "the answers against expected values: matrix, entries"
        ),
        *TABS_KEYS,
        shown_key("statistics.close", "q,escape,S", "close", "back", "back to the results"),
    ]

    def __init__(
        self,
        title: str,
        index: ResultsIndex,
        positions: Sequence[int],
        prices: PriceTable,
        scoring: Scoring | None = None,
    ) -> None:
        """`scoring` scores the same entries."""
        super().__init__()
        self._scoring = scoring
        self._scored: ScoredEntries | None = None
        self._title = title
        self._index = index
        self._positions = positions
        self._prices = prices
        self._statistics: Statistics | None = None
        self._drawn: Sequence[Line] = ()
        self._drawn_of: tuple[Statistics, int] | None = None
        """Which numbers are drawn for how many cells, or just being drawn."""

    def on_mount(self) -> None:
        """Count."""
        self._count(None if self._scoring is None else self._scoring.duplicate())

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """There is nothing to copy yet."""
        if action == "copy" and self._statistics is None:
            return "nothing is counted yet"
        return super().reason_disabled(action, parameters)

    def action_copy(self) -> None:
        """Copy the numbers."""
        if self._statistics is not None:
            scored = [words for words, _ in self._score_lines()]
            self.dashboard.copy("\n".join([*scored, *statistics_lines(self._statistics)]))

    def action_score(self) -> None:
        """Score what is counted here."""
        self.dismiss(None)
        if self._scoring is not None and self._scored is not None:
            self._scoring.show(self._scored)
        elif self._scoring is not None:
            self._scoring.begin()

    @work(thread=True, exclusive=True, group="statistics")
    def _count(self, own: ResultsFile | None) -> None:
        """Count, and score where it is known against what, in a thread. Closes `own`."""
        worker = get_current_worker()
        with own or nullcontext():
            for found in statistics([(self._index, self._positions)], self._prices):
                if worker.is_cancelled:
                    return
                self.app.call_from_thread(self._take, found)
            if own is not None and self._scoring is not None:
                scored = self._scoring.known(own, lambda: worker.is_cancelled)
                if scored is not None:
                    self.app.call_from_thread(self._take_score, scored)

    def _take(self, found: Statistics) -> None:
        self._statistics = found
        self.refresh_bindings()
        self.redraw()

    def _take_score(self, scored: ScoredEntries) -> None:
        self._scored = scored
        self.redraw()

    def draw(self, title: TitleLine, view: TextView) -> None:
        """The numbers, as far as they are counted."""
        found = self._statistics
        if found is None:
            return
        is_whole = found.entries == found.expected
        of = f"{found.entries:,} entries" if is_whole else f"{found.entries:,} of {found.expected:,} …"
        title.show(left=self._title, right=of)
        if self._drawn_of is None or self._drawn_of[0] is not found or self._drawn_of[1] != self.size.width:
            self._drawn_of = found, self.size.width
            self._draw_numbers(found, self.size.width)
        if self._drawn:
            view.show([*self._score_lines(), *self._drawn], keep_place=True)

    @work(thread=True, exclusive=True, group="drawing")
    def _draw_numbers(self, found: Statistics, width: int) -> None:
        """Draw in a thread: the charts take longer than keys may wait."""
        worker = get_current_worker()
        lines = statistics_screen(found, width=width, ascii_only=self.dashboard.ascii_only)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._take_drawn, lines)

    def _take_drawn(self, lines: Sequence[Line]) -> None:
        self._drawn = lines
        self.redraw()

    def _score_lines(self) -> Iterator[Line]:
        """The score in short, where it is known what to score against."""
        if self._scoring is not None and self._scored is not None:
            yield f" SCORE   against {self._scoring.words}; e opens its matrix", "strong"
            for line in score_lines(self._scored.score, matrix=False):
                yield f" {line}", None
            yield "", None
