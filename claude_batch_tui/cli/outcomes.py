"""How what a word means has ended, request by request, and the one decision which exit code says so, for every verb."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.errors import ResultsUnavailableError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.cli.results_files import Found
    from claude_batch_tui.domain.batches.batch import RequestCounts
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime

_GOOD = ("complete", "succeeded")
_UNTRIED = ("canceled", "expired")


class Outcomes(msgspec.Struct, frozen=True):
    """How many requests ended how, each counted once: outcomes, ledger classes of answers, and gaps of the ledger."""

    counts: Mapping[str, int]
    is_whole: bool = True
    """False where results that were downloaded lack some."""
    is_provisional: bool = False
    """Whether they may be another's: a batch of them is not proven to be that of the submission it was found for."""
    is_waiting: bool = False
    """Whether a batch of them has not ended, though others have."""


def exit_code(outcomes: Outcomes) -> ExitCode:
    """The exit code that says how requests ended: the same from every verb that read the same.

    Canceled and expired requests were never tried: 6 says that nothing else is wrong, and that sending them again is all
    there is to do.
    """
    bad = {name for name, count in outcomes.counts.items() if count and name not in _GOOD}
    if not outcomes.is_whole:
        return ExitCode.STORE
    if outcomes.is_provisional:
        return ExitCode.UNKNOWN_OUTCOME
    if bad and bad <= {*_UNTRIED} and not outcomes.is_waiting:
        return ExitCode.CANCELED_OR_EXPIRED
    return ExitCode.NOT_ALL_GOOD if bad or outcomes.is_waiting else ExitCode.GOOD


def together(each: Iterable[Outcomes]) -> Outcomes:
    """The outcomes of several as one."""
    every = [*each]
    return Outcomes(
        sum((Counter(one.counts) for one in every), Counter()),
        is_whole=all(one.is_whole for one in every),
        is_provisional=any(one.is_provisional for one in every),
        is_waiting=any(one.is_waiting for one in every),
    )


async def outcomes_of(
    word: str, members: Sequence[TrackedBatch], context: Context, runtime: Runtime, *, fetches: bool
) -> Outcomes:
    """How the requests of these batches, which `word` means, ended, as far as they have.

    Whether an answer is truly good, and what of a run with retries still counts, is in the results. They are read where
    they are here; where they are not, and would decide, they are downloaded if it `fetches`, else the API's counts stand.
    """
    from claude_batch_tui.cli.results_files import merged_of
    from claude_batch_tui.domain.batches.merging import answers_of
    from claude_batch_tui.domain.batches.tracked import ResultsState
    from claude_batch_tui.services.results.schema_validation import Sent, validated_classes
    from claude_batch_tui.services.threads import in_thread

    ended = [tracked for tracked in members if tracked.batch.has_ended]
    counted = Outcomes(
        _counted(*answers_of(ended)),
        is_whole=not any(tracked.results is ResultsState.PROBLEMS for tracked in ended),
        is_provisional=any(tracked.provisional for tracked in ended),
    )
    is_here = all(tracked.results is ResultsState.COMPLETE for tracked in ended)
    has_retries = len(members) > 1 and any(one.is_retry for one in ended)
    is_open = has_retries or (not is_here and exit_code(counted) is not ExitCode.NOT_ALL_GOOD)
    if len(ended) < len(members) or not is_open or not (fetches or is_here):
        return counted
    try:
        found = await merged_of(word, context, runtime)
    except ResultsUnavailableError as error:
        context.diagnostics.note(str(error))
        return counted
    classes = found.classes
    if classes is None:
        sent, cache = Sent(found.sent), runtime.store.locations.cache
        classes = await in_thread(lambda: validated_classes(found.path, sent, cache))
    return outcomes_of_found([found], classes)


def verdict(found: Sequence[Found], classes: Mapping[str, int]) -> tuple[ExitCode, list[str]]:
    """The exit code of what was read, and what is said about it.

    `classes` are the ledger classes of entries of files and single batches; a run brings those of its own.
    """
    from claude_batch_tui.wording.results import not_good_words

    counts = Counter(classes) + sum((Counter(one.classes) for one in found if one.classes), Counter())
    outcomes = outcomes_of_found(found, counts)
    if not outcomes.is_whole:
        broken = ", ".join(one.title for one in found if not one.is_whole)
        return exit_code(outcomes), [f"The results of {broken} are not whole."]
    words = [
        f"{one.title}: {', '.join(one.waits_for)} {'has' if len(one.waits_for) == 1 else 'have'} not ended yet."
        for one in found
        if one.waits_for
    ]
    if set(counts) - {"complete"}:
        words.append(not_good_words(counts))
    return exit_code(outcomes), words


def outcomes_of_found(found: Sequence[Found], counts: Mapping[str, int]) -> Outcomes:
    """The outcomes of results that were found, whose entries count like this."""
    return Outcomes(
        counts,
        is_whole=all(one.is_whole for one in found),
        is_provisional=any(one.is_provisional for one in found),
        is_waiting=any(one.waits_for for one in found),
    )


def _counted(counts: RequestCounts, flawed: Mapping[str, int]) -> Counter[str]:
    found = Counter(flawed)
    for name in ("errored", "expired", "canceled"):
        found[name] += getattr(counts, name)
    found["succeeded"] += counts.succeeded - sum(flawed.values())
    return +found


def outcome_words(outcomes: Outcomes) -> str:
    """What of the requests that have ended was not good."""
    counts = outcomes.counts
    parts = [f"{count:,} {name}" for name, count in counts.items() if count and name not in _GOOD]
    return f"{', '.join(parts)} of {sum(counts.values()):,} requests that have ended."
