"""The limit on what a day or a month may cost. Money is in US dollars."""

from __future__ import annotations

from typing import Literal

import msgspec


class SpentAlready(msgspec.Struct, frozen=True):
    """What the batches of a day or a month cost, or may still cost at most; `unknown` of them are in no sum."""

    usd: float = 0.0
    unknown: int = 0


def over_spend_limit(
    at_most: float | None, spent: SpentAlready, *, period: Literal["day", "month"], limit: float
) -> str | None:
    """Why nothing may be paid that costs `at_most`, None where nobody knows, as sentences; None where it may."""
    named, when = (f"${limit:,.2f} a {period} (spend_limit)", "today" if period == "day" else "this month")
    if at_most is None:
        return f"With a limit of {named} nothing is sent whose cost nobody knows: `cbtui models --prices FILE` takes prices."
    if spent.usd + at_most <= limit:
        return None
    unknown = f"; {spent.unknown:,} batches of unknown cost are not in it" if spent.unknown else ""
    return (
        f"This may cost ${at_most:,.2f}, and ${spent.usd:,.2f} are spent or may be {when}{unknown}: together more than your limit "
        f"of {named}. Nothing was sent; send less, raise the limit, or wait."
    )
