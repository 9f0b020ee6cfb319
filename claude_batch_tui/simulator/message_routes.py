"""Single calls: one message, counting its tokens, and the models."""

from __future__ import annotations

import hashlib

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from claude_batch_tui.simulator.answers import Asked
from claude_batch_tui.simulator.batch_routes import limit_of, rules_of
from claude_batch_tui.simulator.catalogue import BY_NAME, MODELS
from claude_batch_tui.simulator.failures import Failure
from claude_batch_tui.simulator.params import Params, Rejection, read
from claude_batch_tui.simulator.workspaces import Workspaces

_NOT_COUNTED = ("max_tokens", "metadata", "stop_sequences", "service_tier")
"""Keys that count_tokens does not take (types/message_count_tokens_params.py of the SDK 2.11)."""


class MessageRoutes:
    """Endpoints that need no batch."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def create(self, request: Request) -> Response:
        """POST /v1/messages: the same body always gets the same answer."""
        raw = await request.body()
        asked = self._asked(request, raw)
        return Response(
            asked.message(tier=b"standard", refused=False, thinks=False), media_type="application/json"
        )

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
        """GET /v1/models: active and deprecated ones, newest first."""
        query = request.query_params
        limit = limit_of(query.get("limit"))
        ids = [model.id for model in MODELS]
        start, end = 0, len(ids)
        if cursor := query.get("after_id"):
            start = _index(ids, cursor) + 1
        if cursor := query.get("before_id"):
            end = _index(ids, cursor)
            start = max(0, end - limit)
        chosen = MODELS[start:end][:limit]
        more = start > 0 if "before_id" in query else start + limit < end
        return _json(
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
        if name not in BY_NAME:
            raise Failure(404, f"model: {name}")
        return _json(BY_NAME[name].facts())

    def _asked(self, request: Request, raw: bytes) -> Asked:
        _object(raw)
        found = read(raw, rules_of(request, batch=False))
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


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
