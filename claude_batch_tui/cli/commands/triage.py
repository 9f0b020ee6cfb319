"""`cbtui triage ID`: what is not truly good, by cause, with what is known of sending it again and what that costs."""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.outcomes import exit_code, outcomes_of_found
from claude_batch_tui.cli.results_files import results_of

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.services.results.triage import Group


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="a batch, a run or a name")
    parser.add_argument("--json", action="store_true", help="a group a line")
    parser.epilog = (
        "Of a run each request counts once: its newest good answer, else its newest. `as it is` can be sent again,\n"
        "`fix first` needs `cbtui retry --set`, `never` needs another prompt or model. Exit codes are those of results."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Group, price and print."""
    from shlex import quote

    from claude_batch_tui.domain.results.failures import Remedy
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.results.schema_validation import Sent, validate_schemas
    from claude_batch_tui.services.results.triage import priced_triage
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.store.results.opening import open_indexed
    from claude_batch_tui.wording.submissions import group_words, triage_words

    async with open_runtime(context.config, patience=context.patience) as runtime:
        found = await results_of(args.id, context, runtime, ended_only=True)
        with ExitStack() as stack:
            cache = runtime.store.locations.cache
            files = [(one.batch_id, stack.enter_context(open_indexed(one.path, cache))) for one in found]
            for (_, results), one in zip(files, found, strict=True):
                validate_schemas(results, Sent(one.sent), cache)
            seen, costs = await in_thread(
                lambda: priced_triage(
                    files, store=runtime.store, config=context.config, hint=runtime.hint, now=runtime.now()
                )
            )
    context.diagnostics.note(triage_words(seen))
    for group, cost in zip(seen.groups, costs, strict=True):
        if args.json:
            context.output.json(_group_json(group, cost))
            continue
        context.output.line(group_words(group, cost))
        context.output.line(f"           {group.advice}")
        if group.remedy is not Remedy.NEVER:
            values = f" --set max_tokens={group.offered}" if group.offered else ""
            context.output.line(
                f"           cbtui retry {quote(args.id)} --where {quote(group.where)}{values}"
            )
    counts = Counter[str]()
    for group in seen.groups:
        counts[group.cause] += group.count
    outcomes = outcomes_of_found(found, counts)
    return exit_code(msgspec.structs.replace(outcomes, is_waiting=seen.waiting > 0))


def _group_json(group: Group, cost: float | None) -> dict[str, Any]:
    return {
        "cause": group.cause,
        "count": group.count,
        "remedy": group.remedy.value,
        "advice": group.advice,
        "message": group.said or None,
        "example": group.example,
        "where": group.where,
        "max_tokens": group.offered,
        "cost_at_most": cost,
    }
