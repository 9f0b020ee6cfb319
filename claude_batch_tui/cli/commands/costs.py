"""`cbtui costs`: what batches cost, by day, model, tag or run, from what is known here."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
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
    from claude_batch_tui.domain.batches.costs import Costs

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_FIGURES = (
    "batches",
    "known",
    "requests",
    "billed",
    "estimated",
    "standard",
    "cache_saved",
    "in_flight",
    "unread",
    "unknown",
    "unpriced",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--by", choices=("day", "model", "tag", "run"), default="day", help="what a line is (day)"
    )
    parser.add_argument("--month", metavar="YYYY-MM", help="only batches created in that month")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="(table)")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="--format json")
    parser.epilog = """\
Every attempt counts: the parts of a run, its pilot, its retries. billed is by the usage of each answer, estimated is at most
for the same batches, standard the same answers outside of a batch; in_flight and unread are estimates, at most, of what has
not ended and of what has and whose results were not read here. unknown counts batches of which neither is known, unpriced
answers of models without a price: both are in no sum. Money is in US dollars, days are those of this machine's time zone.
"""


def run(args: argparse.Namespace, context: Context) -> int:
    """Print the costs; no network."""
    from claude_batch_tui.services.submitting.limit import spent
    from claude_batch_tui.services.watching.listing import costs_of  # late: --help needs none of it
    from claude_batch_tui.wording.costs import cost_notes, limit_words

    if args.month is not None and not _MONTH.fullmatch(args.month):
        raise ConfigError(f"--month is a month as 2026-11, not {args.month!r}.")
    with known_here(context) as known:
        if known is None:
            return ExitCode.GOOD
        found = costs_of(known.database, known.scope_ids, by=args.by, month=args.month)
        limits = [
            limit_words(spent(known.database, period, datetime.now(UTC)), period, limit)
            for period, limit in context.config.spend_limits.items()
        ]
    output = context.output
    match args.format:
        case "json":
            output.json(as_json(found, args.month))
        case "csv":
            _write_csv(found, context)
        case _ if found.total.batches:
            output.lines(_table(found))
            for note in (*cost_notes(found), *limits):
                context.diagnostics.note(note)
        case _:
            when = f"of {args.month} " if args.month else ""
            context.diagnostics.note(f"No batch {when}is known here: `cbtui list` asks the API.")
    return ExitCode.GOOD


def as_json(found: Costs, month: str | None) -> dict[str, Any]:
    """Everything as plain values."""

    def figures(line: msgspec.Struct) -> dict[str, Any]:
        return {name: getattr(line, name) for name in _FIGURES}

    lines = [
        {found.by: line.key, **({"run_id": line.run_id} if line.run_id else {}), **figures(line)}
        for line in found.lines
    ]
    return {
        "by": found.by,
        "month": month,
        "lines": lines,
        "total": figures(found.total),
        "lost_at_most": found.lost.usd,
    }


def _table(found: Costs) -> Iterator[str]:
    from claude_batch_tui.wording.costs import COST_HEADS, cost_cells

    rows: list[tuple[str, ...]] = [(found.by.upper(), *COST_HEADS)]
    rows += [(line.key, *cost_cells(line)) for line in (*found.lines, found.total)]
    return table(rows, right=range(1, len(rows[0])))


def _write_csv(found: Costs, context: Context) -> None:
    """A head and a line a group; names of the user are guarded against formulas, as in every export."""
    from claude_batch_tui.exports.csv import Csv
    from claude_batch_tui.exports.table import Column

    names = [found.by, *(["run_id"] if found.by == "run" else []), *_FIGURES]
    writer = Csv(context.output.binary(), [Column(name) for name in names], raw=False)
    writer.write(
        [[getattr(line, "key" if name == found.by else name) for name in names] for line in found.lines]
    )
    writer.finish()
