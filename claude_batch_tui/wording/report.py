"""A run as a page to send: one HTML file without scripts, network or files beside it. All text in it is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

import msgspec

from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.domain.results.scoring import Score
from claude_batch_tui.domain.results.statistics import Distribution, Statistics
from claude_batch_tui.services.results.samples import Sampled
from claude_batch_tui.services.results.variants import VariantLine
from claude_batch_tui.wording.results import cache_lines, spend_notes, spread_words
from claude_batch_tui.wording.scores import beside_lines, drawn_matrix, figure, interval_words, variant_rows
from claude_batch_tui.wording.values import count_words, fine_money, share

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0; display: block; overflow-x: auto; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #8886; }
th:first-child, td:first-child { text-align: left; }
td.right { font-weight: bold; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #8882; padding: .6rem; margin: .3rem 0; border-radius: 4px; }
article { break-inside: avoid; border-top: 1px solid #8886; padding-top: .5rem; margin-top: 1rem; }
svg { max-width: 100%; height: auto; fill: currentColor; font: 11px system-ui, sans-serif; }
.note { opacity: .75; }
@media print { body { max-width: none; margin: 0; } }
"""
_BAR_HEIGHT = 120
_BAR_WIDTH = 44
_LETTER = 7
"""Pixels of a letter under a bar."""
_MOST_LABELS = 50
"""Labels whose figures are in the page."""


class Report(msgspec.Struct, frozen=True):
    """What a page tells: title, facts as pairs of words, numbers, a score where there is one, and a sample."""

    title: str
    made: str
    facts: Sequence[tuple[str, str]]
    statistics: Statistics
    sample: Sequence[Sampled]
    seed: int
    score: Score | None = None
    runs: Sequence[VariantLine] = ()
    """This run and others beside it, where there are some."""


def report_page(report: Report) -> Iterator[str]:
    """The page, piece by piece."""
    title = _text(report.title)
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f'<p class="note">{_text(report.made)}</p>\n'
    )
    yield _table(("", ""), report.facts)
    numbers = report.statistics
    for head, counts, whole in (
        ("Outcomes", numbers.outcomes, numbers.entries),
        ("Answers", numbers.answers, numbers.succeeded),
        ("Stop reasons", numbers.stop_reasons, numbers.succeeded),
        ("Errors by type", numbers.error_types, numbers.outcomes.get("errored", 0)),
    ):
        if counts:
            rows = [(name, f"{count:,}", share(count, whole)) for name, count in counts.items()]
            yield f"<h2>{head}</h2>\n{_table((f'of {whole:,}', 'count', 'share'), rows)}"
    if report.score is not None:
        yield from _score(report.score, report.runs)
    for head, spread, words in (
        ("Input tokens", numbers.input_tokens, count_words),
        ("Output tokens", numbers.output_tokens, count_words),
        ("Cost", numbers.cost, fine_money),
    ):
        yield f"<h2>{head}</h2>\n<p>{_text(spread_words(spread, words))}</p>\n{_bars(head, spread, words)}"
    yield f'<p class="note">{_text(spend_notes(numbers))}</p>\n'
    yield f"<h2>Cache</h2>\n<p>{'<br>'.join(map(_text, cache_lines(numbers)))}</p>\n"
    yield from _sample(report)
    yield "</body>\n</html>\n"


def _sample(report: Report) -> Iterator[str]:
    count = len(report.sample)
    yield f'<h2>Sample</h2>\n<p class="note">{count:,} of {report.statistics.entries:,}, drawn with seed {report.seed}</p>\n'
    for one in report.sample:
        asked = "" if one.prompt is None else f"<pre>{_text(one.prompt)}</pre>\n"
        yield (
            f'<article>\n<h3>{_text(one.custom_id)} <span class="note">{_text(one.outcome)}</span></h3>\n'
            f"{asked}<pre>{_text(one.answer)}</pre>\n</article>\n"
        )


def _score(score: Score, runs: Sequence[VariantLine]) -> Iterator[str]:
    facts = [
        ("Accuracy", interval_words(score.accuracy)),
        ("Scored", f"{score.scored:,}, of which right {score.right:,}"),
        ("Cohen's kappa", figure(score.kappa)),
        ("Macro F1", figure(score.macro_f1)),
        (
            "Unparsable, missing, without an expected value",
            f"{score.unparsable:,}, {score.missing:,}, {score.without_expected:,}",
        ),
    ]
    if score.numbers is not None:
        facts += [
            (
                "Mean error, mean absolute error",
                f"{score.numbers.mean_error:.4g}, {score.numbers.mean_absolute_error:.4g}",
            ),
            ("RMSE, correlation", f"{score.numbers.rmse:.4g}, {figure(score.numbers.correlation)}"),
        ]
    yield f"<h2>Score</h2>\n{_table(('', ''), facts)}"
    if runs:
        head, *rows = variant_rows(runs)
        yield f"<h3>Beside other runs</h3>\n{_table(head, rows)}"
    for one in runs[1:] if len(runs) == 2 else ():
        if one.score is not None and one.test is not None:
            lines = beside_lines((runs[0].title, one.title), (score, one.score), one.test)
            yield f"<pre>{_text(chr(10).join(lines))}</pre>\n"
    labels = [
        (one.label, figure(one.precision), figure(one.recall), figure(one.f1), f"{one.support:,}")
        for one in score.labels[:_MOST_LABELS]
    ]
    if labels:
        yield _table(("label", "precision", "recall", "F1", "support"), labels)
        yield "<h3>Confusion matrix</h3>\n" + _matrix(score)


def _matrix(score: Score) -> str:
    rows, columns, counts, others = drawn_matrix(score)
    head = "".join(f"<th>{_text(name)}</th>" for name in ("expected", *columns))
    lines = []
    for row in rows:
        cells = "".join(
            f"<td{' class=right' if row == name else ''}>{counts.get((row, name), 0):,}</td>"
            for name in columns
        )
        lines.append(f"<tr><td>{_text(row)}</td>{cells}</tr>\n")
    more = f'<p class="note">{others:,} have labels that are not in this table</p>\n' if others else ""
    return f"<table>\n<tr>{head}</tr>\n{''.join(lines)}</table>\n{more}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    titles = "".join(f"<th>{_text(name)}</th>" for name in head)
    top = f"<tr>{titles}</tr>\n" if any(head) else ""
    lines = ("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table>\n{top}{''.join(lines)}</table>\n"


def _bars(name: str, spread: Distribution, words: Callable[[float], str]) -> str:
    """A distribution as SVG: a bar a bucket, how many over it, the most it counts under it."""
    if not spread.buckets:
        return ""
    most = max(bucket.count for bucket in spread.buckets) or 1
    ends = [f"≤{words(bucket.high)}" for bucket in spread.buckets]
    room = max(_BAR_WIDTH, _LETTER * max(map(len, ends)) + 8)
    width, height = room * len(spread.buckets), _BAR_HEIGHT + 36
    bars = []
    for number, (bucket, end) in enumerate(zip(spread.buckets, ends, strict=True)):
        size = bucket.count / most * _BAR_HEIGHT
        left, top = number * room, 16 + _BAR_HEIGHT - size
        middle = left + room / 2
        bars.append(
            f'<rect x="{left + 2}" y="{top:.1f}" width="{room - 4}" height="{size:.1f}" opacity="0.6"/>'
            f'<text x="{middle}" y="{top - 3:.1f}" text-anchor="middle">{bucket.count:,}</text>'
            f'<text x="{middle}" y="{height - 6}" text-anchor="middle">{_text(end)}</text>'
        )
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{_text(name)}">'
        f"{''.join(bars)}</svg>\n"
    )


def _text(text: str) -> str:
    """Text from anywhere as HTML text or the value of an attribute, with nothing in it that acts."""
    return escape(clean(text.encode("utf-8", "replace").decode()), quote=True)
