"""Costs as words, before a submission and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.wording.values import counted, counted_batches, money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_batch_tui.domain.batches.costs import CostLine, Costs
    from claude_batch_tui.domain.batches.history import Day
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.domain.money.pricing import Caching, Cost, CostForecast
    from claude_batch_tui.domain.money.spend import Bill
    from claude_batch_tui.domain.money.spend_limit import SpentAlready

_OPEN_ENDED = "files, URLs, server tools, compactions and advisors without a limit"
_WORTH_SAYING = 0.0001
"""Dollars below which the cache neither saved nor lost anything."""


def cost_words(at_most: Cost) -> str:
    """`at most $19.90`, and what that figure leaves out."""
    if at_most.unpriced:
        return f"a cost nobody knows: no price for {', '.join(at_most.unpriced)}"
    words = f"at most {money(at_most.batch)}"
    if at_most.open_ended:
        requests = counted(at_most.open_ended, "request")
        words += f" (without what nobody knows before: {_OPEN_ENDED} of {requests})"
    return f"{words}, prices as of {at_most.as_of}"


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
        yield f"cost      {_range_words(forecast)}; {_dates(forecast)}"
        low, high = likely or forecast.counted_at_most or at_most, forecast.counted_at_most or at_most
        standard = f"likely {money(low.standard)}, " if likely is not None else ""
        yield (
            f"standard  {standard}at most {money(high.standard)}; "
            f"batching saves {'' if likely is not None else 'up to '}{money(low.standard - low.batch)}"
        )
    yield _input_words(forecast)
    if forecast.not_counted:
        yield f"          the API did not count it: {forecast.not_counted}"
    yield _output_words(forecast)
    if forecast.caching is not None and not at_most.unpriced:
        yield _caching_words(forecast.caching)
        if forecast.caching.prime_pays:
            yield _prime_words(forecast.caching)
    if at_most.open_ended:
        yield f"          not in it: {_OPEN_ENDED} of {counted(at_most.open_ended, 'request')}"
    if in_flight:
        yield f"in flight {money(in_flight)} at most, in batches that have not ended"


def _range_words(forecast: CostForecast) -> str:
    """`likely $41.25, at most $67.50 with the input as counted, at most $91.20 whatever it holds`."""
    parts = [f"likely {money(forecast.likely.batch)}"] if forecast.likely is not None else []
    whatever = ""
    most = money(forecast.at_most.batch)
    counted_most = most if forecast.counted_at_most is None else money(forecast.counted_at_most.batch)
    if counted_most != most:
        parts.append(f"at most {counted_most} with the input as counted")
        whatever = " whatever the count"
    return ", ".join([*parts, f"at most {most}{whatever}"])


def _dates(forecast: CostForecast) -> str:
    prices, models = forecast.at_most.as_of, forecast.models_as_of
    if models == prices:
        return f"prices and models as of {prices}"
    return f"prices as of {prices}" + ("" if models is None else f", models as of {models}")


def _input_words(forecast: CostForecast) -> str:
    if forecast.counted is not None:
        known, cost = forecast.counted, forecast.counted_input
        margin = f", ±{known.margin:.0%}" if known.margin else ""
        price = f", {money(cost.batch)}" if cost is not None and cost.batch else ""
        return f"input     {known.tokens:,} tokens{price}, by the API's count of {known.sampled} requests{margin}"
    about = forecast.about
    price = f", {money(about.batch)}" if about.batch else ""
    return f"input     about {about.input_tokens:,} tokens{price} (3.6 bytes a token, ±25%)"


def _output_words(forecast: CostForecast) -> str:
    full, alone = forecast.counted_at_most, forecast.counted_input
    most = f" ({money(full.batch - alone.batch)})" if full is not None and alone is not None else ""
    at_most = f"at most {(full or forecast.at_most).output_tokens:,}"
    likely = forecast.likely
    if likely is None or forecast.history is None:
        return f"output    {at_most} tokens{most} (every answer at max_tokens)"
    earlier = earlier_batches(forecast.history.batches)
    price = f" ({money(likely.batch - alone.batch)})" if alone is not None else ""
    return f"output    likely {likely.output_tokens:,} tokens{price}, as in {earlier}; {at_most}{most}"


def _caching_words(caching: Caching) -> str:
    return (
        f"caching   the first {caching.shared_tokens:,} tokens of every request are the same ({caching.share:.0%} of all "
        f"input): at most {money(caching.cost.batch)} with one write for an hour and reads by all others, "
        f"{money(caching.saved)} less; pays from {caching.break_even_requests} requests on, where {caching.break_even_hits:.0%} "
        "of them find it"
    )


def _prime_words(caching: Caching) -> str:
    return (
        f"prime     one request first, the others once it has ended: writing the cache costs {money(caching.write)}, and half of "
        f"the hits save {money(caching.saved_at_half)} already (`submit --prime`; p in Build)"
    )


def cost_of_batch(tracked: TrackedBatch) -> str | None:
    """`$3.12 by its results, at most $19.90 was estimated; prices as of 2026-11-29`; None where nothing is known."""
    actual, at_most = tracked.cost_actual, tracked.cost_at_most
    dated = f"; prices as of {tracked.prices_as_of}" if tracked.prices_as_of else ""
    if actual is None:
        return None if at_most is None else f"at most {money(at_most)}{dated}"
    estimated = "" if at_most is None else f", at most {money(at_most)} was estimated"
    return f"{money(actual)} by its results{estimated}{dated}"


def spent_words(spent: Bill) -> str:
    """`cost $1.23 · $2.46 without batching · cache saved $0.40`, and how many answers have no price."""
    if spent.unpriced and not spent.standard:
        return f"cost unknown: {counted(spent.unpriced, 'answer')} without a price"
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


def limit_words(spent: SpentAlready, period: str, limit: float) -> str:
    """`spend_limit: $12.00 of $20.00 a day are spent or may be`."""
    unknown = f", {counted_batches(spent.unknown)} of unknown cost not counted" if spent.unknown else ""
    return f"spend_limit: {money(spent.usd)} of {money(limit)} a {period} are spent or may be{unknown}."


COST_HEADS = ("BATCHES", "REQUESTS", "BILLED", "ESTIMATED", "STANDARD", "IN FLIGHT", "NOT READ", "UNKNOWN")
"""What stands over the cells of `cost_cells`."""


def cost_cells(line: CostLine) -> tuple[str, ...]:
    """What the batches of a group cost, a cell a column of `COST_HEADS`; estimates are at most."""
    return (
        f"{line.batches:,}",
        f"{line.requests:,}",
        money(line.billed) if line.known else "-",
        *(money(usd) if usd else "-" for usd in (line.estimated, line.standard, line.in_flight, line.unread)),
        f"{line.unknown:,}" if line.unknown else "-",
    )


def cost_notes(found: Costs) -> Iterator[str]:
    """What the columns mean and leave out, a sentence each."""
    total = found.total
    yield (
        "BILLED is by the usage of every answer, ESTIMATED at most for the same batches, STANDARD the same answers without "
        "batching."
    )
    if total.in_flight:
        yield f"IN FLIGHT: at most {money(total.in_flight)} for what has not ended."
    if total.unread:
        yield (
            f"NOT READ: at most {money(total.unread)} for what has ended and whose results are not here; "
            "`cbtui results ID` reads them."
        )
    if found.lost.usd or found.lost.unknown:
        yield (
            f"At most {money(found.lost.usd)} more may have been paid in submissions whose outcome is not known: open "
            "submissions (Batches, U), or the same `cbtui submit` again."
        )
    if total.unknown:
        yield (
            f"{counted_batches(total.unknown)} of unknown cost, in no sum: made elsewhere or of a model without a price, and "
            "their results were not read here."
        )
    if total.unpriced:
        yield (
            f"{counted(total.unpriced, 'answer')} of models without a price, in no sum: `cbtui models --prices FILE` takes prices."
        )
    if abs(total.cache_saved) >= _WORTH_SAYING:
        yield f"The cache {'saved' if total.cache_saved > 0 else 'lost'} {money(abs(total.cache_saved))}."
    if found.by == "tag" and sum(line.batches for line in found.lines) > total.batches:
        yield "A batch with several tags is in the line of each, and once in the total."
