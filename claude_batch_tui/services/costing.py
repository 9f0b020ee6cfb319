"""What entries cost, by the usage in their lines and a price table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.pricing import entry_cost
from claude_batch_tui.services.answers import answer_usage

if TYPE_CHECKING:
    from claude_batch_tui.domain.pricing import PriceTable


class EntryCosts:
    """Costs of single entries in US dollars. What did not succeed costs nothing."""

    def __init__(self, prices: PriceTable) -> None:
        self._prices = prices

    def of(self, position: int, line: bytes) -> float | None:  # noqa: ARG002 — its place does not matter
        """The cost of the entry with that line; None where its model has no price."""
        used = answer_usage(line)
        return 0.0 if used is None else entry_cost(used[1], used[0], self._prices)
