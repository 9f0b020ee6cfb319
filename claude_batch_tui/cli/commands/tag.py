"""`cbtui tag ID… +a -b`: tags of our own on batches."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import resolve

SUMMARY = "Tag batches, or take tags away: tag ID… +eval -draft."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    # What is left of the line: `-b` is a word of ours here, not an option.
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="ID… +TAG -TAG", help="batches, runs or names, then tags"
    )
    parser.epilog = "Tags are kept on this machine; `cbtui list --where tag=eval` finds them."


def run(args: argparse.Namespace, context: Context) -> int:
    """Tag."""
    return run_to_end(_tag(args.words, context))


async def _tag(words: list[str], context: Context) -> int:
    from claude_batch_tui.errors import ConfigError  # late, as the runtime is
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.watching.labels import tag_changes
    from claude_batch_tui.store import batches, labels

    ids = [word for word in words if not word.startswith(("+", "-"))]
    add, remove = tag_changes([word for word in words if word.startswith(("+", "-"))])
    if not ids or not (add or remove):
        raise ConfigError("Say which batches, and tags with + or -: cbtui tag ID +eval -draft.")
    async with open_runtime(context.config) as runtime:
        found = {tracked.id: tracked for word in ids for tracked in await resolve(word, runtime)}
        workspace = runtime.known_workspace()
        labels.tag(runtime.store, workspace, list(found), add=add, remove=remove, now=runtime.now())
        for tracked in batches.find_all(runtime.store.database, workspace.scope_id, list(found)):
            context.output.line(f"{tracked.id} {' '.join(tracked.tags)}".rstrip())
    return ExitCode.GOOD
