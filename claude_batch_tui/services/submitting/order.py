"""What the user wants sent, and the question it is agreed to by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import Overlap, Submission, Sweep
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.services.submitting.pilot import Others
from claude_batch_tui.services.submitting.retry import RetryPlan
from claude_batch_tui.services.submitting.steps import Prepared, Primed


class Pilot(msgspec.Struct, frozen=True):
    """A random sample of so many requests, the same for the same seed."""

    count: int
    seed: int = 0


class Rest(msgspec.Struct, frozen=True):
    """What a run has not sent yet; it becomes a part of that run. `max_tokens` is set in each request, where it is given."""

    run_id: str
    max_tokens: int | None = None


class Decision(msgspec.Struct, frozen=True):
    """The user's word on a submission whose answer was lost: `batch_id` is its batch, or is not.

    Without an id the one that was found for it is meant.
    """

    is_its: bool
    batch_id: str | None = None


class SendOrder(msgspec.Struct, frozen=True):
    """What the user wants sent: all of a requests file, a `part` of it, or what failed of a run.

    `report` is the check of the whole file, where it was checked already. Of what was sent before `again` sends all
    once more, and `new_only` none; without them nothing is sent then.
    `resend_if_absent` sends once more what was lost and does not show in the list; `counts_input` has the API count
    the input before the question, so that the cost is known better. `guesses` are what reading the source rests on.
    With `prime` the first request goes alone, and the others once it has ended: see `priming`.
    `decision` is about a batch that was found for what was sent before: nothing else is sent then.
    """

    requests: Path = Path()
    """Not looked at for a retry: its requests are read from what was sent, and so are source and betas."""
    rows: Path | None = None
    part: Pilot | Rest | RetryPlan | Others | None = None
    name: str | None = None
    source: str | None = None
    betas: tuple[str, ...] = ()
    sweep: Sweep | None = None
    """What a new run is a variant of; what joins a run is that of its first batch."""
    report: CheckReport | None = None
    again: bool = False
    new_only: bool = False
    resend_if_absent: bool = False
    counts_input: bool = False
    guesses: tuple[str, ...] = ()
    prime: bool = False
    decision: Decision | None = None


class Question(msgspec.Struct, frozen=True):
    """What is paid for with a yes: the batches that are `missing`, of all that were `prepared`."""

    prepared: Prepared
    missing: tuple[Submission, ...]
    report: CheckReport
    """Of all that was prepared, with everything that is known of its cost."""
    in_flight: float
    """What batches that have not ended may cost at most, in US dollars."""
    why_typed: str | None
    """Why the count has to be typed, as a phrase; None where a yes is enough."""
    left_out: Overlap | None = None
    """What was sent before and is left out."""

    @property
    def requests(self) -> int:
        """How many requests would be sent."""
        return sum(one.requests for one in self.missing)

    @property
    def body_bytes(self) -> int:
        """How many bytes would be sent."""
        return sum(one.body_bytes for one in self.missing)

    @property
    def batches(self) -> int:
        """How many batches that makes."""
        return len(self.missing)


Confirm = Callable[[Question], Awaitable[bool]]
"""Asks the user; True is a yes."""
SendCold = Callable[[Primed], Awaitable[bool]]
"""Asks the user whether to send the others of a run although their prime did not warm the cache; True is a yes."""
