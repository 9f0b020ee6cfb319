"""The six calls of the Message Batches API, and single calls: one message, counting its tokens, and the models."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator, Iterator

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from claude_batch_tui.domain.requests.limits import LIST_LIMIT
from claude_batch_tui.simulator.answers import Asked
from claude_batch_tui.simulator.batch import SimulatedBatch
from claude_batch_tui.simulator.catalogue import LISTED, Model
from claude_batch_tui.simulator.creating import create
from claude_batch_tui.simulator.failures import Failure
from claude_batch_tui.simulator.params import Params, Rejection, Rules, read
from claude_batch_tui.simulator.results import kept_chunks
from claude_batch_tui.simulator.stream import events
from claude_batch_tui.simulator.workspaces import Workspaces

POLL_HINT = "10"
"""Seconds in `retry-after` of a 200 for a batch in progress, as a public note captured them (2026-09-02)."""


class BatchRoutes:
    """Endpoints over the workspaces."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def create(self, request: Request) -> Response:
        """POST /v1/messages/batches."""
        try:
            batch = await create(
                request.stream(),
                workspaces=self._workspaces,
                caller=request.state.caller,
                rules=rules_of(request, self._workspaces),
            )
        except ClientDisconnect:
            # Nobody is left to answer, and half a body makes no batch.
            return Response(status_code=499)
        return self._one(request, batch)

    async def page(self, request: Request) -> Response:
        """GET /v1/messages/batches."""
        query = request.query_params
        after_id, before_id = query.get("after_id"), query.get("before_id")
        if after_id is not None and before_id is not None:
            raise Failure(400, "Only one of after_id and before_id can be given.")
        page = self._workspaces.page(
            request.state.caller,
            limit=limit_of(query.get("limit")),
            after_id=after_id,
            before_id=before_id,
        )
        now, live = self._workspaces.now(), self._workspaces.behaviour.counts == "live"
        data = [batch.body(now, origin_of(request), live_counts=live) for batch in page.batches]
        return json_response(
            {
                "data": data,
                "has_more": page.has_more,
                "first_id": data[0]["id"] if data else None,
                "last_id": data[-1]["id"] if data else None,
            }
        )

    async def retrieve(self, request: Request) -> Response:
        """GET /v1/messages/batches/{id}."""
        batch = self._find(request)
        response = self._one(request, batch)
        if not batch.has_ended(self._workspaces.now()):
            response.headers["retry-after"] = POLL_HINT
        return response

    async def cancel(self, request: Request) -> Response:
        """POST /v1/messages/batches/{id}/cancel."""
        batch = self._find(request)
        now = self._workspaces.now()
        if batch.has_ended(now):
            raise Failure(400, f"Message Batch {batch.id} has already ended and cannot be canceled.")
        batch.cancel(now)
        return self._one(request, batch)

    async def delete(self, request: Request) -> Response:
        """DELETE /v1/messages/batches/{id}."""
        batch = self._find(request)
        if not batch.has_ended(self._workspaces.now()):
            raise Failure(400, "In progress batches cannot be deleted. Consider canceling the batch instead.")
        self._workspaces.delete(batch)
        return json_response({"id": batch.id, "type": "message_batch_deleted"})

    async def results(self, request: Request) -> Response:
        """GET /v1/messages/batches/{id}/results."""
        batch = self._find(request)
        now = self._workspaces.now()
        if not batch.has_ended(now) or batch.is_archived(now):
            raise Failure(404, f"Message Batch {batch.id} has no available results.")
        pieces = kept_chunks(batch, self._workspaces.behaviour.seed, self._workspaces.folder)
        headers = {"content-type": "application/x-jsonl"}
        if self._workspaces.behaviour.gzip and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            pieces = _gzipped(pieces)
        return StreamingResponse(_in_thread(pieces), headers=headers)

    def _find(self, request: Request) -> SimulatedBatch:
        return self._workspaces.find(request.path_params["batch_id"], request.state.caller)

    def _one(self, request: Request, batch: SimulatedBatch) -> Response:
        live = self._workspaces.behaviour.counts == "live"
        return json_response(batch.body(self._workspaces.now(), origin_of(request), live_counts=live))


def limit_of(text: str | None) -> int:
    """The `limit` of a list: 1 to 1000, default 20. Raises a 400 for anything else."""
    if text is None:
        return 20
    try:
        limit = int(text)
    except ValueError as error:
        raise Failure(
            400, "limit: Input should be a valid integer, unable to parse string as an integer"
        ) from error
    if limit < 1:
        raise Failure(400, "limit: Input should be greater than or equal to 1")
    if limit > LIST_LIMIT:
        raise Failure(400, f"limit: Input should be less than or equal to {LIST_LIMIT}")
    return limit


def rules_of(request: Request, workspaces: Workspaces, *, batch: bool = True) -> Rules:
    """What the headers of a call allow its requests."""
    betas = ",".join(request.headers.getlist("anthropic-beta"))
    return Rules(
        workspaces.models,
        request.headers["anthropic-version"],
        frozenset(beta.strip() for beta in betas.split(",") if beta.strip()),
        batch,
        request.headers.get("anthropic-user-profile-id"),
    )


def origin_of(request: Request) -> str:
    """Where the caller reached us: results_url has to lead back here."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def _in_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await run_in_threadpool(next, pieces, b"")) != b"":
        yield piece


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def json_response(value: object) -> Response:
    """An answer of 200 with this value as JSON."""
    return Response(msgspec.json.encode(value), 200, None, "application/json")


_NOT_COUNTED = ("max_tokens", "metadata", "stop_sequences", "service_tier")
"""Keys that count_tokens does not take (types/message_count_tokens_params.py of the SDK 2.14)."""


class MessageRoutes:
    """Endpoints that need no batch."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def create(self, request: Request) -> Response:
        """POST /v1/messages: the same body always gets the same answer, whole or as a stream of events."""
        raw = await request.body()
        asked = self._asked(request, raw)
        message = asked.message(tier=b"standard", refused=False, thinks=False)
        if asked.params.stream:
            return StreamingResponse(_in_thread(events(message)), media_type="text/event-stream")
        return Response(message, media_type="application/json")

    async def count_tokens(self, request: Request) -> Response:
        """POST /v1/messages/count_tokens."""
        raw = await request.body()
        body = _object(raw)
        for key in _NOT_COUNTED:
            if key in body:
                raise Failure(400, f"{key}: Extra inputs are not permitted")
        asked = self._asked(request, msgspec.json.encode({**body, "max_tokens": 1}))
        return Response(b'{"input_tokens":%d}' % asked.input_tokens, media_type="application/json")

    async def models(self, request: Request) -> Response:
        """GET /v1/models: newest first, active and deprecated ones unless `lifecycle[]` says which."""
        query = request.query_params
        limit = limit_of(query.get("limit"))
        known = self._workspaces.models.listed(query.getlist("lifecycle[]") or LISTED)
        ids = [model.id for model in known]
        start, end = 0, len(ids)
        if cursor := query.get("after_id"):
            start = _index(ids, cursor) + 1
        if cursor := query.get("before_id"):
            end = _index(ids, cursor)
            start = max(0, end - limit)
        chosen = known[start:end][:limit]
        more = start > 0 if "before_id" in query else start + limit < end
        return json_response(
            {
                "data": [model.facts() for model in chosen],
                "has_more": more,
                "first_id": chosen[0].id if chosen else None,
                "last_id": chosen[-1].id if chosen else None,
            }
        )

    async def model(self, request: Request) -> Response:
        """GET /v1/models/{id or alias}."""
        name = request.path_params["model_id"]
        model: Model | None = self._workspaces.models.get(name)
        if model is None:
            raise Failure(404, f"model: {name}")
        return json_response(model.facts())

    def _asked(self, request: Request, raw: bytes) -> Asked:
        _object(raw)
        found = read(raw, rules_of(request, self._workspaces, batch=False))
        if isinstance(found, Rejection):
            raise Failure(found.status, found.message)
        params: Params = found[0]
        seed = self._workspaces.behaviour.seed
        digest = hashlib.blake2b(raw, digest_size=24, key=str(seed).encode()).digest()
        return Asked(params, raw, found[1], digest)


def _object(raw: bytes) -> dict[str, object]:
    try:
        found = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise Failure(400, f"The request body is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise Failure(400, "Input should be a valid dictionary or object to extract fields from")
    return found


def _index(ids: list[str], cursor: str) -> int:
    if cursor not in ids:
        raise Failure(404, f"model: {cursor}")
    return ids.index(cursor)
