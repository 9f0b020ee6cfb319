"""`cbtui forget RUN`: remove what was sent and what came back from this machine, and from the API when asked."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import resolve_all
from claude_batch_tui.errors import ConfigError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "ids", metavar="RUN", nargs="+", help="runs, batches or names, all of which have ended"
    )
    parser.add_argument(
        "--server", action="store_true", help="delete the batches from the API, too, for everybody"
    )
    parser.add_argument(
        "--unexported", action="store_true", help="with --yes: also where results were never exported"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="a JSON object of what was removed")
    parser.epilog = (
        "Bodies, rows and results go, and the batches are hidden. That they were sent stays in store and journal, so\n"
        "that the same requests are not paid for twice by mistake."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Ask, and forget."""
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.keeping.pruning import forget, forgettable
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.services.watching.cancel import delete
    from claude_batch_tui.wording.values import counted_batches, size

    async with open_runtime(context.config) as runtime:
        targets = await resolve_all(args.ids, runtime)
        workspace, store = runtime.known_workspace(), runtime.store
        chosen = forgettable(targets, store=store, workspace=workspace)
        requests = sum(tracked.batch.request_counts.total for tracked in targets)
        question = (
            f"Forget {counted_batches(len(targets))} with {requests:,} requests: remove {len(chosen.paths):,} files, "
            f"{size(chosen.bytes)}, from this machine{' and the batches from the API' if args.server else ''}?"
        )
        if chosen.unexported:
            question += f" The results of {chosen.unexported} were never exported and would be lost."
        if args.yes and chosen.unexported and not args.unexported:
            raise ConfigError(f"{question} Nothing was done: --unexported beside --yes agrees to that.")
        if not context.confirm(question, yes=args.yes):
            return ExitCode.USAGE
        freed = await in_thread(lambda: forget(chosen, store=store, workspace=workspace, now=runtime.now()))
        if args.server:
            api = await runtime.connect()
            for tracked in targets:
                await delete(tracked, api=api, store=store, hint=runtime.hint, now=runtime.now())
    if args.json:
        ids = [tracked.id for tracked in targets]
        context.output.json({"ids": ids, "files": len(chosen.paths), "bytes": freed, "server": args.server})
    else:
        context.output.lines(f"{tracked.id} forgotten" for tracked in targets)
        context.diagnostics.note(f"{size(freed)} freed.")
    return ExitCode.GOOD
