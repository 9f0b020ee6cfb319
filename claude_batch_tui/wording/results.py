"""Results as words: why an answer ended and what it took, results in numbers, two batches side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.wording.batches import class_words
from claude_batch_tui.wording.values import count_words, counted, fine_money, money, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from claude_batch_tui.domain.results.comparison import Agreements, Totals
    from claude_batch_tui.domain.results.statistics import Distribution, Statistics
    from claude_batch_tui.services.building.trying import Tried


_STOP_WORDS = {
    "end_turn": "finished by itself",
    "stop_sequence": "stopped at a stop sequence",
    "tool_use": "stopped to have a tool called",
    "pause_turn": "paused: the turn is not over, send it back to go on",
    "refusal": "refused",
    "model_context_window_exceeded": "cut where the model's context ended",
    "compaction": "paused after a compaction: the turn is not over, send it back to go on",
}


def not_good_words(classes: Mapping[str, int]) -> str:
    """Why entries are not all good, for how many there are of each ledger class: `2 errored, 1 truncated: not all is good.`"""
    parts = [
        f"{number:,} {class_words(name)}" for name, number in classes.items() if number and name != "complete"
    ]
    return f"{', '.join(parts) or 'nothing'}: not every entry has a whole answer."


def stop_words(reason: str | None, max_tokens: int | None = None) -> str:
    """Why an answer ended: `finished by itself`, `cut by max_tokens=1024`."""
    if reason == "max_tokens":
        return "cut by max_tokens" + (f"={max_tokens}" if max_tokens is not None else "")
    if not reason:
        return "no stop reason"
    return _STOP_WORDS.get(reason, f"stopped: {reason}")


def usage_words(usage: Mapping[str, object]) -> str:
    """`in 412 · cache read 1,024 · out 3`: the tokens of an answer; what is none is left out."""
    names = (
        ("in", "input_tokens"),
        ("cache read", "cache_read_input_tokens"),
        ("cache write", "cache_creation_input_tokens"),
        ("out", "output_tokens"),
    )
    parts = [
        f"{label} {number:,}"
        for label, name in names
        if isinstance(number := usage.get(name), int) and (number or label in ("in", "out"))
    ]
    details, tools = usage.get("output_tokens_details"), usage.get("server_tool_use")
    if isinstance(details, dict) and isinstance(thought := details.get("thinking_tokens"), int) and thought:
        parts.append(f"{thought:,} of it thinking")
    if isinstance(tools, dict):
        parts += [
            f"{counted(number, name.removesuffix('s').replace('_', ' '))}"
            for name, number in tools.items()
            if isinstance(number, int) and number
        ]
    iterations = usage.get("iterations")
    for one in iterations if isinstance(iterations, list) else ():
        if isinstance(one, dict) and one.get("type") in ("compaction", "advisor_message"):
            who = "compaction" if one["type"] == "compaction" else f"advisor {one.get('model')}"
            parts.append(f"besides {who}: {usage_words({**one, 'iterations': None})}")
    return " · ".join(parts)


def tried_words(answer: Tried) -> str:
    """`412 tokens in, 3 out · end_turn · $0.0031`: what one request took that was sent alone."""
    message = answer.result.message
    usage, reason = message.get("usage") or {}, message.get("stop_reason")
    cost = money(answer.cost) if answer.cost is not None else "no price is known"
    return f"{usage.get('input_tokens', 0):,} tokens in, {usage.get('output_tokens', 0):,} out · {reason} · {cost}"


def spread_words(spread: Distribution, words: Callable[[float], str]) -> str:
    """`3,910,000 in all · p50 380 · p90 1,204 · max 9,000`."""
    if not spread.count:
        # Answers without a price have a cost all the same.
        return "none known" if words is fine_money else "none"
    parts = ("p50", spread.median), ("p90", spread.ninth_tenth), ("max", spread.most)
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
    besides = (
        f"with {spend.additional_tokens:,} tokens of advisors and compactions; "
        if spend.additional_tokens
        else ""
    )
    return f"{besides}{without if spend.unpriced else ''}prices as of {spend.as_of}"


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


def agreement_words(agreed: Agreements) -> str:
    """`in both 9,960 · same 8,100 (83%) · different 1,602`: what is none is left out."""
    from claude_batch_tui.domain.results.comparison import Agreement  # late: most words are of no comparison

    parts = [f"in both {agreed.joined:,}"]
    for agreement, count in agreed.counts.items():
        if count or agreement is Agreement.SAME:
            percent = f" ({share(count, agreed.answered)})" if agreement is Agreement.SAME else ""
            parts.append(f"{agreement} {count:,}{percent}")
    return " · ".join(parts)


def compared_words(compared: int, total: int) -> str:
    """How far a comparison is; `total` is -1 while it is not known how many pairs there are."""
    return "joining by custom_id …" if total < 0 else f"{compared:,} of {total:,} compared …"


def totals_words(totals: Totals) -> str:
    """`in 3,910,000 · out 410,000 · $3.88`: what one side used."""
    unpriced = totals.succeeded - totals.priced
    cost = money(totals.usd) if totals.priced or not unpriced else "no price known"
    without = f" (without {unpriced:,} of unknown price)" if totals.priced and unpriced else ""
    return f"in {totals.input_tokens:,} · out {totals.output_tokens:,} · {cost}{without}"


def comparison_lines(agreed: Agreements, left: str, right: str) -> Iterator[str]:
    """Two batches side by side: a line for each way to agree, and what each side used."""
    from claude_batch_tui.domain.results.comparison import Agreement

    for name, title, totals in (("A", left, agreed.left), ("B", right, agreed.right)):
        entries = "1 entry" if totals.entries == 1 else f"{totals.entries:,} entries"
        yield f"{name}  {title}  {entries}, {totals.succeeded:,} succeeded · {totals_words(totals)}"
    yield ""
    yield f"{'in both':<12}{agreed.joined:>12,}"
    for agreement, count in agreed.counts.items():
        of = (
            f"   {share(count, agreed.answered)} of what both answered" if agreement is Agreement.SAME else ""
        )
        yield f"{agreement:<12}{count:>12,}{of}"
