"""`cbtui list`: the batches of the workspace."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime
from typing import Any

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.domain.tracked import TrackedBatch

SUMMARY = "The batches of the workspace, newest first."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (20)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace, context: Context) -> int:
    """List."""
    return asyncio.run(_list(args, context))


async def _list(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.errors import ConfigError  # late, as the runtime is
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.listing import newest

    if args.limit < 1:
        raise ConfigError(f"--limit is at least 1, not {args.limit}.")
    async with open_runtime(context.config) as runtime:
        api = await runtime.connect()
        found = await newest(args.limit, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now())
        now = runtime.now()
    if args.json:
        for tracked in found:
            context.output.json(as_json(tracked))
    elif found:
        context.output.lines(table(found, now))
    else:
        context.diagnostics.note(
            f"No batches in this workspace: {api.credential} at {api.base_url}. Make one with `cbtui build`."
        )
    return ExitCode.GOOD


def as_json(tracked: TrackedBatch) -> dict[str, Any]:
    """A batch as the API gives it, with what is ours beside it."""
    batch: dict[str, Any] = msgspec.to_builtins(tracked.batch)
    ours = {
        "name": tracked.name,
        "run_id": tracked.run_id,
        "model": tracked.model,
        "source": tracked.source,
        "cost_at_most": tracked.cost_at_most,
        "cost_actual": tracked.cost_actual,
        "results": tracked.results.value,
    }
    return {**batch, **ours}


def table(batches: tuple[TrackedBatch, ...], now: datetime) -> list[str]:
    """The batches as lines of a table with a head."""
    from claude_batch_tui.wording import ASCII_GLYPHS, ago, progress_words

    rows = [("", "ID", "NAME", "REQUESTS", "AGE", "STATE")]
    rows += [
        (
            ASCII_GLYPHS[tracked.state(now)],
            tracked.id,
            tracked.name or "",
            f"{tracked.batch.request_counts.total:,}",
            ago(now - tracked.batch.created_at),
            progress_words(tracked.batch, now),
        )
        for tracked in batches
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    right = {3, 4}
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
