"""The routes of the API and what surrounds every call: keys, version, headers, error bodies."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from claude_batch_tui.simulator.admin import Admin
from claude_batch_tui.simulator.answers import token
from claude_batch_tui.simulator.batch import rfc3339
from claude_batch_tui.simulator.failures import Failure, error_body
from claude_batch_tui.simulator.faults import Faults
from claude_batch_tui.simulator.request_log import RequestLog
from claude_batch_tui.simulator.routes import BatchRoutes, MessageRoutes
from claude_batch_tui.simulator.workspaces import Caller, Workspaces, caller_of

REQUESTS_PER_MINUTE = 1000
"""The tier Start of the rate limits page (2026-09-26). Told in headers, not enforced."""

VERSIONS = ("2023-01-01", "2023-06-01", "2026-10-21")
"""What `anthropic-version` may be (versions page; the last one since the migration page of 2026-10-21)."""

Endpoint = Callable[[Request], Awaitable[Response]]


class Api:
    """The application. `guard` wraps an endpoint with what every call of the API has in common."""

    def __init__(self, workspaces: Workspaces, faults: Faults, log: RequestLog) -> None:
        self._workspaces = workspaces
        self._calls = count(1)
        self._minute = datetime.min.replace(tzinfo=UTC)
        self._in_minute = 0
        batches, messages = BatchRoutes(workspaces), MessageRoutes(workspaces)
        one = "/v1/messages/batches/{batch_id}"
        routes: list[BaseRoute] = [
            self._route("/v1/messages/batches", "POST", batches.create),
            self._route("/v1/messages/batches", "GET", batches.page),
            self._route(one, "GET", batches.retrieve),
            self._route(one, "DELETE", batches.delete),
            self._route(f"{one}/cancel", "POST", batches.cancel),
            self._route(f"{one}/results", "GET", batches.results),
            self._route("/v1/messages", "POST", messages.create),
            self._route("/v1/messages/count_tokens", "POST", messages.count_tokens),
            self._route("/v1/models", "GET", messages.models),
            self._route("/v1/models/{model_id}", "GET", messages.model),
            *Admin(workspaces, faults, log).routes(),
        ]
        self.application = Starlette(
            routes=routes, exception_handlers={HTTPException: self._unknown_route, Failure: _admin_failure}
        )

    def _route(self, path: str, method: str, endpoint: Endpoint) -> Route:
        async def guarded(request: Request) -> Response:
            return await self.guard(request, endpoint)

        return Route(path, guarded, methods=[method])

    async def guard(self, request: Request, endpoint: Endpoint) -> Response:
        """Check key and version, answer, and put the API's headers on."""
        request_id = self._request_id()
        headers = self._headers(request_id)
        try:
            caller = caller_of(request.headers, any_key=self._workspaces.behaviour.any_key)
            headers |= _caller_headers(caller)
            _check_version(request)
            request.state.caller = caller
            response = await endpoint(request)
        except Failure as failure:
            response = _failure(failure, request_id)
            if request.method == "POST":
                await _drain(request.stream())
        response.headers.update(headers)
        return response

    def _headers(self, request_id: str) -> dict[str, str]:
        now = self._workspaces.now()
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._in_minute = minute, 0
        self._in_minute += 1
        return {
            "date": format_datetime(now, usegmt=True),
            "request-id": request_id,
            "anthropic-ratelimit-requests-limit": str(REQUESTS_PER_MINUTE),
            "anthropic-ratelimit-requests-remaining": str(max(0, REQUESTS_PER_MINUTE - self._in_minute)),
            "anthropic-ratelimit-requests-reset": str(rfc3339(minute + timedelta(minutes=1))),
        }

    def _request_id(self) -> str:
        number = next(self._calls)
        seed = self._workspaces.behaviour.seed
        digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=24).digest()
        return "req_01" + token(digest).decode()

    async def _unknown_route(self, _request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        message = "Method Not Allowed" if status == 405 else "Not found"
        request_id = self._request_id()
        return Response(
            error_body(status, message, request_id), status, self._headers(request_id), "application/json"
        )


def _check_version(request: Request) -> None:
    version = request.headers.get("anthropic-version")
    if version is None:
        raise Failure(400, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise Failure(400, f'anthropic-version: "{version}" is not a valid version')


def _caller_headers(caller: Caller) -> dict[str, str]:
    return {
        "anthropic-organization-id": caller.organization_id,
        "anthropic-workspace-id": caller.workspace_id,
    }


async def _drain(stream: AsyncIterator[bytes]) -> None:
    """Read the rest of a refused body: a client still sending would otherwise see a broken pipe, not the answer."""
    try:
        async for _ in stream:
            pass
    except (ClientDisconnect, RuntimeError):
        # RuntimeError: the endpoint has read the body already.
        return


def _failure(failure: Failure, request_id: str) -> Response:
    if failure.page is not None:
        return Response(failure.page, failure.status, failure.headers, "text/html")
    body = error_body(failure.status, failure.message, request_id)
    return Response(body, failure.status, failure.headers, "application/json")


async def _admin_failure(_request: Request, error: Exception) -> Response:
    return _failure(error, "req_admin") if isinstance(error, Failure) else Response(status_code=500)
