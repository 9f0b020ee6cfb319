"""`cbtui history`: how long batches took, how many there were, what they cost and became."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.history import History

SUMMARY = "Turnaround, batches, spend and outcomes of the last days, from what is known here."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--days", type=int, default=30, metavar="N", help="how far back, today included (30)")
    parser.add_argument("--json", action="store_true", help="the same numbers as one JSON object")


def run(args: argparse.Namespace, context: Context) -> int:
    """Print the history; no network."""
    import os  # these are late: --help needs none of them
    from datetime import UTC, datetime

    from claude_batch_tui.errors import ConfigError
    from claude_batch_tui.services.watching.history import history_of
    from claude_batch_tui.store import workspaces
    from claude_batch_tui.store.database import Database
    from claude_batch_tui.store.locations import Locations

    if not 1 <= args.days <= _MOST_DAYS:
        raise ConfigError(f"--days is 1 to {_MOST_DAYS:,}, not {args.days}.")
    file = Locations(context.config.data_dir).database
    if not file.exists():
        context.diagnostics.note("Nothing is known here yet: `cbtui list` asks the API.")
        return ExitCode.GOOD
    database = Database(file)
    try:
        hints = [workspaces.hint_of(config, os.environ) for config in (context.config, *context.beside)]
        known = {
            workspace.scope_id
            for hint in hints
            if (workspace := workspaces.recall(database, hint)) is not None
        }
        found = history_of(database, known, days=args.days, now=datetime.now(UTC))
    finally:
        database.close()
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
    import msgspec

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
    from claude_batch_tui.wording import counted_batches, money, share, spend_words, took

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
    yield from _table(rows, right=range(1, 6))
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
    yield from _table(rows, right=range(1, 5))
    yield ""
    yield "What became of the requests of ended batches"
    rows = [("MODEL", "BATCHES", "REQUESTS", "SUCCEEDED", "ERRORED", "EXPIRED", "CANCELED")]
    rows += [
        (
            group.model,
            f"{group.batches:,}",
            f"{group.counts.total:,}",
            *(
                share(part, group.counts.total)
                for part in (
                    group.counts.succeeded,
                    group.counts.errored,
                    group.counts.expired,
                    group.counts.canceled,
                )
            ),
        )
        for group in found.outcomes
    ]
    yield from _table(rows, right=range(1, 7))


def _table(rows: Sequence[Sequence[str]], right: range) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
