"""Batches that were found for lost submissions: settled from the command line, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.errors import CbtuiError

if TYPE_CHECKING:
    from claude_batch_tui.cli.command import Context
    from claude_batch_tui.domain.batches.tracked import Submission
    from claude_batch_tui.runtime import Runtime


def adopted_as(batch_id: str, runtime: Runtime) -> Submission | None:
    """The submission that a batch was found for and is not proven to be the batch of, or None."""
    from claude_batch_tui.store import submissions  # late: --help needs none of it

    found = submissions.of_batch(runtime.store, batch_id)
    return found if found is not None and found.is_adopted else None


async def settled(adopted: Submission, context: Context, runtime: Runtime) -> Submission:
    """Hold the results of a batch against what was sent, where that was not done meanwhile, and look on where they are
    another's; the submission as it is then. What keeps it from being settled is said.
    """
    from claude_batch_tui.domain.batches.tracked import SubmissionState
    from claude_batch_tui.services.submitting.adoption import settle_found
    from claude_batch_tui.services.submitting.reconcile import resolve_unknown
    from claude_batch_tui.store import submissions

    store, now = runtime.store, runtime.now
    known = submissions.find(store, adopted.submission_id) or adopted
    try:
        if known.is_adopted:
            api = await runtime.connect()
            known = await settle_found(known, api=api, store=store, hint=runtime.hint, now=now())
        if known.state is SubmissionState.UNKNOWN:
            async for looked in resolve_unknown(
                known,
                connect=runtime.connect,
                store=store,
                hint=runtime.hint,
                now=now,
                sleep=runtime.sleep,
                settle=runtime.config.settle,
            ):
                known = looked
    except CbtuiError as error:
        context.diagnostics.note(str(error))
    return known
