"""The cost of a batch: what was said before, what its results say, and what batching and the cache were worth."""

from __future__ import annotations

from collections.abc import Iterator

from claude_batch_tui.domain.batches.story import Story
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.domain.money.spend import Spend, likely_cost
from claude_batch_tui.tui.batches.facts import Fact, fact_lines
from claude_batch_tui.tui.widgets.text_rows import StyledLine
from claude_batch_tui.wording import counted, money


def cost_lines(tracked: TrackedBatch, story: Story) -> list[StyledLine]:
    """A figure a line, each with where it comes from."""
    return list(fact_lines([*_before(tracked, story), *_after(tracked, story.spend)]))


def _before(tracked: TrackedBatch, story: Story) -> Iterator[Fact]:
    submission = story.submission
    at_most = tracked.cost_at_most
    if at_most is None and submission is not None and submission.run_id != tracked.id:
        at_most = submission.cost_at_most
    if at_most is not None:
        as_of = f", prices as of {submission.prices_as_of}" if submission and submission.prices_as_of else ""
        yield "estimate", f"at most {money(at_most)} when it was sent{as_of}", None
    elif submission is None:
        yield "estimate", "none: it was not sent from this machine", "dim"
    else:
        yield "estimate", "none: its model has no known price", "dim"
    likely = likely_cost(tracked.batch.request_counts.total, story.like)
    if likely is not None:
        earlier = "an earlier batch" if len(story.like) == 1 else f"{len(story.like)} earlier batches"
        yield "forecast", f"about {money(likely)}, going by {earlier} like it", None


def _after(tracked: TrackedBatch, spend: Spend | None) -> Iterator[Fact]:
    if spend is not None:
        yield from _bill(spend)
    elif tracked.results is not ResultsState.NONE:
        yield "actual", "not known: the results on this machine could not be priced", "dim"
    elif tracked.batch.has_ended:
        yield "actual", "known once the results are downloaded", "dim"
    else:
        yield "actual", "known once it has ended and its results are read", "dim"


def _bill(spend: Spend) -> Iterator[Fact]:
    priced = spend.succeeded - spend.unpriced
    if priced or not spend.succeeded:
        saved = spend.standard - spend.usd
        yield (
            "actual",
            f"{money(spend.usd)}, by the usage of {counted(priced, 'answer')}; prices as of {spend.as_of}",
            "strong",
        )
        yield "standard", f"{money(spend.standard)} outside of a batch: batching saved {money(saved)}", None
        yield "cache", _cache(spend), None
    if spend.unpriced:
        models = ", ".join(spend.unpriced_models)
        yield "no price", f"{counted(spend.unpriced, 'answer')} of {models}: in no figure above", "warn"
    yield "tokens", _tokens(spend), None
    if priced:
        yield "each", f"{money(spend.usd / priced)} an answer on average", None
    if len(spend.models) > 1:
        yield "models", ", ".join(spend.models), None


def _tokens(spend: Spend) -> str:
    parts = [f"{spend.input_tokens:,} in", f"{spend.output_tokens:,} out"]
    if spend.cache_read_tokens or spend.cache_written_tokens:
        parts.append(f"cache {spend.cache_read_tokens:,} read, {spend.cache_written_tokens:,} written")
    return " · ".join(parts)


def _cache(spend: Spend) -> str:
    if not spend.cache_read_tokens and not spend.cache_written_tokens:
        return "not used"
    saved = spend.cache_saved
    if saved >= 0:
        return f"saved {money(saved)} against sending everything fresh"
    return f"cost {money(-saved)} more than sending everything fresh: written, and too seldom read"
