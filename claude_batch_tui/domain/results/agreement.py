"""How two results for the same request agree."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from claude_batch_tui.domain.results.result import Outcome, Result


class Agreement(StrEnum):
    """What two results say of one custom_id."""

    SAME = "same"
    DIFFERENT = "different"
    ONE_FAILED = "one failed"
    BOTH_FAILED = "both failed"
    ONLY_LEFT = "only in A"
    ONLY_RIGHT = "only in B"


class Totals(msgspec.Struct, frozen=True):
    """What one side used: tokens, and US dollars of the `priced` entries among those that `succeeded`."""

    entries: int = 0
    succeeded: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    priced: int = 0


class Agreements(msgspec.Struct, frozen=True):
    """Counts of every agreement, and what each side used in all its entries."""

    counts: dict[Agreement, int]
    left: Totals
    right: Totals

    @property
    def joined(self) -> int:
        """Requests that both sides have."""
        apart = (Agreement.ONLY_LEFT, Agreement.ONLY_RIGHT)
        return sum(count for agreement, count in self.counts.items() if agreement not in apart)

    @property
    def answered(self) -> int:
        """Requests that both sides answered."""
        return self.counts[Agreement.SAME] + self.counts[Agreement.DIFFERENT]


def answer_text(result: Result) -> str:
    """What an answer says and asks for: its texts and tool calls, without thinking, sources and signatures."""
    from claude_batch_tui.domain.results.answer import (  # late: words of batches need no reader of answers
        Kind,
        pieces,
    )

    found = pieces(result.message.get("content"))
    parts = [
        f"{piece.title}\n{piece.text}" if piece.kind is Kind.CALL else piece.text
        for piece in found
        if piece.kind in (Kind.TEXT, Kind.CALL, Kind.UNKNOWN)
    ]
    return "\n".join(parts)


def agreement(left: Result, right: Result) -> Agreement:
    """How two results of one request agree; blanks at the ends of an answer say nothing."""
    succeeded = [side.outcome == Outcome.SUCCEEDED for side in (left, right)]
    if not any(succeeded):
        return Agreement.BOTH_FAILED
    if not all(succeeded):
        return Agreement.ONE_FAILED
    is_same = answer_text(left).strip() == answer_text(right).strip()
    return Agreement.SAME if is_same else Agreement.DIFFERENT
