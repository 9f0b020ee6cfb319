"""Results in numbers, as words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.wording.numbers import count_words, fine_money, money, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from claude_batch_tui.domain.results.statistics import Distribution, Statistics


def spread_words(spread: Distribution, words: Callable[[float], str]) -> str:
    """`3,910,000 in all · half at most 380 · 9 of 10 at most 1,204 · most 9,000`."""
    if not spread.count:
        return "none"
    parts = ("half at most", spread.median), ("9 of 10 at most", spread.ninth_tenth), ("most", spread.most)
    total = money(spread.total) if words is fine_money else words(spread.total)
    return " · ".join([f"{total} in all", *(f"{what} {words(value)}" for what, value in parts)])


def cache_lines(statistics: Statistics) -> Iterator[str]:
    """What the cache did: tokens, how many of all input were read from it, and dollars saved or lost."""
    spend = statistics.spend
    if not statistics.cache_used:
        yield "not used"
        return
    yield (
        f"{share(spend.cache_read_tokens, statistics.all_input)} of {statistics.all_input:,} input tokens read from it, "
        f"{spend.cache_written_tokens:,} written to it"
    )
    saved = spend.cache_saved
    if spend.unpriced == spend.succeeded:
        yield "what it saved is not known: no price"
    elif saved >= 0:
        percent = f", {100 * saved / spend.uncached:.1f}% of what this would cost without it" if saved else ""
        yield f"saved {money(saved)}{percent}"
    else:
        yield f"lost {money(-saved)}: writing it cost more than reading it saved"


def spend_notes(statistics: Statistics) -> str:
    """What a cost leaves out, and the day of its prices."""
    spend = statistics.spend
    models = clean_line(", ".join(name or "an unnamed model" for name in spend.unpriced_models), 200)
    without = f"without {spend.unpriced:,} of {models}: no price known; "
    return f"{without if spend.unpriced else ''}prices as of {spend.as_of}"


def statistics_lines(statistics: Statistics) -> Iterator[str]:
    """Results in numbers, a block each."""
    yield f"{'entries':<14}{statistics.entries:,}"
    for title, counts, of in (
        ("outcomes", statistics.outcomes, statistics.entries),
        ("answers", statistics.answers, statistics.succeeded),
        ("stop reasons", statistics.stop_reasons, statistics.succeeded),
        ("errors", statistics.error_types, statistics.outcomes.get("errored", 0)),
    ):
        for number, (name, count) in enumerate(counts.items()):
            yield f"{'' if number else title:<14}{clean_line(name, 30):<30} {count:>11,}  {share(count, of):>6}"
    yield f"{'input tokens':<14}{spread_words(statistics.input_tokens, count_words)}"
    yield f"{'output tokens':<14}{spread_words(statistics.output_tokens, count_words)}"
    yield f"{'cost':<14}{spread_words(statistics.cost, fine_money)}"
    yield f"{'':<14}{spend_notes(statistics)}"
    for number, line in enumerate(cache_lines(statistics)):
        yield f"{'' if number else 'cache':<14}{line}"
