"""`cbtui history`: how long batches took, how many there were, what they cost and became."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.known import known_here
from claude_batch_tui.cli.tables import table
from claude_batch_tui.errors import ConfigError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.history import History


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--days", type=int, default=30, metavar="N", help="how far back, today included (30)")
    parser.add_argument("--json", action="store_true", help="the same numbers as one JSON object")


def run(args: argparse.Namespace, context: Context) -> int:
    """Print the history; no network."""
    from claude_batch_tui.services.watching.listing import history_of  # late: --help needs none of it

    if not 1 <= args.days <= _MOST_DAYS:
        raise ConfigError(f"--days is 1 to {_MOST_DAYS:,}, not {args.days}.")
    with known_here(context) as known:
        if known is None:
            return ExitCode.GOOD
        found = history_of(known.database, known.scope_ids, days=args.days, now=datetime.now(UTC))
    if args.json:
        context.output.json(as_json(found))
    elif found.total.batches:
        context.output.lines(tables(found))
    else:
        context.diagnostics.note(
            f"No batch of the last {args.days} days is known here: `cbtui list` asks the API."
        )
    return ExitCode.GOOD


_MOST_DAYS = 3_650


def as_json(found: History) -> dict[str, Any]:
    """Everything as plain values; durations in seconds, money in US dollars."""
    from claude_batch_tui.domain.batches.history import size_words

    return {
        "days": [msgspec.to_builtins(day) for day in found.days],
        "turnaround": [
            {
                "model": group.model,
                "requests": size_words(group.size),
                "batches": group.batches,
                "median_seconds": group.median.total_seconds(),
                "ninth_tenth_seconds": group.ninth_tenth.total_seconds(),
                "longest_seconds": group.longest.total_seconds(),
            }
            for group in found.turnarounds
        ],
        "outcomes": [
            {"model": group.model, "batches": group.batches, **msgspec.to_builtins(group.counts)}
            for group in found.outcomes
        ],
        "total": msgspec.to_builtins(found.total),
    }


def tables(found: History) -> Iterator[str]:
    """The numbers as three tables."""
    from claude_batch_tui.domain.batches.history import size_words
    from claude_batch_tui.wording.costs import spend_words
    from claude_batch_tui.wording.values import counted_batches, money, share, took

    ended = counted_batches(sum(group.batches for group in found.turnarounds))
    yield f"Turnaround of {ended} that ended, canceled ones left out"
    rows: list[Sequence[str]] = [("MODEL", "REQUESTS", "BATCHES", "HALF BY", "9 OF 10 BY", "LONGEST")]
    rows += [
        (
            group.model,
            size_words(group.size),
            f"{group.batches:,}",
            took(group.median),
            took(group.ninth_tenth),
            took(group.longest),
        )
        for group in found.turnarounds
    ]
    yield from table(rows, right=range(1, 6))
    yield ""
    yield f"Batches and spend per day: {spend_words(found.total)}"
    rows = [("DAY", "BATCHES", "REQUESTS", "SPENT", "NOT KNOWN YET, AT MOST")]
    rows += [
        (
            f"{day.day:%a %Y-%m-%d}",
            f"{day.batches:,}",
            f"{day.requests:,}",
            money(day.usd),
            money(day.at_most),
        )
        for day in found.days
        if day.batches
    ]
    yield from table(rows, right=range(1, 5))
    yield ""
    yield "What became of the requests of ended batches"
    rows = [("MODEL", "BATCHES", "REQUESTS", "SUCCEEDED", "ERRORED", "EXPIRED", "CANCELED")]
    rows += [
        (
            group.model,
            f"{group.batches:,}",
            f"{group.counts.total:,}",
            share(group.counts.succeeded, group.counts.total),
            share(group.counts.errored, group.counts.total),
            share(group.counts.expired, group.counts.total),
            share(group.counts.canceled, group.counts.total),
        )
        for group in found.outcomes
    ]
    yield from table(rows, right=range(1, 7))
