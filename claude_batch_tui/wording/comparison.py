"""Two batches side by side, as words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.results.agreement import Agreement
from claude_batch_tui.wording.numbers import money, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_batch_tui.domain.results.agreement import Agreements, Totals


def agreement_words(agreed: Agreements) -> str:
    """`in both 9,960 · same 8,100 (83%) · different 1,602`: what is none is left out."""
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
