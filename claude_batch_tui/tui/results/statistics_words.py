"""Statistics as lines: tables with bars, and drawings of how tokens and cost are spread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from claude_batch_tui.domain.results.statistics import Distribution, Statistics
from claude_batch_tui.tui.widgets.fitting import fit
from claude_batch_tui.tui.widgets.plots import Series, bars
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.wording import (
    cache_lines,
    count_words,
    fine_money,
    share,
    spend_notes,
    spread_words,
)

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
        labels, series, width=width, height=_HEIGHT, tick=count_words, whole=True, ascii_only=ascii_only
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
