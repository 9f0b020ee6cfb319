"""Scores as words: accuracy, figures by label, the confusion matrix, two runs side by side."""

from __future__ import annotations

from itertools import cycle
from string import ascii_uppercase
from typing import TYPE_CHECKING, NamedTuple

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.wording.batches import class_words
from claude_batch_tui.wording.values import money, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from claude_batch_tui.domain.results.scoring import Interval, Majority, PairedTest, Score
    from claude_batch_tui.services.results.variants import VariantLine

_MOST_LABELS = 12
"""Labels in the drawn matrix; the others are in `--json`."""
_MOST_ROWS = 50
_WIDEST = 24
_SURE = 0.05


def interval_words(found: Interval | None) -> str:
    """`88.3% (95 % interval 83.6 to 91.8)`."""
    if found is None:
        return "nothing was scored"
    return f"{found.share:.1%} (95 % interval {100 * found.low:.1f} to {100 * found.high:.1f})"


def score_lines(found: Score, *, matrix: bool = True) -> Iterator[str]:
    """The whole score: accuracy, what is apart, labels, errors of numbers, and the `matrix`."""
    yield f"accuracy    {interval_words(found.accuracy)}   {found.right:,} of {found.scored:,}"
    if found.kappa is not None:
        yield f"kappa       {found.kappa:.3f}   agreement beyond chance, after Cohen"
    if found.macro_f1 is not None:
        yield f"macro F1    {found.macro_f1:.3f}"
    for count, name in (
        (found.unparsable, "unparsable"),
        (found.missing, "missing"),
        (found.without_expected, "without"),
    ):
        if count:
            words = {
                "unparsable": "answered, but with nothing to compare there",
                "missing": "no answer to compare",
                "without": "no expected value",
            }
            yield f"{name:<12}{count:,}   {words[name]}"
    expected = found.scored + found.unparsable + found.missing
    if found.scored and not found.is_whole:
        yield f"of all      {share(found.right, expected)}   where those without an answer to compare count as wrong"
    numbers = found.numbers
    if numbers is not None:
        yield ""
        yield (
            f"numbers     {numbers.count:,} · mean error {numbers.mean_error:+.4g} · "
            f"mean absolute error {numbers.mean_absolute_error:.4g} · RMSE {numbers.rmse:.4g} · "
            f"correlation {figure(numbers.correlation)}"
        )
    if found.labels and len(found.labels) <= _MOST_ROWS:
        yield ""
        yield from label_lines(found)
        if matrix:
            yield ""
            yield from matrix_lines(found)
    elif found.labels:
        yield f"{len(found.labels):,} different values: the figures of each are in --json"


def figure(value: float | None) -> str:
    """A figure of three digits, or a dash."""
    return "–" if value is None else f"{value:.3f}"


def label_lines(found: Score) -> Iterator[str]:
    """A line a label."""
    width = max(len("label"), *(len(label_words(one.label)) for one in found.labels))
    yield f"{'label':<{width}}  precision  recall     F1  support"
    for one in found.labels:
        yield (
            f"{label_words(one.label):<{width}}  {figure(one.precision):>9}  {figure(one.recall):>6}  "
            f"{one.f1:.3f}  {one.support:>7,}"
        )


def label_words(label: str) -> str:
    """A label in one short line."""
    text = clean_line(label)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


class DrawnMatrix(NamedTuple):
    """The cells of a confusion matrix for which there is room, the most frequent labels first."""

    rows: list[str]
    """The labels that are expected."""
    columns: list[str]
    """Those that were answered."""
    counts: dict[tuple[str, str], int]
    """How many entries each cell has, by row and column; a cell without any is not in it."""
    others: int
    """Entries of no cell, since their labels have no room."""


def drawn_matrix(found: Score) -> DrawnMatrix:
    """What is drawn of the confusion matrix of a score."""
    rows = [one.label for one in found.labels if one.support][:_MOST_LABELS]
    answered = [one.label for one in found.labels if one.answered]
    columns = sorted(answered, key=lambda name: name not in rows)[:_MOST_LABELS]
    counts = {
        (cell.expected, cell.answer): cell.count
        for cell in found.matrix
        if cell.expected in rows and cell.answer in columns
    }
    return DrawnMatrix(rows, columns, counts, found.scored - sum(counts.values()))


def matrix_lines(found: Score) -> Iterator[str]:
    """The confusion matrix: a row an expected label, a column an answer."""
    rows, columns, counts, others = drawn_matrix(found)
    first = max(len("expected"), *(len(label_words(name)) for name in rows)) if rows else 0
    widths = [max(len(label_words(name)), 4) for name in columns]
    heads = [label_words(name).rjust(width) for name, width in zip(columns, widths, strict=True)]
    yield f"{'expected':<{first}}  {'  '.join(heads)}   answered"
    for row in rows:
        cells = [
            (f"{counts[row, name]:,}" if (row, name) in counts else "·").rjust(width)
            for name, width in zip(columns, widths, strict=True)
        ]
        yield f"{label_words(row):<{first}}  {'  '.join(cells)}"
    if others:
        yield f"{others:,} entries have labels that are not in this table"


def beside_lines(names: Sequence[str], scores: Sequence[Score], test: PairedTest) -> Iterator[str]:
    """Two runs side by side, and whether the difference is more than chance."""
    for letter, name, found in zip("AB", names, scores, strict=True):
        apart = found.unparsable + found.missing
        more = f" · {apart:,} unparsable or missing" if apart else ""
        yield (
            f"{letter}  {clean_line(name)}   {interval_words(found.accuracy)} · kappa {figure(found.kappa)} · "
            f"macro F1 {figure(found.macro_f1)}{more}"
        )
    yield ""
    yield f"scored in both   {test.both:,}"
    yield f"right in both    {test.right_in_both:,}"
    yield f"only A right     {test.only_first:,}"
    yield f"only B right     {test.only_second:,}"
    yield f"wrong in both    {test.wrong_in_both:,}"
    yield f"McNemar          p = {p_words(test.p)} ({'exact' if test.is_exact else 'chi-squared'}): {_verdict(test)}"


def majority_words(found: Majority) -> str:
    """`majority    240 requests · all answers the same in 210 · 94.2% of the answers to a request agree`."""
    agree = (
        "nothing could be read"
        if found.agreement is None
        else f"{found.agreement:.1%} of the answers to a request agree"
    )
    return f"majority    {found.groups:,} requests · all answers the same in {found.unanimous:,} · {agree}"


def variant_rows(lines: Sequence[VariantLine]) -> list[tuple[str, ...]]:
    """A table of runs, its head first: columns that would be empty are left out, the outcomes come last."""
    rows = [_variant_cells(letter, line) for letter, line in zip(letters(), lines, strict=False)]
    whole = [_VARIANT_HEADS, *rows]
    used = [number for number in range(len(_VARIANT_HEADS)) if any(row[number] for row in rows)]
    return [tuple(row[number] for number in used) for row in whole]


_VARIANT_HEADS = (
    *("", "run", "accuracy", "interval", "kappa", "F1", "apart", "cost", "in", "out"),
    *("p against A", "same as A", "outcomes"),
)
VARIANT_WORDS = ("", "run", "outcomes")
"""The heads of columns of words; those of figures end at the right."""


def letters() -> Iterator[str]:
    """A, B, C …, for as many runs as there are."""
    return cycle(ascii_uppercase)


def variant_json(line: VariantLine) -> dict[str, object]:
    """Outcomes, cost and tokens of a run, as `--json` tells them."""
    spend = line.numbers.spend
    return {
        "outcomes": line.numbers.outcomes,
        "usd": None if spend.unpriced else spend.usd,
        "input_tokens": line.numbers.all_input,
        "output_tokens": spend.output_tokens,
    }


def _variant_cells(letter: str, line: VariantLine) -> tuple[str, ...]:
    spend, found = line.numbers.spend, line.score
    accuracy = found.accuracy if found else None
    scored = (
        ("", "", "", "", "")
        if found is None
        else (
            "–" if accuracy is None else f"{accuracy.share:.1%}",
            "–" if accuracy is None else f"{100 * accuracy.low:.1f} to {100 * accuracy.high:.1f}",
            figure(found.kappa),
            figure(found.macro_f1),
            f"{found.unparsable + found.missing:,}",
        )
    )
    failed = {name: count for name, count in line.numbers.outcomes.items() if name != "succeeded"}
    outcomes = " · ".join(
        f"{count:,} {'ok' if name == 'complete' else class_words(name)}"
        for name, count in {**line.numbers.answers, **failed}.items()
    )
    return (
        *(letter, clean_line(line.title), *scored),
        *(
            "unknown" if spend.unpriced else money(spend.usd),
            f"{line.numbers.all_input:,}",
            f"{spend.output_tokens:,}",
        ),
        "" if line.test is None else p_words(line.test.p),
        "" if line.same is None else share(*line.same),
        outcomes,
    )


def p_words(p: float) -> str:
    """`0.031`, `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _verdict(test: PairedTest) -> str:
    if test.p >= _SURE:
        return "the difference may be chance"
    return f"{'B' if test.only_second > test.only_first else 'A'} is right more often"
