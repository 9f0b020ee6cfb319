"""Pairs of a comparison as rows of a list, and the difference of one pair as lines."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import compress

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.comparison import Agreement, Side, answer_text, diff
from claude_batch_tui.domain.results.result import Outcome, Result
from claude_batch_tui.services.results.browse import cost_of, first_words
from claude_batch_tui.services.results.compare import NOWHERE, ORDER, Comparison
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.widgets.columns import Cell, Column
from claude_batch_tui.tui.widgets.text_rows import AnyLine, Span, StyledLine
from claude_batch_tui.wording.results import stop_words, usage_words
from claude_batch_tui.wording.values import fine_money, size

COLUMNS = (
    Column("CUSTOM_ID", min_width=14, max_width=28, weight=1),
    Column("AGREE", width=11),
    Column("OUT A", width=7, align="right", drop=2),
    Column("OUT B", width=7, align="right", drop=2),
    Column("A", min_width=16, weight=3),
    Column("B", min_width=16, weight=3),
)
_STYLES = {
    Agreement.SAME: "good",
    Agreement.DIFFERENT: "warn",
    Agreement.ONE_FAILED: "bad",
    Agreement.BOTH_FAILED: "bad",
    Agreement.ONLY_LEFT: "dim",
    Agreement.ONLY_RIGHT: "dim",
}
_MARKS = {Side.BOTH: "  ", Side.LEFT: "- ", Side.RIGHT: "+ "}
_LINE_STYLES = {Side.BOTH: None, Side.LEFT: "bad", Side.RIGHT: "good"}
_SPAN_STYLES = {Side.LEFT: "removed", Side.RIGHT: "added"}
_KEPT = 1024
_LARGEST_READ = 1 << 20
_READ_FOR_ROW = 4_000
_ROW_WORDS = 200
_SAME_SHOWN = 16
"""Characters that two answers may begin with alike before the row leaves them out."""


class PairRows:
    """A row source over a comparison that may still grow. Keys are numbers of pairs."""

    def __init__(self, comparison: Comparison, *, ascii_only: bool) -> None:
        self._comparison = comparison
        self._ascii = ascii_only
        self._only: Agreement | None = None
        self._numbers: Sequence[int] = range(0)
        self._words: OrderedDict[int, tuple[str, str]] = OrderedDict()

    def row_count(self) -> int:
        """How many pairs are shown."""
        return len(self._numbers)

    def key(self, index: int) -> str:
        """The number of a pair."""
        return str(self._numbers[index])

    def cells(self, index: int) -> tuple[Cell | str, ...]:
        """What a row shows."""
        number = self._numbers[index]
        pair = self._comparison.pair(number)
        style = _STYLES[pair.agreement]
        left, right = self._first_words(number)
        return (
            pair.custom_id or "(none)",
            Cell(str(pair.agreement), style),
            _tokens(self._comparison.left_file, pair.left),
            _tokens(self._comparison.right_file, pair.right),
            left,
            right,
        )

    def grow(self) -> None:
        """Take in the pairs there are now."""
        self.show_only(self._only)

    def show_only(self, agreement: Agreement | None) -> None:
        """Show pairs of one agreement, or all."""
        self._only = agreement
        count = self._comparison.count
        if agreement is None:
            self._numbers = range(count)
        else:
            is_wanted = bytes(number == ORDER.index(agreement) for number in range(256))
            mask = bytes(self._comparison.agreements[:count]).translate(is_wanted)
            self._numbers = array("I", compress(range(count), mask))

    def next_different(self, start: int, step: int) -> int | None:
        """The row of the next pair after `start` (or before it) that does not agree, or None."""
        same, found = ORDER.index(Agreement.SAME), self._comparison.agreements
        index = start + step
        while 0 <= index < len(self._numbers):
            if found[self._numbers[index]] != same:
                return index
            index += step
        return None

    def _first_words(self, number: int) -> tuple[str, str]:
        kept = self._words.get(number)
        if kept is None:
            comparison = self._comparison
            kept = _from_difference(
                _words(comparison, comparison.left_file, comparison.left[number]),
                _words(comparison, comparison.right_file, comparison.right[number]),
                "~" if self._ascii else "…",
            )
            self._words[number] = kept
            if len(self._words) > _KEPT:
                self._words.popitem(last=False)
        return kept


def diff_lines(comparison: Comparison, number: int) -> Iterator[AnyLine]:
    """What each side is, then both answers line by line."""
    pair = comparison.pair(number)
    results: list[Result | None] = []
    for name, file, position in (
        ("A", comparison.left_file, pair.left),
        ("B", comparison.right_file, pair.right),
    ):
        result = comparison.read(file, position)
        results.append(result)
        custom_id = file.index.custom_id(position) if position != NOWHERE else pair.custom_id
        style = "bad" if name == "A" else "good"
        yield StyledLine(
            f"{name}  {custom_id}  {_said(result, comparison.prices)}", None, (Span(0, 1, style),), "   "
        )
    yield StyledLine(f"   {pair.agreement}", _STYLES[pair.agreement])
    yield "", None
    left, right = (_text(result) for result in results)
    for line in diff(left, right):
        spans = tuple(
            Span(start + 2, end + 2, _SPAN_STYLES[line.side])
            for start, end in line.changed
            if line.side in _SPAN_STYLES
        )
        yield StyledLine(_MARKS[line.side] + line.text, _LINE_STYLES[line.side], spans, "  ")


def _said(result: Result | None, prices: PriceTable | None) -> str:
    if result is None:
        return "not here"
    if result.outcome != Outcome.SUCCEEDED:
        return first_words(result)
    message = result.message
    usage, reason = message.get("usage"), message.get("stop_reason")
    parts = [
        stop_words(str(reason) if reason else None),
        "no price known" if (cost := cost_of(result, prices)) is None else fine_money(cost),
        usage_words(usage) if isinstance(usage, dict) else "no usage",
        str(message.get("model", "")),
    ]
    return " · ".join(part for part in parts if part)


def _text(result: Result | None) -> str:
    if result is None:
        return ""
    return answer_text(result) if result.outcome == Outcome.SUCCEEDED else first_words(result, 10_000)


def _tokens(file: ResultsFile, position: int) -> str:
    return "-" if position == NOWHERE else f"{file.index.entry(position).output_tokens:,}"


def _words(comparison: Comparison, file: ResultsFile, position: int) -> str:
    if position != NOWHERE and file.index.lengths[position] > _LARGEST_READ:
        return f"({size(file.index.lengths[position])})"
    result = comparison.read(file, position)
    return "-" if result is None else first_words(result, _READ_FOR_ROW)


def _from_difference(left: str, right: str, mark: str) -> tuple[str, str]:
    """Both texts from shortly before they differ, where what they begin with alike would fill the columns."""
    differing = (at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)
    same = next(differing, min(len(left), len(right)))
    if same <= _SAME_SHOWN or left == right:
        return left[:_ROW_WORDS], right[:_ROW_WORDS]
    start = same - _SAME_SHOWN // 2
    return mark + left[start : start + _ROW_WORDS], mark + right[start : start + _ROW_WORDS]
