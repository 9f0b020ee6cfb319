"""The history as lines: drawings of plotext and tables, one under the other, or in two columns where there is room."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from claude_batch_tui.domain.batches.history import BUCKETS, Day, History, Spread, by_week, size_words
from claude_batch_tui.tui.widgets.charts import Counts, Series, count_bar, legend, spread
from claude_batch_tui.tui.widgets.charts import bars as plot
from claude_batch_tui.tui.widgets.columns import fit
from claude_batch_tui.tui.widgets.text_rows import Span, StyledLine
from claude_batch_tui.wording.costs import spend_words
from claude_batch_tui.wording.values import counts_axis, money_axis, share, took

WIDE = 150
"""Cells from which there are two columns."""
_MODELS = 4
"""Kinds of bars that can be told apart."""
_LOW, _HIGH = 10, 15
"""Rows of a drawing in one column and in two."""
_MOST_DAYS = 45
"""Above so many days a bar is a week."""
_SPREAD = 14
_FIGURES = 65
"""Cells of a line of turnarounds without the model."""
_BAR = 24
_BLANK = StyledLine("")
_PAINTED = re.compile(r"█+|▒+|▚+|░+")
_COLORS = {"█": "accent", "▒": "warn", "▚": "good", "░": "dim"}
_BECAME = re.compile(r"█+|e+|x+|c+")
_BECAME_COLORS = {"█": "good", "e": "bad", "x": "warn", "c": "warn"}


def history_lines(history: History, *, width: int, ascii_only: bool) -> list[StyledLine]:
    """Everything for a width in cells."""
    if not history.total.batches:
        return _empty(len(history.days))
    is_wide = width >= WIDE
    column = (width - 5) // 2 if is_wide else width - 2
    height = _HIGH if is_wide else _LOW
    turnaround, per_day, spend, outcomes = (
        list(_turnaround(history, column, height, ascii_only=ascii_only)),
        list(_per_day(history, column, height, ascii_only=ascii_only)),
        list(_spend(history, column, height, ascii_only=ascii_only)),
        list(_outcomes(history, column, ascii_only=ascii_only)),
    )
    if not is_wide:
        return [*turnaround, _BLANK, *per_day, _BLANK, *spend, _BLANK, *outcomes]
    left, right = [*turnaround, _BLANK, *outcomes], [*per_day, _BLANK, *spend]
    return _beside(left, right, column + 1, ascii_only=ascii_only)


def _turnaround(history: History, width: int, height: int, *, ascii_only: bool) -> Iterator[StyledLine]:
    groups = history.turnarounds
    ended = sum(group.batches for group in groups)
    yield StyledLine(f" HOW LONG BATCHES TOOK   {ended:,} ended, canceled ones left out", "strong")
    if not groups:
        yield StyledLine(" No batch of these days has ended yet: how long each took will stand here.", "dim")
        return
    series = _by_model(history.spreads)
    drawn = plot(
        _bucket_words(),
        series,
        width=width,
        height=height,
        axis=counts_axis,
        whole=True,
        ascii_only=ascii_only,
    )
    yield from map(_painted, drawn)
    yield _painted(legend(series, ascii_only=ascii_only))
    yield _BLANK
    name = min(max(len(_short(group.model)) for group in groups), max(width + 2 - _FIGURES, 12))
    every = sorted(duration for group in groups for duration in group.durations)
    span = every[len(every) * 9 // 10] * 1.2
    head = f" {'MODEL':<{name}} {'REQUESTS':>15} {'BATCHES':>7} {'P50':>7} {'P90':>7} {'MAX':>7}"
    more = "+" if every[-1] > span else ""
    yield StyledLine(f"{head}  0 TO {took(span)}{more}", "dim")
    for group in groups:
        row = spread(
            span.total_seconds(),
            [each.total_seconds() for each in group.durations],
            _SPREAD,
            ascii_only=ascii_only,
        )
        figures = f"{took(group.median):>7} {took(group.ninth_tenth):>7} {took(group.longest):>7}"
        what = (
            f" {fit(_short(group.model), name)} {size_words(group.size):>15} {group.batches:>7,} {figures} "
        )
        yield StyledLine(what + row, None, (Span(len(what), len(what) + len(row), "accent"),))


def _per_day(history: History, width: int, height: int, *, ascii_only: bool) -> Iterator[StyledLine]:
    total = history.total
    days, each = _bar_days(history)
    words = f"{total.batches:,} in {len(history.days)} days, {total.requests:,} requests"
    yield StyledLine(f" BATCHES PER {each}   {words}", "strong")
    series = [Series("batches", [day.batches for day in days])]
    drawn = plot(
        _day_words(days),
        series,
        width=width,
        height=height,
        axis=counts_axis,
        whole=True,
        ascii_only=ascii_only,
    )
    yield from map(_painted, drawn)


def _spend(history: History, width: int, height: int, *, ascii_only: bool) -> Iterator[StyledLine]:
    days, each = _bar_days(history)
    yield StyledLine(f" SPEND PER {each}   {spend_words(history.total)}", "strong")
    series = [
        Series("spent, by the results", [day.usd for day in days]),
        Series("at most, results not read yet", [day.at_most for day in days]),
    ]
    if not any(value for one in series for value in one.values):
        yield StyledLine(" What a batch cost is known once its results are downloaded.", "dim")
        return
    drawn = plot(_day_words(days), series, width=width, height=height, axis=money_axis, ascii_only=ascii_only)
    yield from map(_painted, drawn)
    yield _painted(legend(series, ascii_only=ascii_only))


def _outcomes(history: History, width: int, *, ascii_only: bool) -> Iterator[StyledLine]:
    yield StyledLine(" WHAT BECAME OF THE REQUESTS   of ended batches", "strong")
    if not history.outcomes:
        yield StyledLine(" No batch of these days has ended yet.", "dim")
        return
    name = min(max(len(_short(group.model)) for group in history.outcomes), max(width - 54, 16))
    cells = min(max(width - name - 42, 8), _BAR)
    head = f"{'REQUESTS':>10} {'OK':>6} {'ERR':>6} {'EXP':>6} {'CANC':>6}"
    yield StyledLine(f" {'MODEL':<{name}} {fit('e err x exp c canc', cells)} {head}", "dim")
    for group in history.outcomes:
        counts = group.counts
        bar = count_bar(
            Counts(counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired),
            cells,
            ascii_only=ascii_only,
        )
        parts = (counts.succeeded, counts.errored, counts.expired, counts.canceled)
        shares = " ".join(f"{share(part, counts.total) if part else '-':>6}" for part in parts)
        label = f" {fit(_short(group.model), name)} "
        spans = (
            Span(len(label) + found.start(), len(label) + found.end(), _BECAME_COLORS[found[0][0]])
            for found in _BECAME.finditer(bar)
        )
        yield StyledLine(f"{label}{bar} {counts.total:>10,} {shares}", None, tuple(spans))


def _painted(line: str) -> StyledLine:
    """A line of a drawing with its marks in color; the marks alone say what they are."""
    spans = (
        Span(found.start() + 1, found.end() + 1, _COLORS[found[0][0]]) for found in _PAINTED.finditer(line)
    )
    return StyledLine(f" {line}", None, tuple(spans))


def _beside(
    left: Sequence[StyledLine], right: Sequence[StyledLine], column: int, *, ascii_only: bool
) -> list[StyledLine]:
    """Two columns with a rule between them, each keeping its styles."""
    rule = "|" if ascii_only else "│"
    lines: list[StyledLine] = []
    for number in range(max(len(left), len(right))):
        one = left[number] if number < len(left) else _BLANK
        other = right[number] if number < len(right) else _BLANK
        head = f"{fit(one.text, column)} {rule}"
        spans = [*_spans(one, 0), *_spans(other, len(head))]
        lines.append(StyledLine(head + other.text, None, tuple(spans)))
    return lines


def _spans(line: StyledLine, offset: int) -> Iterator[Span]:
    """The parts of a line that have a style, the whole line where it has one."""
    if line.style is not None and line.text:
        yield Span(offset, offset + len(line.text), line.style)
        return
    for span in line.spans:
        yield Span(offset + span.start, offset + span.end, span.style)


def _by_model(spreads: Sequence[Spread]) -> list[Series]:
    """The busiest models, and all others as one."""
    if len(spreads) <= _MODELS:
        return [Series(_short(one.model), one.counts) for one in spreads]
    rest = [sum(column) for column in zip(*(one.counts for one in spreads[_MODELS - 1 :]), strict=True)]
    shown = [Series(_short(one.model), one.counts) for one in spreads[: _MODELS - 1]]
    return [*shown, Series(f"{len(spreads) - _MODELS + 1} others", rest)]


def _short(model: str) -> str:
    """A model's name without what all of them begin with."""
    return model.removeprefix("claude-")


def _bucket_words() -> list[str]:
    """What stands below each bar: where its stretch begins."""
    minutes = [int(end.total_seconds()) // 60 for end in BUCKETS]
    starts = [f"{each}m" if each < 60 else f"{each // 60}h" for each in minutes]
    return ["<1m", *starts[:-1], f"{starts[-1]}+"]


def _bar_days(history: History) -> tuple[Sequence[Day], str]:
    """What a bar stands for, and its name."""
    return (history.days, "DAY") if len(history.days) <= _MOST_DAYS else (by_week(history.days), "WEEK")


def _day_words(days: Sequence[Day]) -> list[str]:
    return [f"{day.day:%-d %b}" for day in days]


def _empty(days: int) -> list[StyledLine]:
    return [
        _BLANK,
        StyledLine(f"   No batch of the last {days} days is known here."),
        _BLANK,
        StyledLine("   This will show, from the local copy alone:", "dim"),
        _BLANK,
        StyledLine("     how long batches took, by model and size", "dim"),
        StyledLine("     batches and dollars per day", "dim"),
        StyledLine("     what became of the requests: succeeded, errored, expired, canceled", "dim"),
        _BLANK,
        StyledLine("   ]  looks further back        esc  goes back to the batches"),
    ]
