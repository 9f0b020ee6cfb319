"""`cbtui prune`: free disk space of what can be made again or is past its time."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.services.keeping.pruning import Removable


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be removed, and remove nothing"
    )
    parser.add_argument(
        "--keep-days",
        type=int,
        metavar="N",
        help="take bodies and results of ended batches older than N days, too",
    )
    parser.add_argument(
        "--unexported", action="store_true", help="with --yes: results that were never exported, too"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="a JSON object for every kind of file")
    parser.epilog = (
        "Without keep_days, here or in config.toml, bodies and results stay. Journal, store and digests of requests\n"
        "always stay: they keep the same requests from being paid for twice."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Say what would go, ask, and remove it."""
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.keeping.pruning import prune, removable
    from claude_batch_tui.services.threads import in_thread
    from claude_batch_tui.wording.values import size

    async with open_runtime(context.config) as runtime:
        found = removable(runtime.store, keep_days=context.config.keep_days, now=runtime.now())
        for each in found:
            if args.json:
                context.output.json({"what": each.what, "files": len(each.paths), "bytes": each.bytes})
            else:
                context.output.line(f"{size(each.bytes):>9}  {len(each.paths):>6,} files  {each.what}")
        if args.dry_run or not found:
            context.diagnostics.note("There is nothing to remove." if not found else "Nothing was removed.")
            return ExitCode.GOOD
        chosen = [each for each in found if _agreed(each, args, context)]
        if not chosen:
            return ExitCode.USAGE
        freed = await in_thread(lambda: prune(chosen, runtime.store))
        context.diagnostics.note(f"{size(freed)} freed.")
    return ExitCode.GOOD


def _agreed(each: Removable, args: argparse.Namespace, context: Context) -> bool:
    """Whether the user agrees to remove these files; answers that are nowhere else want a word of their own."""
    from claude_batch_tui.wording.values import size

    question = f"Remove {len(each.paths):,} files, {size(each.bytes)}: {each.what}?"
    if each.needs_asking and args.yes and not args.unexported:
        context.diagnostics.note(f"Kept: {each.what} (--unexported removes them, too).")
        return False
    return context.confirm(question, yes=args.yes)
