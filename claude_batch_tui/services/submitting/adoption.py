"""Settling an adoption: the results of a batch that was found for a lost submission are held against what was sent.

They are read from this machine where they are here, else straight from the API; a few requests are counted by the API.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.evidence import Evidence, Verdict
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState
from claude_batch_tui.domain.results.line import read_line
from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.errors import RejectedError, ResultsUnavailableError
from claude_batch_tui.services.submitting.reconcile import accept, decide, let_go
from claude_batch_tui.services.submitting.spool import sent_places
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.store.results.file import results_path
from claude_batch_tui.store.store import Store

Params = dict[str, Any]
_COUNTED = 20
"""Requests of which the API counts the input."""


class _Used(msgspec.Struct, frozen=True):
    """A request that succeeded: its place in the body, and the input tokens its answer says were used."""

    offset: int
    length: int
    tokens: int


async def settle_found(
    submission: Submission, *, api: BatchesApi, store: Store, hint: str, now: datetime
) -> Submission:
    """As `settle`, with the batch as the API has it now; where several may be it, the one whose results are of what was
    sent is its own, and those of other requests are let go. Raises ApiError where they cannot be asked for.
    """
    if submission.is_adopted and submission.batch_id is not None:
        batch, _ = await api.retrieve(submission.batch_id)
        return await settle(submission, batch, api=api, store=store, now=now)
    for batch_id in submission.candidates if submission.state is SubmissionState.CONFLICT else ():
        batch, _ = await api.retrieve(batch_id)
        verdict = await _verdict(submission, batch, api, store)
        if verdict is not Verdict.OPEN:
            submission = await decide(
                submission,
                is_its=verdict is Verdict.OURS,
                batch_id=batch_id,
                api=api,
                store=store,
                hint=hint,
                now=now,
            )
        if submission.is_certain:
            break
    return submission


async def settle(
    submission: Submission, batch: Batch, *, api: BatchesApi, store: Store, now: datetime
) -> Submission:
    """The submission once the results of the batch that was found for it have been held against what was sent.

    It is certain where they show that the batch is its own, and looked for again where they show another's. It stays
    adopted where the batch has not ended, and where they show neither. Raises ApiError where they cannot be read or the
    API cannot count now, and ResultsUnavailableError where there are none.
    """
    if not submission.is_adopted or submission.batch_id != batch.id:
        return submission
    match await _verdict(submission, batch, api, store):
        case Verdict.OURS:
            return accept(submission, store=store, now=now)
        case Verdict.ANOTHERS:
            why = "its results are of other requests"
            return let_go(submission, why, store=store, now=now)
        case _:
            return submission


async def _verdict(submission: Submission, batch: Batch, api: BatchesApi, store: Store) -> Verdict:
    """Whose batch it is, by its results; open where it has not ended. Raises as `settle` does."""
    if not batch.has_ended:
        return Verdict.OPEN
    evidence, sample = await in_thread(lambda: _read(submission, batch, api, store))
    for params, tokens in sample:
        with contextlib.suppress(RejectedError):  # server tools and files by URL cannot be counted
            evidence.add_input(await api.count_tokens(params, betas=submission.betas), tokens)
    return evidence.verdict


def _read(
    submission: Submission, batch: Batch, api: BatchesApi, store: Store
) -> tuple[Evidence, list[tuple[Params, int]]]:
    """Every line of the results against the requests as they were sent, until it is clear that they are another's; and
    a few requests of every length with the input tokens that each used.
    """
    evidence, used = Evidence(submission.requests), list[_Used]()
    body = Path(submission.body_path)
    try:
        places = sent_places(submission) if body.exists() else None
    except ValueError:  # damaged
        places = None
    if places is None:
        return evidence, []  # nothing to hold them against
    with body.open("rb") as sent:
        for line in _lines(batch, api, store):
            result = read_line(line)
            if result.result.type == Outcome.UNPARSED:
                evidence.unreadable += 1
                continue
            evidence.lines += 1
            place = places.pop(result.custom_id, None)
            if place is None:
                evidence.foreign += 1
                if evidence.is_anothers:
                    return evidence, []
                continue
            message = result.result.message
            if result.result.type != Outcome.SUCCEEDED or message is None:
                continue
            asked = _request(sent, *place)
            if message.model and asked.get("model"):
                evidence.add_model(str(asked["model"]), message.model)
            usage = message.usage
            if usage is not None and usage.all_input and not _reads_more(asked):
                used.append(_Used(*place, usage.all_input))
        used.sort(key=lambda one: one.length)
        step = max(len(used) / _COUNTED, 1.0)
        chosen = [used[int(at * step)] for at in range(min(_COUNTED, len(used)))]
        return evidence, [(_request(sent, one.offset, one.length), one.tokens) for one in chosen]


def _lines(batch: Batch, api: BatchesApi, store: Store) -> Iterator[bytes]:
    """The lines of the results, from this machine or from the API. What has no end is left out."""
    path = results_path(store.locations.results, batch.id)
    if path.exists():
        with path.open("rb") as file:
            yield from _whole_lines(iter(lambda: file.read(1 << 20), b""))
        return
    if not batch.results_url:
        raise ResultsUnavailableError(f"There are no results for {batch.id}.")
    with api.open_results(batch.id) as stream:
        yield from _whole_lines(stream)


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        yield from (line for line in lines if line.strip())


def _reads_more(params: Params) -> bool:
    """Whether the API may read more than was sent: what tools of the server found, several times over."""
    tools = params.get("tools")
    own = [tool.get("type", "custom") == "custom" for tool in tools or () if isinstance(tool, dict)]
    return not all(own) or bool(params.get("mcp_servers"))


def _request(body: BinaryIO, offset: int, length: int) -> Params:
    """The params of a request as it was sent; empty where the body is damaged there."""
    body.seek(offset)
    try:
        params = json.loads(body.read(length))["params"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return params if isinstance(params, dict) else {}
