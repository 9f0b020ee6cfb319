"""Workspaces: whose keys they are, and all their batches: creating, finding, listing and moving them.

`sk-ant-sim-research-anything` belongs to the workspace `research`; two keys of one word see the same batches.
`sk-ant-sim-acme.research-anything` belongs to the workspace `research` of the organisation `acme`. A key of the
word `multi` belongs to several workspaces and has to name one in the header `anthropic-workspace-id`. Any other
key is refused, or with `any_key` belongs to the default workspace.
"""

from __future__ import annotations

import hashlib
import math
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui.simulator.answers import token
from claude_batch_tui.simulator.batch import CANCEL_SECONDS, SimulatedBatch
from claude_batch_tui.simulator.catalogue import Catalogue
from claude_batch_tui.simulator.failures import Failure
from claude_batch_tui.simulator.fates import Draw, Fate, Rates, Tally
from claude_batch_tui.simulator.params import Rules
from claude_batch_tui.simulator.rows import MadeRows, Rows

KEY_PREFIX = "sk-ant-sim-"
DEFAULT_KEY = "sk-ant-sim-demo-0000000000000000"
MULTI = "multi"

_KEY = re.compile(r"sk-ant-sim-(?:([a-z0-9]+)\.)?([a-z0-9]+)(?:-.*)?", re.IGNORECASE)


class Caller(msgspec.Struct, frozen=True):
    """The workspace and the organisation of a key, as the headers of every answer name them."""

    workspace_id: str
    organization_id: str


def caller_of(headers: Mapping[str, str], *, any_key: bool = False) -> Caller:
    """The caller behind the headers. Raises a 401 for a missing key, and for a foreign one unless `any_key`."""
    authorization = headers.get("authorization", "")
    bearer = authorization[7:].strip() if authorization[:7].lower() == "bearer " else ""
    key = bearer or headers.get("x-api-key", "").strip()
    if not key:
        raise Failure(401, "x-api-key header is required")
    named = _KEY.fullmatch(DEFAULT_KEY if any_key and not key.startswith(KEY_PREFIX) else key)
    if named is None:
        raise Failure(401, "API key is invalid.")
    organization = (named[1] or "simulated").lower()
    workspace = named[2].lower()
    organization_id = _identifier("org", organization)
    if workspace != MULTI:
        return Caller(workspace_id(workspace, organization), organization_id)
    asked = headers.get("anthropic-workspace-id", "")
    if not asked:
        raise Failure(400, "anthropic-workspace-id: Header is required for API keys of several workspaces")
    return Caller(asked, organization_id)


def workspace_id(workspace: str, organization: str = "simulated") -> str:
    """The id of the workspace that a key's words name."""
    return "wrkspc_01" + _identifier("workspace", organization, workspace).replace("-", "")[:22]


def _identifier(*words: str) -> str:
    digest = hashlib.blake2b("/".join(words).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


QUEUE_LIMIT = 200_000
"""Requests in processing per organisation: the tier Start of the rate limits page (2026-09-26)."""


class Behaviour(msgspec.Struct, frozen=True):
    """How the simulated API behaves. `speed` divides processing times only; `counts` is `end` or `live`."""

    speed: float = 1.0
    seed: int = 1
    counts: str = "end"
    rates: Rates = Rates()
    queue_limit: int = QUEUE_LIMIT
    gzip: bool = False
    """Compress results where the client takes gzip."""
    any_key: bool = False
    any_model: bool = False
    """Take keys and models that the API would refuse."""
    longest: float = math.inf
    """Seconds that a batch takes at most that is created here, at speed 1."""


class Page(NamedTuple):
    """One page of a list, newest first."""

    batches: Sequence[SimulatedBatch]
    has_more: bool


class Workspaces:
    """Every batch. Tests reach it as `simulator.batches`; without a caller they mean the default key's workspace."""

    def __init__(self, behaviour: Behaviour, now: Callable[[], datetime] | None = None) -> None:
        self.behaviour = behaviour
        self.now = now or (lambda: datetime.now(UTC))
        self.models = Catalogue(any_model=behaviour.any_model)
        self.forced: dict[str, Fate] = {}
        """Fates of custom_ids, by name; looked at when a batch is created."""
        self.folder = Path(tempfile.mkdtemp(prefix="cbtui-simulator-"))
        self.default = caller_of({"x-api-key": DEFAULT_KEY})
        self._batches: dict[Caller, list[SimulatedBatch]] = {}
        self._ordinal = 0

    def new_id(self) -> str:
        """The next batch id; the same seed gives the same ids in the same order."""
        self._ordinal += 1
        digest = hashlib.blake2b(f"{self.behaviour.seed}/{self._ordinal}".encode(), digest_size=24).digest()
        return "msgbatch_01" + token(digest).decode()

    def draw(self, batch_id: str) -> Draw:
        """The chances of a new batch."""
        return Draw(self.behaviour.seed, batch_id, self.behaviour.rates, self.forced)

    def register(
        self,
        rows: Rows,
        batch_id: str,
        *,
        caller: Caller,
        rules: Rules,
        draw: Draw,
        tally: Tally | None = None,
    ) -> SimulatedBatch:
        """Create a batch now. Raises a 429 where it would exceed the queue."""
        self.check_queue(caller, len(rows))
        speed = self.behaviour.speed
        taken = processing_seconds(len(rows), Random(f"{self.behaviour.seed}/{batch_id}/time"))
        batch = SimulatedBatch(
            batch_id,
            rows,
            created_at=self.now(),
            duration=min(taken, self.behaviour.longest) / speed,
            cancel_seconds=CANCEL_SECONDS / speed,
            draw=draw,
            rules=rules,
            tally=tally,
        )
        self._batches.setdefault(caller, []).append(batch)
        return batch

    def check_queue(self, caller: Caller, requests: int) -> None:
        """Raise the 429 of the processing queue: requests of all batches of the organisation that have not ended."""
        now = self.now()
        waiting = sum(
            len(batch)
            for other, batches in self._batches.items()
            if other.organization_id == caller.organization_id
            for batch in batches
            if not batch.has_ended(now)
        )
        if waiting + requests > self.behaviour.queue_limit:
            raise Failure(
                429,
                f"This request would exceed your organization's limit of {self.behaviour.queue_limit:,} batch"
                " requests in the processing queue. Please try again later.",
                headers={"retry-after": "60"},
            )

    def add(
        self,
        requests: int | Sequence[Mapping[str, Any]] | MadeRows = 1,
        *,
        age: float = 0.0,
        duration: float | None = None,
        canceled_after: float | None = None,
        rates: Rates | None = None,
        caller: Caller | None = None,
        batch_id: str | None = None,
    ) -> SimulatedBatch:
        """Put a batch there as if it had been created `age` seconds ago, past every limit.

        `batch_id` is one of the caller's choice, in place of any batch that has it. `requests` are a number of small made-up requests, requests, or rows. Times are seconds: it ends `duration`
        after its creation, and is canceled `canceled_after` its creation.
        """
        rows = requests if isinstance(requests, MadeRows) else _made(requests)
        if batch_id is None:
            batch_id = self.new_id()
        elif known := next((batch for batch in self._chosen(None) if batch.id == batch_id), None):
            self.delete(known)
        draw = Draw(self.behaviour.seed, batch_id, rates or self.behaviour.rates, self.forced)
        speed = self.behaviour.speed
        taken = processing_seconds(len(rows), Random(f"{self.behaviour.seed}/{batch_id}/time"))
        batch = SimulatedBatch(
            batch_id,
            rows,
            created_at=self.now() - timedelta(seconds=age),
            duration=taken / speed if duration is None else duration,
            cancel_seconds=CANCEL_SECONDS / speed,
            draw=draw,
            rules=Rules(self.models),
        )
        if canceled_after is not None:
            batch.cancel(batch.created_at + timedelta(seconds=canceled_after))
        batches = self._batches.setdefault(caller or self.default, [])
        batches.append(batch)
        batches.sort(key=lambda known: known.created_at)
        return batch

    def all(self, caller: Caller | None = None) -> list[SimulatedBatch]:
        """All batches of a workspace, newest first."""
        return self._batches.get(caller or self.default, [])[::-1]

    def find(self, batch_id: str, caller: Caller | None = None) -> SimulatedBatch:
        """One batch of a workspace (of any, without a caller). Raises the API's 404."""
        for owner, batches in self._batches.items():
            if caller is not None and owner != caller:
                continue
            for batch in reversed(batches):
                if batch.id == batch_id:
                    return batch
        raise Failure(404, f"Message Batch {batch_id} not found.")

    def page(self, caller: Caller, *, limit: int, after_id: str | None, before_id: str | None) -> Page:
        """A page: after an id come older batches, before an id newer ones, the nearest first taken."""
        newest_first = self.all(caller)
        if before_id is not None:
            end = newest_first.index(self.find(before_id, caller))
            start = max(0, end - limit)
            return Page(newest_first[start:end], has_more=start > 0)
        start = 0 if after_id is None else newest_first.index(self.find(after_id, caller)) + 1
        return Page(newest_first[start : start + limit], has_more=start + limit < len(newest_first))

    def delete(self, batch: SimulatedBatch) -> None:
        """Forget a batch and its requests."""
        for batches in self._batches.values():
            if batch in batches:
                batches.remove(batch)
        batch.rows.discard()
        (self.folder / f"{batch.id}.results").unlink(missing_ok=True)

    def finish(self, batch_id: str | None = None) -> None:
        """End a batch (all, without an id) now."""
        now = self.now()
        for batch in self._chosen(batch_id):
            if not batch.has_ended(now):
                batch.finish(now)

    def expire(self, batch_id: str | None = None) -> None:
        """End a batch (all) now as its 24 hours would: what is not done has expired."""
        for batch in self._chosen(batch_id):
            batch.expire(self.now())

    def archive(self, batch_id: str | None = None) -> None:
        """Let the results of a batch (all) be older than 29 days."""
        for batch in self._chosen(batch_id):
            batch.archive(self.now())

    def advance(self, seconds: float, batch_id: str | None = None) -> None:
        """Let a batch (all) be that much older: everything that happened moves into the past."""
        for batch in self._chosen(batch_id):
            batch.shift(seconds)

    def _chosen(self, batch_id: str | None) -> list[SimulatedBatch]:
        if batch_id is not None:
            return [self.find(batch_id)]
        return [batch for batches in self._batches.values() for batch in batches]


def processing_seconds(requests: int, random: Random) -> float:
    """How long a batch takes at speed 1: 3 to 11 minutes for a few requests, about an hour for 100,000.

    Small batches as a public note timed them on the live API; "most batches finish in less than 1 hour" (guide).
    """
    growth: float = (requests / 1000) ** 0.6
    return 180 + random.random() * 420 + 190 * growth * random.uniform(0.75, 1.25)


def _made(requests: int | Sequence[Mapping[str, Any]]) -> MadeRows:
    if isinstance(requests, int):
        return MadeRows(requests, _plain_request)
    encoded = [msgspec.json.encode(request) for request in requests]
    return MadeRows(len(encoded), encoded.__getitem__)


def _plain_request(index: int) -> bytes:
    return (
        b'{"custom_id":"row-%d","params":{"model":"claude-haiku-5-5","max_tokens":256,"messages":[{"role":"user",'
        b'"content":"Say in one sentence what number %d is good for."}]}}' % (index + 1, index + 1)
    )
