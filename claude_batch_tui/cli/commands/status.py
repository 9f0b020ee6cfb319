"""`cbtui status ID`: one batch as the API has it now."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import batch_json, resolve, retrieve
from claude_batch_tui.cli.outcomes import exit_code, outcomes_of
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.errors import ConfigError, NotFoundError

# Imports within functions are late because the parser and --help need none of them.


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", nargs="?", help="a batch, a run, or a name")
    parser.add_argument(
        "--short", action="store_true", help="one line about all batches, from the last poll; no network"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="the batch object, with what is ours beside it; of a run its batches too",
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Show the status."""
    if args.short:
        return _short(args, context)
    if args.id is None:
        raise ConfigError("status wants the ID of a batch or run, or --short.")
    return run_to_end(_status(args, context))


def _short(args: argparse.Namespace, context: Context) -> int:
    """One line for prompts and status bars, of all profiles together; an empty one where nothing runs or is new."""
    import contextlib  # these are late: --help needs none of them
    import os

    from claude_batch_tui.domain.batches.batch import RequestCounts
    from claude_batch_tui.errors import ConfigError
    from claude_batch_tui.store import polls, workspaces
    from claude_batch_tui.store.database import Database
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.wording.batches import standing_words

    if args.id is not None:
        raise ConfigError("--short is about all batches: leave the ID out.")
    file = Locations(context.config.data_dir).database
    running, unseen = 0, list[RequestCounts]()
    if file.exists():
        database = Database(file)
        with contextlib.closing(database), database.set_aside_if_damaged():
            hints = [workspaces.hint_of(config, os.environ) for config in (context.config, *context.beside)]
            known = {
                workspace.scope_id
                for hint in hints
                if (workspace := workspaces.recall(database, hint)) is not None
            }
            for found in (polls.standing(database, scope_id) for scope_id in known):
                running, unseen = running + found[0], unseen + found[1]
    if args.json:
        ended = {"ended": len(unseen), "succeeded": sum(counts.succeeded for counts in unseen)}
        context.output.json({"running": running, **ended, "requests": sum(counts.total for counts in unseen)})
    else:
        words = standing_words(running, unseen)
        context.output.line(words.replace("·", "-") if context.config.ascii else words)
    return ExitCode.GOOD


async def _status(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.domain.batches.merging import fold
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.watching.lookup import known_batches
    from claude_batch_tui.store import batches
    from claude_batch_tui.wording.batches import lineage

    configs = (context.config, *context.beside)
    for config in configs:
        async with open_runtime(config, patience=context.patience) as runtime:
            try:
                known = await resolve(args.id, runtime)
            except NotFoundError:
                if config is configs[-1]:
                    raise
                continue
            fresh = [await retrieve(tracked.id, runtime) for tracked in known]
            now = runtime.now()
            ids = [*dict.fromkeys(one for tracked in fresh for one in (tracked.id, tracked.run_id) if one)]
            scope_id = runtime.known_workspace().scope_id
            after = batches.made_from(runtime.store.database, scope_id, ids)
            before = known_batches(fresh[0].made_of or "", store=runtime.store, workspace=runtime.workspace)
            outcomes = await outcomes_of(args.id, fresh, context, runtime, fetches=False)
        shown = fold(fresh[0].run_id or "", fresh) if len(fresh) > 1 else fresh[0]
        where = {"profile": config.profile} if context.beside else {}
        if args.json:
            more: dict[str, object] = {}
            if len(fresh) > 1:
                more["batches"] = [batch_json(tracked) for tracked in fresh]
            if after:
                more["made_into"] = [*dict.fromkeys(one.run_id or one.id for one in after)]
            context.output.json({**where, **batch_json(shown), **more})
        else:
            lines = [("profile", name) for name in where.values()]
            lines += lineage(shown.made_of, before, after)
            members = _members(fresh, now) if len(fresh) > 1 else []
            context.output.lines(
                [*(f"{label:<9} {value}" for label, value in lines), *facts(shown, now), *members]
            )
        return exit_code(outcomes) if shown.batch.has_ended else ExitCode.GOOD
    return ExitCode.GOOD


def _members(batches: Sequence[TrackedBatch], now: datetime) -> list[str]:
    """The batches of a run, oldest first, a line each: id, name, and what became of what it was sent."""
    from claude_batch_tui.domain.batches.batch_list import in_parts
    from claude_batch_tui.wording.batches import member_words

    longest = max(len(tracked.name or "") for tracked in batches)
    return [
        f"{'' if number else 'batches':<9} {tracked.id}  {tracked.name or '':<{longest}}  {member_words(tracked, now)}"
        for number, tracked in enumerate(in_parts(batches))
    ]


def facts(tracked: TrackedBatch, now: datetime) -> list[str]:
    """A batch as lines of label and value."""
    from claude_batch_tui.wording.batches import outcome_counts, status_words
    from claude_batch_tui.wording.costs import cost_of_batch
    from claude_batch_tui.wording.values import ago, duration

    batch = tracked.batch
    lines = [
        ("id", batch.id),
        ("name", tracked.name),
        ("status", status_words(tracked, now)),
        ("requests", outcome_counts(batch.request_counts, tracked.flawed)),
        ("created", f"{batch.created_at:%Y-%m-%d %H:%M:%S %Z} ({ago(now - batch.created_at)} ago)"),
        ("deadline", None if batch.has_ended else f"in {duration(batch.deadline - now)}"),
        ("ended", f"{batch.ended_at:%Y-%m-%d %H:%M:%S %Z}" if batch.ended_at else None),
        ("adopted", "provisional: cbtui watch settles it" if tracked.provisional else None),
        ("results", _results(tracked, now)),
        ("model", tracked.model),
        ("source", tracked.source),
        ("cost", cost_of_batch(tracked)),
        ("tags", ", ".join(tracked.tags)),
        ("note", tracked.note),
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
