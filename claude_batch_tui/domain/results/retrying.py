"""Which entries of a batch are sent again, and which are left out.

Source: the batch guide. Errored requests can be sent again as they are, but for `invalid_request_error`, whose body has
to be changed first; expired ones were never tried. Neither was billed.
"""

from __future__ import annotations

import msgspec

from claude_batch_tui.domain.results.result import Outcome

_FAILED = (Outcome.ERRORED, Outcome.EXPIRED)


class RetryRules(msgspec.Struct, frozen=True):
    """What the user allows beyond the default: what errored or expired, but for invalid requests."""

    include_invalid: bool = False
    any_outcome: bool = False
    again: bool = False

    def allows(self, outcome: Outcome, error_type: str) -> bool:
        """Whether an entry may be sent again, as far as its result tells."""
        if outcome is Outcome.ERRORED and is_invalid(error_type):
            return self.include_invalid
        return outcome in _FAILED or (self.any_outcome and outcome is not Outcome.UNPARSED)


def is_invalid(error_type: str) -> bool:
    """Whether an error says that the request itself is wrong."""
    return error_type.startswith("invalid_request")


class RetryCounts(msgspec.Struct, frozen=True):
    """What was looked at: how many are sent again, by what became of them, and why others are not."""

    errored: int = 0
    expired: int = 0
    others: int = 0
    """Succeeded or canceled: what succeeded was paid for already."""
    invalid: int = 0
    """Left out: their requests are invalid."""
    good: int = 0
    """Left out: they succeeded or were canceled."""
    retried: int = 0
    """Left out: a retry has them already."""
    unknown: int = 0
    """Left out: no request that was sent has their custom_id."""

    @property
    def chosen(self) -> int:
        """How many are sent again."""
        return self.errored + self.expired + self.others
