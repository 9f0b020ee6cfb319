"""Trying again: the requests of entries that failed, as they were sent or with edits, as a new draft of the same run.

Never paid twice: what a later retry of the run has sent is left out; the same bytes as a retry of unknown outcome go on
with that one; anything else that overlaps with it is not sent. What succeeded is left out unless the user says otherwise.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.domain.money.pricing import PriceTable, cost_at_most
from claude_batch_tui.domain.requests.models import Models
from claude_batch_tui.domain.requests.validation import RequestsCheck
from claude_batch_tui.domain.results.failures import RetryCounts, RetryRules, cause_of
from claude_batch_tui.domain.results.result import CLASSES, STOP_REASONS
from claude_batch_tui.errors import DraftError
from claude_batch_tui.media import look_at
from claude_batch_tui.services.building.requests_files import (
    RequestsFiles,
    beside,
    custom_id_of,
    iter_request_lines,
)
from claude_batch_tui.services.submitting.edits import NO_EDITS, Edits, Rows, edited
from claude_batch_tui.services.submitting.pilot import Portion
from claude_batch_tui.services.submitting.spool import sent_ids, sent_places
from claude_batch_tui.store import submissions
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.store import Store

_PRICED = 2_000
"""Requests that the cost of a group is told by: 0.1 s."""
_NEVER_SENT = (SubmissionState.PREPARED, SubmissionState.REFUSED, SubmissionState.ABANDONED)


class NothingToRetryError(DraftError):
    """Nothing that was asked for is sent again; `counts` tell why."""

    def __init__(self, counts: RetryCounts) -> None:
        super().__init__(_nothing_words(counts))
        self.counts = counts


class Wanted(msgspec.Struct, frozen=True):
    """Entries of one batch that the user wants to send again."""

    batch_id: str
    index: ResultsIndex
    positions: Sequence[int]


class Choice(msgspec.Struct, frozen=True):
    """What the user chose for some of the entries: positions by batch. Whether one is sent is left to the rules where
    `is_sent` is None.
    """

    places: Mapping[str, Sequence[int]]
    is_sent: bool | None = None
    edits: Edits = NO_EDITS


class RetryPart(msgspec.Struct, frozen=True):
    """The requests of one submission that are sent again, with the same edits."""

    submission: Submission
    custom_ids: frozenset[str]
    edits: Edits = NO_EDITS


class RetryPlan(msgspec.Struct, frozen=True):
    """What is sent again: requests of one run, every custom_id once."""

    run_id: str
    parts: tuple[RetryPart, ...]
    counts: RetryCounts
    name: str | None
    rules: RetryRules

    @property
    def of(self) -> tuple[str, ...]:
        """The submissions whose requests these are."""
        return tuple(dict.fromkeys(part.submission.submission_id for part in self.parts))

    @property
    def first(self) -> Submission:
        """The oldest of them: model, source and betas are its."""
        return self.parts[0].submission

    @property
    def has_rows(self) -> bool:
        """Whether every one of them has its rows."""
        return all(part.submission.rows_path is not None for part in self.parts)


def plan(
    wanted: Sequence[Wanted], rules: RetryRules, *, store: Store, choices: Sequence[Choice] = ()
) -> RetryPlan:
    """Decide what is sent again, by the rules and what was chosen of it. Reads store and spool; for a thread.

    Of a batch that is not proven to be that of its submission nothing is sent again. Raises DraftError with what to do
    where nothing is left to send, or the requests are not on this machine.
    """
    every = [(one, _submission_of(one.batch_id, store)) for one in wanted]
    unproven = [one.batch_id for one, submission in every if submission.is_adopted]
    known = [(one, submission) for one, submission in every if not submission.is_adopted]
    if not known:
        raise _not_proven(unproven[0]) if unproven else NothingToRetryError(RetryCounts())
    run_id = known[0][1].run_id
    if any(submission.run_id != run_id for _, submission in known):
        raise DraftError("These batches belong to several runs: retry one run after the other.")
    if len({submission.betas for _, submission in known}) > 1:
        raise DraftError("These batches were sent with different betas: retry one after the other.")
    run = submissions.of_run(store, run_id)
    totals = _Totals()
    taken: set[str] = set()
    parts: list[RetryPart] = []
    # Newest first: of a request that failed twice, the newest attempt is the one to repeat.
    for one, submission in sorted(known, key=lambda pair: _age(pair[1]), reverse=True):
        retried = frozenset[str]() if rules.again else _retried(submission, run)
        found = _chosen(one, submission, rules, choices, retried | taken, totals)
        taken.update(chain.from_iterable(ids for _, ids in found))
        parts += (RetryPart(submission, frozenset(ids), edits) for edits, ids in reversed(found))
    counts = totals.counts()
    if not parts:
        raise _not_proven(unproven[0]) if unproven else NothingToRetryError(counts)
    return RetryPlan(run_id, tuple(reversed(parts)), counts, _name(run), rules)


def being_retried(batch_ids: Sequence[str], store: Store) -> frozenset[str]:
    """The custom_ids of these batches of a run that were sent again in other batches than these."""
    first = submissions.of_batch(store, batch_ids[0]) if batch_ids else None
    found = frozenset[str]()
    for one in submissions.of_run(store, first.run_id) if first is not None else ():
        if one.kind == "retry" and one.state not in _NEVER_SENT and one.batch_id not in batch_ids:
            found |= sent_ids(one) or frozenset()
    return found


def still_to_send(made: RetryPlan, run: Sequence[Submission], own: frozenset[str]) -> None:
    """Raise DraftError where another retry has sent some of it, or may have. `own` are the submissions of this one."""
    others = [one for one in run if one.submission_id not in own]
    for part in made.parts:
        for later in _later_retries(part.submission, others):
            overlap = len(part.custom_ids & (sent_ids(later) or frozenset()))
            if overlap and not later.is_certain:
                raise DraftError(
                    f"It is not known yet whether a retry of {overlap:,} of these requests was created. Nothing was "
                    "sent now. Settle that first: open submissions in the dashboard (Batches, U), or the command that sent it."
                )
            if overlap and not made.rules.again:
                raise DraftError(
                    f"{overlap:,} of these requests were sent again meanwhile, as {later.batch_id}. Nothing was sent now."
                )


def write_draft(made: RetryPlan, files: RequestsFiles) -> Portion:
    """Write the requests, byte for byte as they were sent where nothing is edited, and their rows. Blocks."""
    count = 0
    with contextlib.ExitStack() as stack:
        requests = stack.enter_context(written_whole(files.requests))
        rows = stack.enter_context(written_whole(files.rows)) if made.has_rows else None
        for part in made.parts:
            count += len(part.custom_ids)
            for line in _to_send(part):
                requests.write(line + b"\n")
            if rows is not None:
                for line in iter_request_lines(Path(part.submission.rows_path or "")):
                    if custom_id_of(line) in part.custom_ids:
                        rows.write(line + b"\n")
    return Portion(files.requests, files.rows if made.has_rows else None, count, count)


def cost_of(made: RetryPlan, prices: PriceTable, models: Models) -> float | None:
    """What a plan costs at most, in US dollars; of many requests by the first ones. None where a model has no price.

    Reads the spool; for a thread. Raises DraftError where the requests are not on this machine, or cannot be edited.
    """
    counted = RequestsCheck("", models=models, look=look_at)
    for number, line in enumerate(islice(chain.from_iterable(map(_to_send, made.parts)), _PRICED), 1):
        counted.add(number, line)
    found = counted.draft()
    cost = cost_at_most(found.models, prices).total
    return None if cost is None or not found.requests else cost * made.counts.chosen / found.requests


@contextlib.contextmanager
def draft(made: RetryPlan, folder: Path) -> Iterator[Portion]:
    """The requests and rows as files of their own, gone after the block."""
    from ulid import ULID  # late: it reads the metadata of packages, and a first frame would wait for that

    files = beside(folder / f"retry-{ULID()}.jsonl")
    try:
        yield write_draft(made, files)
    finally:
        files.requests.unlink(missing_ok=True)
        files.rows.unlink(missing_ok=True)


def _to_send(part: RetryPart) -> Iterator[bytes]:
    """The requests of a part with their edits, in the order they were sent in."""
    lines = _as_sent(part)
    if part.edits == NO_EDITS:
        yield from lines
        return
    rows = Rows(part.submission.rows_path, part.custom_ids) if part.edits.needs_rows else None
    for line in lines:
        yield edited(line, part.edits, rows)


def _as_sent(part: RetryPart) -> Iterator[bytes]:
    """The requests of a part, in the order they were sent in."""
    places = sent_places(part.submission) or {}
    try:
        with Path(part.submission.body_path).open("rb") as body:
            for custom_id, (offset, length) in places.items():
                if custom_id in part.custom_ids:
                    body.seek(offset)
                    line = body.read(length)
                    if len(line) != length or custom_id_of(line) != custom_id:
                        raise _not_here(part.submission.batch_id or "")
                    yield line
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_here(part.submission.batch_id or "") from error


def _chosen(
    one: Wanted,
    submission: Submission,
    rules: RetryRules,
    choices: Sequence[Choice],
    retried: frozenset[str] | set[str],
    totals: _Totals,
) -> list[tuple[Edits, set[str]]]:
    """The custom_ids of a batch that are sent again, by their edits; `totals` counts what becomes of each entry."""
    sent = sent_ids(submission)
    if sent is None or not Path(submission.body_path).exists():
        raise _not_here(one.batch_id)
    usual = Choice({})
    found = [(choice, set[str]()) for choice in (*choices, usual)]
    of = {at: number for number, choice in enumerate(choices) for at in choice.places.get(one.batch_id, ())}
    for position in one.positions:
        choice, ids = found[of.get(position, -1)]
        name = CLASSES[one.index.classes[position]]
        kind = _kind(one.index, position, rules, choice)
        if kind == "good":
            totals.left[name] += 1
        elif kind == "sent":
            custom_id = one.index.custom_id(position)
            if custom_id in retried:
                totals.others["retried"] += 1
            elif custom_id not in sent:
                totals.others["unknown"] += 1
            else:
                ids.add(custom_id)
                totals.sent[name] += 1
                totals.others["cut_again"] += _is_cut_again(one.index, position, choice.edits)
        else:
            totals.others[kind] += 1
    return [(choice.edits, ids) for choice, ids in found if ids]


class _Totals:
    """What becomes of each entry, counted while batch after batch is decided."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.others: Counter[str] = Counter()

    def counts(self) -> RetryCounts:
        """As it stands."""
        return RetryCounts(sent=self.sent, left=self.left, **self.others)


def _is_cut_again(index: ResultsIndex, position: int, edits: Edits) -> bool:
    """Whether an answer was cut at max_tokens, and its request would go out under no higher limit."""
    if CLASSES[index.classes[position]] != "truncated" or _stop_reason(index, position) != "max_tokens":
        return False
    limit = edits.max_tokens
    return limit is None or limit <= index.output_tokens[position]


def _submission_of(batch_id: str, store: Store) -> Submission:
    submission = submissions.of_batch(store, batch_id)
    if submission is None:
        raise _not_here(batch_id)
    return submission


def _not_proven(batch_id: str) -> DraftError:
    return DraftError(
        f"{batch_id} was found for a lost submission and is not proven to be its batch: `cbtui results {batch_id}` looks at "
        "its results, and the command that sent it, once more with --accept or --reject, decides. Then retry it."
    )


def _not_here(batch_id: str) -> DraftError:
    return DraftError(
        f"The requests of {batch_id} are not on this machine, and the API does not give them back: retry it where it was "
        "submitted, build them again from their source, or say what was sent: `cbtui adopt ID --sent FILE`."
    )


def cause_at(index: ResultsIndex, position: int) -> str:
    """What an entry is grouped by: `complete`, or its cause."""
    name = CLASSES[index.classes[position]]
    error_type = index.error_types[index.errors[position]] if name == "errored" else ""
    return cause_of(name, error_type, _stop_reason(index, position) if name == "truncated" else "")


def _stop_reason(index: ResultsIndex, position: int) -> str:
    number = index.stops[position]
    return STOP_REASONS[number] if number < len(STOP_REASONS) else index.stop_reasons[number]


def _kind(index: ResultsIndex, position: int, rules: RetryRules, choice: Choice) -> str:
    """`sent`, `invalid` or `good`, as far as its result and what was chosen tell."""
    if choice.is_sent is None:
        return rules.decide(cause_at(index, position), is_changed=choice.edits != NO_EDITS)
    return "sent" if choice.is_sent and CLASSES[index.classes[position]] != "unparsed" else "good"


def _age(submission: Submission) -> tuple[str, str]:
    return submission.created_at.isoformat(), submission.submission_id


def _later_retries(submission: Submission, run: Sequence[Submission]) -> list[Submission]:
    """Retries of the run that were, or may have been, sent after a submission."""
    return [
        later
        for later in run
        if later.kind == "retry" and later.state not in _NEVER_SENT and _age(later) > _age(submission)
    ]


def _retried(submission: Submission, run: Sequence[Submission]) -> frozenset[str]:
    """The custom_ids that later retries of the run have sent for certain."""
    found: frozenset[str] = frozenset()
    for later in _later_retries(submission, run):
        if not later.is_certain:
            continue
        ids = sent_ids(later)
        if ids is None:
            raise DraftError(
                f"What {later.batch_id} was sent is no longer on this machine, so it is not known what was retried "
                "already. Pass --again to retry all the same."
            )
        found |= ids
    return found


def _name(run: Sequence[Submission]) -> str | None:
    """The name of the run's first batch, and that this is a retry, with a number from the second on."""
    base = run[0].base_name if run else None
    if base is None:
        return None
    earlier = {one.created_at for one in run if one.kind == "retry" and one.state not in _NEVER_SENT}
    return f"{base} retry {len(earlier) + 1}" if earlier else f"{base} retry"


def _nothing_words(counts: RetryCounts) -> str:
    """Why there is nothing to send, and what would change that."""
    reasons = []
    if counts.retried:
        reasons.append(f"{counts.retried:,} were retried already (--again sends them once more)")
    if counts.invalid:
        reasons.append(
            f"{counts.invalid:,} have to be changed first (--set changes them, --include-invalid sends them as they are)"
        )
    if counts.left:
        reasons.append(f"{counts.left_words}: --any-outcome includes them, paid again")
    if counts.unknown:
        reasons.append(f"{counts.unknown:,} belong to no request that was sent")
    return f"There is nothing to retry: {'; '.join(reasons) or 'no entry was chosen'}."
