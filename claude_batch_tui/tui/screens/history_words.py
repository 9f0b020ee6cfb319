"""The history as lines: drawings of plotext and tables, one under the other, or in two columns where there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from claude_batch_tui.domain.history import BUCKETS, Day, History, Spread, size_words
from claude_batch_tui.tui.widgets import bars
from claude_batch_tui.tui.widgets.fitting import fit
from claude_batch_tui.tui.widgets.plots import Series, legend
from claude_batch_tui.tui.widgets.plots import bars as plot
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.time_line import spread
from claude_batch_tui.wording import money, share, spend_words, took

WIDE = 150
"""Cells from which there are two columns."""
_MODELS = 4
"""Kinds of bars that can be told apart."""
_LOW, _HIGH = 10, 15
"""Rows of a drawing in one column and in two."""
_SPREAD = 16
_FIGURES = 67
"""Cells of a line of turnarounds without the model."""
_BAR = 24


def history_lines(history: History, *, width: int, ascii_only: bool) -> list[Line]:
    """Everything for a width in cells."""
    if not history.total.batches:
        return _empty(len(history.days))
    if width < WIDE:
        return [
            line
            for part in _parts(history, width - 2, _LOW, ascii_only=ascii_only)
            for line in (*part, ("", None))
        ]
    column = (width - 5) // 2
    turnaround, per_day, spend, outcomes = _parts(history, column, _HIGH, ascii_only=ascii_only)
    blank: Line = ("", None)
    return _beside([*turnaround, blank, *outcomes], [*per_day, blank, *spend], column, ascii_only=ascii_only)


def _parts(history: History, width: int, height: int, *, ascii_only: bool) -> tuple[list[Line], ...]:
    return (
        list(_turnaround(history, width, height, ascii_only=ascii_only)),
        list(_per_day(history, width, height, ascii_only=ascii_only)),
        list(_spend(history, width, height, ascii_only=ascii_only)),
        list(_outcomes(history, width, ascii_only=ascii_only)),
    )


def _turnaround(history: History, width: int, height: int, *, ascii_only: bool) -> Iterator[Line]:
    groups = history.turnarounds
    ended = sum(group.batches for group in groups)
    yield f" HOW LONG BATCHES TOOK   {ended:,} ended, canceled ones left out", "strong"
    if not groups:
        yield " No batch of these days has ended yet: how long each took will stand here.", "dim"
        return
    series = _by_model(history.spreads)
    labels = _bucket_words()
    for line in plot(
        labels, series, width=width, height=height, tick=_count, whole=True, ascii_only=ascii_only
    ):
        yield f" {line}", None
    yield f" {legend(series, ascii_only=ascii_only)}", "dim"
    name = min(max(len(_short(group.model)) for group in groups), max(width + 2 - _FIGURES, 12))
    yield "", None
    head = f" {'MODEL':<{name}} {'REQUESTS':>15} {'BATCHES':>7} {'HALF BY':>7} {'9 OF 10':>7} {'LONGEST':>7}"
    span = max(group.ninth_tenth for group in groups) * 1.1
    yield f"{head}  0 TO {took(span)}", "dim"
    for group in groups:
        row = spread(
            span.total_seconds(),
            [each.total_seconds() for each in group.durations],
            _SPREAD,
            ascii_only=ascii_only,
        )
        figures = f"{took(group.median):>7} {took(group.ninth_tenth):>7} {took(group.longest):>7}"
        what = f"{fit(_short(group.model), name)} {size_words(group.size):>15} {group.batches:>7,}"
        yield f" {what} {figures} {row}", None


def _per_day(history: History, width: int, height: int, *, ascii_only: bool) -> Iterator[Line]:
    total = history.total
    yield (
        f" BATCHES PER DAY   {total.batches:,} in {len(history.days)} days, {total.requests:,} requests",
        "strong",
    )
    series = [Series("batches", [day.batches for day in history.days])]
    for line in plot(
        _day_words(history.days),
        series,
        width=width,
        height=height,
        tick=_count,
        whole=True,
        ascii_only=ascii_only,
    ):
        yield f" {line}", None


def _spend(history: History, width: int, height: int, *, ascii_only: bool) -> Iterator[Line]:
    yield f" SPEND PER DAY   {spend_words(history.total)}", "strong"
    series = [
        Series("spent, by the results", [day.usd for day in history.days]),
        Series("at most, results not read yet", [day.at_most for day in history.days]),
    ]
    if not any(value for one in series for value in one.values):
        yield (
            " A batch's cost is known here once its results are downloaded; estimates stand beside it.",
            "dim",
        )
        return
    for line in plot(
        _day_words(history.days), series, width=width, height=height, tick=money, ascii_only=ascii_only
    ):
        yield f" {line}", None
    yield f" {legend(series, ascii_only=ascii_only)}", "dim"


def _outcomes(history: History, width: int, *, ascii_only: bool) -> Iterator[Line]:
    yield " WHAT BECAME OF THE REQUESTS   of ended batches", "strong"
    if not history.outcomes:
        yield " No batch of these days has ended yet.", "dim"
        return
    name = min(max(len(_short(group.model)) for group in history.outcomes), max(width - 54, 16))
    cells = min(max(width - name - 42, 8), _BAR)
    head = f"{'REQUESTS':>10} {'OK':>6} {'ERR':>6} {'EXP':>6} {'CANC':>6}"
    yield f" {'MODEL':<{name}} {fit('e err x exp c canc', cells)} {head}", "dim"
    for group in history.outcomes:
        counts = group.counts
        bar = bars.count_bar(
            bars.Counts(counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired),
            cells,
            ascii_only=ascii_only,
        )
        parts = (counts.succeeded, counts.errored, counts.expired, counts.canceled)
        shares = " ".join(f"{share(part, counts.total) if part else '-':>6}" for part in parts)
        yield f" {fit(_short(group.model), name)} {bar} {counts.total:>10,} {shares}", None


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


def _day_words(days: Sequence[Day]) -> list[str]:
    return [f"{day.day:%-d %b}" for day in days]


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _empty(days: int) -> list[Line]:
    return [
        ("", None),
        (f"   No batch of the last {days} days is known here.", None),
        ("", None),
        ("   This will show, from the local copy alone:", "dim"),
        ("", None),
        ("     how long batches took, by model and size", "dim"),
        ("     batches and dollars per day", "dim"),
        ("     what became of the requests: succeeded, errored, expired, canceled", "dim"),
        ("", None),
        ("   ]  looks further back        esc  goes back to the batches", None),
    ]
