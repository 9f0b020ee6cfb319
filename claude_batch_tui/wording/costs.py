"""Costs as words, before a submission and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.wording.values import counted, money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_batch_tui.domain.batches.history import Day
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.domain.money.pricing import Cost, CostForecast
    from claude_batch_tui.domain.money.spend import Bill

_WORTH_SAYING = 0.0001
"""Dollars below which the cache neither saved nor lost anything."""


def cost_words(at_most: Cost) -> str:
    """`at most $19.90`, and what that figure leaves out."""
    if at_most.unpriced:
        return f"a cost nobody knows: no price for {', '.join(at_most.unpriced)}"
    words = f"at most {money(at_most.batch)}"
    if at_most.open_ended:
        words += f" (files, URLs and searches of {at_most.open_ended:,} requests not counted)"
    return words


def earlier_batches(number: int) -> str:
    """`an earlier batch`, `3 earlier batches`: what a forecast goes by."""
    return "an earlier batch" if number == 1 else f"{number} earlier batches"


def forecast_lines(forecast: CostForecast, in_flight: float = 0.0) -> Iterator[str]:
    """What a submission will cost: likely and at most, without batching, and the tokens behind it."""
    at_most, likely = forecast.at_most, forecast.likely
    if at_most.unpriced:
        requests = counted(at_most.unpriced_requests, "request")
        yield (
            f"cost      no price is known for {', '.join(at_most.unpriced)} ({requests}); no cost is guessed for it"
        )
    if at_most.batch:
        words = f"likely {money(likely.batch)}, " if likely is not None else ""
        yield f"cost      {words}at most {money(at_most.batch)}; prices as of {at_most.as_of}"
        standard = f"likely {money(likely.standard)}, " if likely is not None else ""
        saved = (likely or at_most).standard - (likely or at_most).batch
        yield (
            f"standard  {standard}at most {money(at_most.standard)}; "
            f"batching saves {'' if likely is not None else 'up to '}{money(saved)}"
        )
    if forecast.counted is not None:
        known = forecast.counted
        margin = f", ±{known.margin:.0%}" if known.margin else ""
        yield f"input     {known.tokens:,} tokens, by the API's count of {known.sampled} requests{margin}"
    else:
        about = forecast.about
        price = f", {money(about.batch)}" if about.batch else ""
        yield f"input     about {about.input_tokens:,} tokens{price} (3.6 bytes a token, ±25%)"
    if forecast.not_counted:
        yield f"          the API did not count it: {forecast.not_counted}"
    if likely is not None and forecast.history is not None:
        earlier = earlier_batches(forecast.history.batches)
        yield f"output    likely {likely.output_tokens:,} tokens, as in {earlier}; at most {at_most.output_tokens:,}"
    else:
        yield f"output    at most {at_most.output_tokens:,} tokens (every answer at max_tokens)"
    if at_most.open_ended:
        yield f"          not in it: what {counted(at_most.open_ended, 'request')} will fetch (files, URLs, server tools)"
    if in_flight:
        yield f"in flight {money(in_flight)} at most, in batches that have not ended"


def cost_of_batch(tracked: TrackedBatch) -> str | None:
    """`$3.12 by its results, at most $19.90 was estimated`; None where nothing is known."""
    actual, at_most = tracked.cost_actual, tracked.cost_at_most
    if actual is None:
        return None if at_most is None else f"at most {money(at_most)}"
    estimated = "" if at_most is None else f", at most {money(at_most)} was estimated"
    return f"{money(actual)} by its results{estimated}"


def spent_words(spent: Bill) -> str:
    """`cost $1.23 · $2.46 without batching · cache saved $0.40`, and how many answers have no price."""
    words = [f"cost {money(spent.usd)}", f"{money(spent.standard)} without batching"]
    if abs(spent.cache_saved) >= _WORTH_SAYING:
        saved = "saved" if spent.cache_saved > 0 else "lost"
        words.append(f"cache {saved} {money(abs(spent.cache_saved))}")
    if spent.unpriced:
        words.append(f"{spent.unpriced:,} without a price")
    return " · ".join(words)


def spend_words(day: Day) -> str:
    """`$3.12 spent, at most $8.00 not known yet, 3 of unknown cost`."""
    parts = [f"{money(day.usd)} spent"]
    if day.at_most:
        parts.append(f"at most {money(day.at_most)} not known yet")
    if day.unpriced:
        parts.append(f"{day.unpriced:,} of unknown cost")
    return ", ".join(parts)
