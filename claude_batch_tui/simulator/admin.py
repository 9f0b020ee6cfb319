"""What only tests call: `/_simulator/…` sets faults, moves batches through their lives and gives the log out.

POST /_simulator/faults            one Fault or a list of them; DELETE forgets all
POST /_simulator/finish            {"id": …}: end now; without an id, all batches. The same for
POST /_simulator/expire            … end with what is not done as expired
POST /_simulator/archive           … results no longer given out
POST /_simulator/advance           {"seconds": …, "id": …}: let everything have happened earlier
POST /_simulator/fates             {"custom_id": "answered|refused|errored|expired|canceled"} for later creates
POST /_simulator/add               {"requests": 10, "age": 60, "duration": 30, "canceled_after": 5, "id": …}: a ready
                                   batch; an id of yours replaces the batch that has it
POST /_simulator/models            {"id": …}: a further model
GET  /_simulator/log               the calls received; DELETE forgets them
GET  /_simulator/batches           all batches of the default workspace, as the API gives them
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from claude_batch_tui.simulator.failures import Failure
from claude_batch_tui.simulator.fates import Fate
from claude_batch_tui.simulator.faults import Fault, Faults
from claude_batch_tui.simulator.request_log import RequestLog
from claude_batch_tui.simulator.routes import json_response, origin_of
from claude_batch_tui.simulator.workspaces import Workspaces

PREFIX = "/_simulator/"


class _Target(msgspec.Struct, forbid_unknown_fields=True):
    id: str | None = None
    seconds: float = 0.0


class _Added(msgspec.Struct, forbid_unknown_fields=True):
    requests: int | list[dict[str, Any]] = 1
    age: float = 0.0
    duration: float | None = None
    canceled_after: float | None = None
    id: str | None = None


class _NewModel(msgspec.Struct, forbid_unknown_fields=True):
    id: str


class Admin:
    """The endpoints of this module's docstring."""

    def __init__(self, workspaces: Workspaces, faults: Faults, log: RequestLog) -> None:
        self._workspaces = workspaces
        self._faults = faults
        self._log = log

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route(f"{PREFIX}faults", self._set_faults, methods=["POST", "DELETE"]),
            Route(f"{PREFIX}fates", self._set_fates, methods=["POST"]),
            Route(f"{PREFIX}add", self._add, methods=["POST"]),
            Route(f"{PREFIX}models", self._add_model, methods=["POST"]),
            Route(f"{PREFIX}log", self._read_log, methods=["GET", "DELETE"]),
            Route(f"{PREFIX}batches", self._list_batches, methods=["GET"]),
            Route(PREFIX + "{what}", self._move, methods=["POST"]),
        ]

    async def _set_faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._faults.clear()
        else:
            given = _decoded(await request.body(), list[Fault] | Fault)
            for fault in given if isinstance(given, list) else [given]:
                self._faults.next(fault)
        return json_response({"waiting": self._faults.waiting})

    async def _move(self, request: Request) -> Response:
        target: _Target = _decoded(await request.body() or b"{}", _Target)
        match request.path_params["what"]:
            case "finish":
                self._workspaces.finish(target.id)
            case "expire":
                self._workspaces.expire(target.id)
            case "archive":
                self._workspaces.archive(target.id)
            case "advance":
                self._workspaces.advance(target.seconds, target.id)
            case _:
                raise Failure(404, "Not found")
        return json_response({})

    async def _set_fates(self, request: Request) -> Response:
        given: dict[str, str] = _decoded(await request.body(), dict[str, str])
        unknown = next((word for word in given.values() if word.upper() not in Fate.__members__), None)
        if unknown is not None:
            raise Failure(400, f"{unknown}: not one of answered, refused, errored, expired, canceled")
        self._workspaces.forced.update({name: Fate[word.upper()] for name, word in given.items()})
        return json_response({})

    async def _add(self, request: Request) -> Response:
        added: _Added = _decoded(await request.body() or b"{}", _Added)
        batch = self._workspaces.add(
            added.requests,
            age=added.age,
            duration=added.duration,
            canceled_after=added.canceled_after,
            batch_id=added.id,
        )
        return json_response(batch.body(self._workspaces.now(), origin_of(request), live_counts=False))

    async def _add_model(self, request: Request) -> Response:
        added: _NewModel = _decoded(await request.body(), _NewModel)
        return json_response(self._workspaces.models.add(added.id).facts())

    async def _read_log(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._log.clear()
        return json_response(self._log.all())

    async def _list_batches(self, request: Request) -> Response:
        now = self._workspaces.now()
        return json_response(
            [batch.body(now, origin_of(request), live_counts=False) for batch in self._workspaces.all()]
        )


def _decoded(raw: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        raise Failure(400, str(error)) from error
