"""How often what failed of a run was sent again, and what the run has cost so far at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from claude_batch_tui.domain.batches.tracked import Submission, TrackedBatch


def retry_rounds(run: Iterable[Submission]) -> int:
    """How many retries of a run were sent whole. One that is cut off, or not certain, is none yet: it is gone on with."""
    sent = Counter((one.created_at, one.parts) for one in run if one.kind == "retry" and one.is_certain)
    return sum(count == parts for (_, parts), count in sent.items())


def cost_until_now(batches: Iterable[TrackedBatch]) -> float:
    """What batches cost, or may cost at most where that is not known, in US dollars."""
    costs = (one.cost_at_most if one.cost_actual is None else one.cost_actual for one in batches)
    return sum(cost or 0.0 for cost in costs)
