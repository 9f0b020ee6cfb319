"""`cbtui hide ID…`: hide batches on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.lookup import add_json_option, label_batches

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("ids", metavar="ID", nargs="+", help="batches, runs or names")
    parser.add_argument("--undo", action="store_true", help="show them again")
    add_json_option(parser)
    parser.epilog = "`cbtui list --hidden` shows them too, `--where state=hidden` only them."


async def run(args: argparse.Namespace, context: Context) -> int:
    """Hide."""

    def hide(found: Sequence[TrackedBatch], runtime: Runtime) -> list[str]:
        from claude_batch_tui.store import labels  # late: --help needs none of it

        ids = [tracked.id for tracked in found]
        labels.hide(runtime.store, runtime.known_workspace(), ids, hidden=not args.undo, now=runtime.now())
        return [f"{batch_id} {'shown' if args.undo else 'hidden'}" for batch_id in ids]

    return await label_batches(args.ids, hide, context, as_json=args.json)
