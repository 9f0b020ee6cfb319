"""When a yes is not enough: a submission above the user's limits has its count typed."""

from __future__ import annotations

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.pricing import Cost


def over_limits(at_most: Cost, in_flight: float, config: Config) -> str | None:
    """Why a submission asks for its count to be typed, as a phrase; None where it does not.

    `in_flight` is in US dollars.
    """
    if at_most.unpriced or at_most.open_ended:
        return "it is not known what this costs"
    usd = at_most.batch
    if usd > config.confirm_above:
        return f"this is over your limit of ${config.confirm_above:,.2f} (confirm_above)"
    if usd + in_flight > config.confirm_in_flight:
        return (
            f"with ${in_flight:,.2f} in flight this is over your limit of ${config.confirm_in_flight:,.2f} "
            "(confirm_in_flight)"
        )
    return None
