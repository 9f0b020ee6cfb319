"""`cbtui status ID`: one batch as the API has it now."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.commands.list import as_json
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.domain.tracked import TrackedBatch

SUMMARY = "One batch, as the API has it now."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="a batch, a run, or a name")
    parser.add_argument("--json", action="store_true", help="the batch object, with what is ours beside it")


def run(args: argparse.Namespace, context: Context) -> int:
    """Show the status."""
    return asyncio.run(_status(args, context))


async def _status(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it

    async with open_runtime(context.config) as runtime:
        known = await runtime.resolve_all(args.id)
        fresh = [await runtime.retrieve(tracked.id) for tracked in known]
        now = runtime.now()
    for tracked in fresh:
        if args.json:
            context.output.json(as_json(tracked))
        else:
            context.output.lines(facts(tracked, now))
    return ExitCode.GOOD


def facts(tracked: TrackedBatch, now: datetime) -> list[str]:
    """A batch as lines of label and value."""
    from claude_batch_tui.wording import STATE_WORDS, ago, duration, money, outcome_counts

    batch = tracked.batch
    lines = [
        ("id", batch.id),
        ("name", tracked.name),
        ("status", f"{batch.processing_status} ({STATE_WORDS[tracked.state(now)]})"),
        ("requests", outcome_counts(batch.request_counts)),
        ("created", f"{batch.created_at:%Y-%m-%d %H:%M:%S %Z} ({ago(now - batch.created_at)} ago)"),
        ("deadline", None if batch.has_ended else f"in {duration(batch.deadline - now)}"),
        ("ended", f"{batch.ended_at:%Y-%m-%d %H:%M:%S %Z}" if batch.ended_at else None),
        ("results", _results(tracked, now)),
        ("model", tracked.model),
        ("source", tracked.source),
        ("cost", f"at most {money(tracked.cost_at_most)}" if tracked.cost_at_most is not None else None),
    ]
    return [f"{label:<9} {value}" for label, value in lines if value]


def _results(tracked: TrackedBatch, now: datetime) -> str | None:
    if tracked.results.value != "none":
        return f"on this machine ({tracked.results})"
    if not tracked.batch.has_ended:
        return None
    if tracked.batch.results_readable(now):
        return f"readable until {tracked.batch.results_until:%Y-%m-%d}: cbtui results {tracked.id}"
    return "gone: the API keeps results for 29 days"
