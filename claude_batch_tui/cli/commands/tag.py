"""`cbtui tag ID… +a -b`: tags of our own on batches."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.lookup import add_json_option, label_batches
from claude_batch_tui.errors import ConfigError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_json_option(parser)
    # What is left of the line: `-b` is a word of ours here, not an option.
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="ID… +TAG -TAG", help="batches, runs or names, then tags"
    )
    parser.epilog = "Tags are kept on this machine; `cbtui list --where tag=eval` finds them."


async def run(args: argparse.Namespace, context: Context) -> int:
    """Tag."""
    from claude_batch_tui.services.watching.labels import tag_changes

    ids = [word for word in args.words if not word.startswith(("+", "-"))]
    signed = [word for word in args.words if word.startswith(("+", "-")) and word != "--json"]
    add, remove = tag_changes(signed)
    if not ids or not (add or remove):
        raise ConfigError("Say which batches, and tags with + or -: cbtui tag ID +eval -draft.")

    def tag(found: Sequence[TrackedBatch], runtime: Runtime) -> Iterator[str]:
        from claude_batch_tui.store import batches, labels

        store, workspace, batch_ids = runtime.store, runtime.known_workspace(), [each.id for each in found]
        labels.tag(store, workspace, batch_ids, add=add, remove=remove, now=runtime.now())
        tagged = batches.find_all(store.database, workspace.scope_id, batch_ids)
        return (f"{tracked.id} {' '.join(tracked.tags)}".rstrip() for tracked in tagged)

    return await label_batches(ids, tag, context, as_json=args.json or "--json" in args.words)
