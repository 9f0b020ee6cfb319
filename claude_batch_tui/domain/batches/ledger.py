"""The ledger: what was sent against what came back."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.domain.results.result import Outcome


class Ledger(msgspec.Struct, frozen=True):
    """Counts of a results file beside those of its batch. `missing` and `extra` are None where what was sent is unknown."""

    outcomes: Mapping[Outcome, int]
    expected: RequestCounts | None = None
    duplicates: int = 0
    missing: int | None = None
    extra: int | None = None

    @property
    def lines(self) -> int:
        """All lines of the file."""
        return sum(self.outcomes.values())

    @property
    def is_complete(self) -> bool:
        """True where every request of the batch came back exactly once and can be read."""
        return not self.problems()

    @property
    def is_good(self) -> bool:
        """True where it is complete and every request succeeded."""
        return self.is_complete and self.outcomes.get(Outcome.SUCCEEDED, 0) == self.lines

    def problems(self) -> list[str]:
        """What does not add up, a phrase each."""
        found: list[str] = []
        if unparsed := self.outcomes.get(Outcome.UNPARSED, 0):
            found.append(f"{unparsed:,} lines cannot be read")
        if self.duplicates:
            found.append(f"{self.duplicates:,} custom_ids came twice")
        if self.missing:
            found.append(f"{self.missing:,} requests have no result")
        if self.extra:
            found.append(f"{self.extra:,} results belong to no request that was sent")
        expected = self.expected
        if expected is not None and self.lines != expected.total:
            found.append(f"{self.lines:,} of {expected.total:,} results arrived")
        elif expected is not None:
            found += [
                f"{self.outcomes.get(outcome, 0):,} {outcome} where the batch counts {number:,}"
                for outcome, number in (
                    (Outcome.SUCCEEDED, expected.succeeded),
                    (Outcome.ERRORED, expected.errored),
                    (Outcome.CANCELED, expected.canceled),
                    (Outcome.EXPIRED, expected.expired),
                )
                if self.outcomes.get(outcome, 0) != number
            ]
        return found
