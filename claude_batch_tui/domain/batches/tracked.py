"""A batch together with everything we remember about it, and the state of our link to the API."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

import msgspec

from claude_batch_tui.domain.batches.batch import Batch, BatchState, RequestCounts

_PART_OF = re.compile(r" \d+/\d+$")
"""What a name ends with where one submission became several batches: `tickets 2/3`."""


class Sweep(msgspec.Struct, frozen=True):
    """The sweep that a run is one variant of: runs of one source, each by another model or prompt. Ids are unique in each run."""

    id: str
    name: str
    variant: str


class ResultsState(StrEnum):
    """What we have of a batch's results on this machine."""

    NONE = "none"
    COMPLETE = "complete"
    PROBLEMS = "problems"


class TrackedBatch(msgspec.Struct, frozen=True):
    """A batch and what is ours about it. Money is in US dollars."""

    batch: Batch
    run_id: str | None = None
    name: str | None = None
    run_name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    model: str | None = None
    source: str | None = None
    cost_at_most: float | None = None
    cost_actual: float | None = None
    """By the usage of its results, once they have been read here."""
    prices_as_of: str | None = None
    """The day of the prices behind these, as ISO 8601."""
    results: ResultsState = ResultsState.NONE
    results_bytes: int | None = None
    flawed: dict[str, int] = {}
    """Succeeded, but not whole: how many of each ledger class, as the downloaded results say."""
    seen: bool = True
    """False from its end until the user has looked at it."""
    gone_at: datetime | None = None
    """When the API first answered 404 for it."""
    hidden_at: datetime | None = None
    """When the user hid it on this machine; the API knows nothing of that."""
    cancel_sent_at: datetime | None = None
    provisional: bool = False
    """Found in the list after a lost answer, and not yet proven ours by its results."""
    is_retry: bool = False
    sweep: Sweep | None = None
    made_of: str | None = None
    """The run, batch or file whose answers are its rows."""
    profile: str | None = None
    """The name of the profile it is watched by, where the dashboard watches it."""

    @property
    def id(self) -> str:
        """The batch's id."""
        return self.batch.id

    @property
    def title(self) -> str:
        """Its name, else its id."""
        return self.name or self.batch.id

    def state(self, now: datetime) -> BatchState:
        """The state at `now`; a batch the API no longer knows is gone, and only a whole one is good."""
        if self.gone_at is not None:
            return BatchState.GONE
        state = self.batch.state(now)
        return BatchState.ENDED_FLAWED if state is BatchState.ENDED_OK and self.flawed else state


class LinkState(StrEnum):
    """How things stand between us and the API."""

    CONNECTING = "connecting"
    LIVE = "live"
    IDLE = "idle"
    PAUSED = "paused"
    OFFLINE = "offline"
    REFUSED = "refused"
    NO_CREDENTIALS = "no_credentials"


class Link(msgspec.Struct, frozen=True):
    """The state of polling. Times are wall clock; `error` is a sentence."""

    state: LinkState = LinkState.CONNECTING
    since: datetime | None = None
    polled_at: datetime | None = None
    next_poll_at: datetime | None = None
    interval: float | None = None
    failures: int = 0
    error: str | None = None
    is_leader: bool = True


class DownloadState(StrEnum):
    """Where a download is."""

    WAITING = "waiting"
    RUNNING = "running"
    VERIFYING = "verifying"
    READING = "reading"
    """Whole and under its name, but its lines are still being read: nothing else is known of it yet."""
    COMPLETE = "complete"
    PROBLEMS = "problems"
    FAILED = "failed"
    STOPPED = "stopped"


class Download(msgspec.Struct, frozen=True):
    """One download as it goes. `lines_expected` is the batch's total; `total_bytes` None where unknown.

    Of `lines` id and outcome are known, of `lines_read` everything. `slow_for` is for how many seconds hardly anything
    has come, where that is to be said.
    """

    batch_id: str
    state: DownloadState
    bytes_done: int = 0
    total_bytes: int | None = None
    lines: int = 0
    lines_expected: int | None = None
    bytes_per_second: float = 0.0
    error: str | None = None
    lines_read: int = 0
    slow_for: float = 0.0

    @property
    def is_going(self) -> bool:
        """Whether bytes come in, or are being looked at."""
        return self.state in (DownloadState.RUNNING, DownloadState.VERIFYING, DownloadState.READING)


class SubmissionState(StrEnum):
    """Where a submission is; see `services.submitting`."""

    PREPARED = "prepared"
    SENDING = "sending"
    CREATED = "created"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    CONFLICT = "conflict"
    ABANDONED = "abandoned"


class Submission(msgspec.Struct, frozen=True):
    """One attempt to create one batch, as it is written down. Bytes and sha256 are of the create body.

    It is batch `part` of the `parts` of one draft; `kind` is what it is in its run: submit, pilot, rest or retry.
    """

    submission_id: str
    run_id: str
    state: SubmissionState
    requests: int
    body_bytes: int
    sha256: str
    body_path: str
    rows_path: str | None
    name: str | None
    model: str | None
    source: str | None
    cost_at_most: float | None
    created_at: datetime
    prices_as_of: str | None = None
    attempt: int = 0
    watermark_id: str | None = None
    server_date: datetime | None = None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    alive_at: datetime | None = None
    """When the process that sent it last gave a sign of life, where the answer was lost."""
    last_looked_at: datetime | None = None
    looks: int = 0
    candidates: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """Batches that were taken for it and are another's, by their results or by the user's word."""
    batch_id: str | None = None
    provisional: bool = False
    request_id: str | None = None
    error: str | None = None
    betas: tuple[str, ...] = ()
    kind: str = "submit"
    part: int = 1
    parts: int = 1
    retry_of: tuple[str, ...] = ()
    """Submissions whose failed requests this one sends again."""
    sweep: Sweep | None = None
    made_of: str | None = None
    """The run, batch or file whose answers are its rows."""
    base_url: str | None = None
    """Where it was sent, once it was: this address, and the workspace its answers name."""
    workspace_id: str | None = None

    @property
    def is_certain(self) -> bool:
        """Whether its batch exists for certain, and which one it is."""
        return self.state is SubmissionState.CREATED and not self.provisional

    @property
    def is_adopted(self) -> bool:
        """Whether a batch was found for it in the list that is not proven to be its own."""
        return self.state is SubmissionState.CREATED and self.provisional

    @property
    def base_name(self) -> str | None:
        """Its name without what says that it is a part, a pilot, a rest or a retry."""
        return None if self.name is None else _PART_OF.sub("", self.name).removesuffix(f" {self.kind}")


class SentIn(msgspec.Struct, frozen=True):
    """How many requests of a draft one run was sent before, and what they cost there, in US dollars.

    `title` is the name of the run, or the name or id of the newest of its batches they were sent in, `sent_at` its time.
    The cost is their share of what those batches cost, or may cost at most unless it `is_actual`; None where that is not
    known.
    """

    run_id: str
    title: str
    sent_at: datetime
    requests: int
    cost: float | None = None
    is_actual: bool = False
    unknown: int = 0
    """Of how many it is not known that their batch was created."""


class Overlap(msgspec.Struct, frozen=True):
    """How many `of` the requests of a draft were sent before: under the `same_id`, and under another.

    `runs` are those they were sent in, the one with the most of them first.
    """

    same_id: int
    other_id: int
    of: int
    runs: tuple[SentIn, ...]

    @property
    def requests(self) -> int:
        """How many were sent before."""
        return self.same_id + self.other_id

    @property
    def others(self) -> int:
        """How many were not."""
        return self.of - self.requests

    @property
    def unknown(self) -> int:
        """Of how many of them it is not known that their batch was created."""
        return sum(one.unknown for one in self.runs)


class Submitting(msgspec.Struct, frozen=True):
    """A submission this process is working on, from freezing its body to its end.

    `token` is the asker's own; `repeat_of` an earlier submission of the same bytes, which stops this one.
    """

    token: str
    submission: Submission | None = None
    sent_bytes: int = 0
    waiting_until: datetime | None = None
    note: str = ""
    error: str | None = None
    repeat_of: Submission | None = None
    is_finished: bool = False
    held: int = 0
    """So many requests wait here until there is room for another batch."""
    asks_cold: bool = False
    """Whether it waits for the user to say if the others of a prime are sent without the cache."""


class Event(msgspec.Struct, frozen=True):
    """Something that happened, for the status line and the log: a sentence and the batch it is about."""

    at: datetime
    text: str
    batch_id: str | None = None
    is_error: bool = False
    rings: bool = False
    """True for an end that is to be told beyond the status line."""
    is_quiet: bool = False
    """True for what is for the log of events alone: it is shown elsewhere already, or was told before."""

    def of(self, place: str) -> Event:
        """The same, saying where it happened."""
        return msgspec.structs.replace(self, text=f"{place}: {self.text}")


class Snapshot(msgspec.Struct, frozen=True):
    """Everything a face shows of the engine at one moment. Batches are newest first."""

    version: int = 0
    at: datetime | None = None
    batches: tuple[TrackedBatch, ...] = ()
    running: int = 0
    unseen: tuple[RequestCounts, ...] = ()
    """The counts of batches that ended and have not been looked at."""
    link: Link = Link()
    downloads: dict[str, Download] = msgspec.field(default_factory=dict)
    submissions: tuple[Submission, ...] = ()
    """Those that are not settled: sending, unknown, absent, conflict, or created and not proven."""
    submitting: dict[str, Submitting] = msgspec.field(default_factory=dict)
    events: tuple[Event, ...] = ()
    """What happened, oldest first."""
    has_older: bool = False
    base_url: str | None = None
    credential: str | None = None
    workspace_id: str | None = None
    links: dict[str, Link] = msgspec.field(default_factory=dict)
    """By profile, where several are shown together; `link` then combines them."""

    def link_of(self, profile: str | None) -> Link:
        """The link by which a batch of that profile is watched."""
        return self.links.get(profile or "", self.link)

    def find(self, batch_id: str) -> TrackedBatch | None:
        """The batch with that id, or None."""
        return next((tracked for tracked in self.batches if tracked.id == batch_id), None)
