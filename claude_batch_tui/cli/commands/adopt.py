"""`cbtui adopt ID…`: batches made elsewhere become a run of ours."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.lookup import label_batches

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "ids", metavar="ID", nargs="+", help="batches of this workspace; several become one run"
    )
    parser.add_argument("--name", metavar="NAME", help="what to call it")
    parser.epilog = (
        "Prints the id of the run. What was sent is not known of such a batch: the API gives no inputs back."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Adopt."""

    def make_run(found: Sequence[TrackedBatch], runtime: Runtime) -> list[str]:
        from claude_batch_tui.services.watching.labels import adopt  # late: --help needs none of it

        workspace, now = runtime.known_workspace(), runtime.now()
        return [adopt(found, name=args.name, store=runtime.store, workspace=workspace, now=now)]

    return await label_batches(args.ids, make_run, context)
