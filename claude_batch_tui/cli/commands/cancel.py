"""`cbtui cancel ID --yes`: ask the API to cancel a batch."""

from __future__ import annotations

import argparse

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.lookup import batch_json, resolve_all, retrieve
from claude_batch_tui.errors import UnknownOutcomeError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("ids", metavar="ID", nargs="+", help="batches, runs or names")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="the batch objects the API answers with")
    parser.epilog = "Requests already finished are kept and billed; requests in flight may still finish. It cannot be undone."


async def run(args: argparse.Namespace, context: Context) -> int:
    """Cancel."""
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.watching.cancel import cancel
    from claude_batch_tui.store import submissions
    from claude_batch_tui.wording.submissions import foreign_cancel_words

    async with open_runtime(context.config, patience=context.patience) as runtime:
        found = await resolve_all(args.ids, runtime)
        fresh = [await retrieve(tracked.id, runtime) for tracked in found]
        running = [tracked for tracked in fresh if tracked.batch.processing_status == "in_progress"]
        for tracked in fresh:
            if tracked not in running:
                context.diagnostics.note(
                    f"{tracked.title} is {tracked.batch.processing_status}: nothing to cancel."
                )
        if not running:
            return ExitCode.GOOD
        requests = sum(tracked.batch.request_counts.processing for tracked in running)
        question = f"Cancel {len(running)} batch(es) with {requests:,} requests in flight?"
        foreign = sum(submissions.of_batch(runtime.store, tracked.id) is None for tracked in running)
        if foreign:
            context.diagnostics.note(foreign_cancel_words(foreign))
        if not context.confirm(question, yes=args.yes):
            return ExitCode.USAGE
        api, code = await runtime.connect(), ExitCode.GOOD
        for tracked in running:
            try:
                canceled = await cancel(
                    tracked, api=api, store=runtime.store, hint=runtime.hint, now=runtime.now()
                )
            except UnknownOutcomeError as error:
                context.diagnostics.error(str(error))
                code = ExitCode.UNKNOWN_OUTCOME
                continue
            if args.json:
                context.output.json(batch_json(canceled))
            else:
                context.output.line(f"{canceled.id} {canceled.batch.processing_status}")
    return code
