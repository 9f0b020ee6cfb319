"""How what a word means has ended, request by request: the same for every verb that says so by its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.errors import ResultsUnavailableError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime

_GOOD = ("complete", "succeeded")
_UNTRIED = ("canceled", "expired")


async def outcomes_of(
    word: str, members: Sequence[TrackedBatch], context: Context, runtime: Runtime, *, fetches: bool
) -> Counter[str]:
    """How many requests ended how, each counted once: outcomes, and the ledger classes of answers where those are known.

    Of a run with retries the results tell that; they are read where they are here, and downloaded where it `fetches`.
    """
    from claude_batch_tui.cli.results_files import merged_of
    from claude_batch_tui.domain.batches.merging import answers_of
    from claude_batch_tui.domain.batches.tracked import ResultsState

    ended = [tracked for tracked in members if tracked.batch.has_ended]
    is_here = all(tracked.results is ResultsState.COMPLETE for tracked in ended)
    if len(ended) == len(members) > 1 and any(one.is_retry for one in ended) and (fetches or is_here):
        try:
            return Counter((await merged_of(word, context, runtime)).classes)
        except ResultsUnavailableError as error:
            context.diagnostics.note(str(error))
    counts, flawed = answers_of(ended)
    found = Counter(flawed)
    for name in ("errored", "expired", "canceled"):
        found[name] += getattr(counts, name)
    found["succeeded"] += counts.succeeded - sum(flawed.values())
    return +found


def exit_code(outcomes: Mapping[str, int]) -> ExitCode:
    """The exit code that says how requests ended."""
    bad = {name for name, count in outcomes.items() if count and name not in _GOOD}
    if not bad:
        return ExitCode.GOOD
    return ExitCode.CANCELED_OR_EXPIRED if bad <= {*_UNTRIED} else ExitCode.NOT_ALL_GOOD


def outcome_words(outcomes: Mapping[str, int]) -> str:
    """What of the requests that have ended was not good."""
    parts = [f"{count:,} {name}" for name, count in outcomes.items() if count and name not in _GOOD]
    return f"{', '.join(parts)} of {sum(outcomes.values()):,} requests that have ended."
