"""The hard limit `spend_limit`: what would exceed it is refused before anything is paid."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from claude_batch_tui.config import Config
from claude_batch_tui.domain.money.spend_limit import SpentAlready, over_spend_limit
from claude_batch_tui.errors import DraftError
from claude_batch_tui.store import batches, submissions
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.store import Store

_PERIODS: tuple[Literal["day", "month"], ...] = ("day", "month")


def require_within_limit(at_most: float | None, *, store: Store, config: Config, now: datetime) -> None:
    """Raise DraftError where paying `at_most` US dollars, None where nobody knows how much, exceeds a limit of the user.

    The day or the month is that of this machine's time zone. All batches that are known here count, in whatever
    workspace: by their results where those were read here, else as estimated at most; and what may have been sent.
    """
    for period in _PERIODS:
        limit = config.spend_limits.get(period)
        if limit is None:
            continue
        refused = over_spend_limit(at_most, spent(store.database, period, now), period=period, limit=limit)
        if refused is not None:
            raise DraftError(refused)


def spent(database: Database, period: str, now: datetime) -> SpentAlready:
    """What was spent since the `day` or the `month` began, or may have been."""
    first = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    since = (first.replace(day=1) if period == "month" else first).astimezone(UTC)
    paid, lost = (
        batches.spent_since(database, since),
        submissions.perhaps_paid_since(database, since),
    )
    return SpentAlready(paid.usd + lost.usd, paid.unknown + lost.unknown)
