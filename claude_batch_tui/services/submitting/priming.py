"""A prime: one request of a draft as the first batch of its run, so that the others find in the cache what all share.

It is a request of the draft like any other: its answer counts, and nothing is paid twice.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.tracked import Submission
from claude_batch_tui.errors import DraftError, NotFoundError, RateLimitedError, UnavailableError
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.services.submitting.steps import Primed, Priming
from claude_batch_tui.services.workspace import workspace_of
from claude_batch_tui.store import batches
from claude_batch_tui.store.store import Store

WAIT = timedelta(minutes=20)
"""How long the end of a prime is waited for before it is asked whether to send the others without it."""
LOOK_EVERY = 10.0
"""Seconds from one look to the next."""


def require_primable(report: CheckReport, of: object) -> None:
    """Raise DraftError where a prime cannot help, with what would make it."""
    draft, caching = report.draft, report.forecast.caching
    if draft.shared is None:
        why = "the requests are of several models, or there is one alone"
    elif caching is None:
        why = "what all requests begin with is shorter than what the model caches, or has no price"
    elif not draft.shared.is_kept:
        why = (
            "what all requests begin with has no cache_control with ttl 1h: `cbtui build … --cache-ttl 1h` sets it at the end "
            "of the system prompt"
        )
    else:
        return
    raise DraftError(f"{of}: --prime is of no use: {why}. Nothing was sent.")


async def until_primed(
    prime: Submission,
    *,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    hint: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    every: float = LOOK_EVERY,
) -> AsyncGenerator[Priming | Primed, None]:
    """Look at the batch of a prime `every` so many seconds until it has ended, for at most 20 minutes; the last step says whether it is warm.

    Trouble with the connection is waited out. Raises ApiError where the API refuses.
    """
    api, until = await connect(), now() + WAIT
    while True:
        try:
            batch, facts = await api.retrieve(prime.batch_id or "")
        except (NotFoundError, RateLimitedError, UnavailableError):  # a batch may show a little later
            batch = None
        if batch is not None:
            workspace = workspace_of(store, api, facts, hint, now())
            batches.merge(store.database, workspace.scope_id, [batch], seen=False, at=now())
            if batch.has_ended:
                yield Primed(prime, has_ended=True, is_warm=batch.request_counts.succeeded > 0)
                return
        if now() >= until:
            yield Primed(prime, has_ended=False, is_warm=False)
            return
        yield Priming(prime, until)
        await sleep(every)
