"""Serves the application on loopback: uvicorn's HTTP protocol over httptools, in the caller's event loop.

uvicorn's own `Server` takes signals over and needs 0.2 s to stop; tests start hundreds of simulators.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.simulator.app import Api
from claude_batch_tui.simulator.faults import Faults
from claude_batch_tui.simulator.faulty import TRANSPORT, Faulty
from claude_batch_tui.simulator.request_log import RequestLog
from claude_batch_tui.simulator.workspaces import Workspaces

HOST = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75
"""An idle connection stays open as long as common gateways leave it."""

_STOP_SECONDS = 0.3


class _Protocol(HttpToolsProtocol):
    """Tells the application its transport: faults break connections, which HTTP cannot express."""

    def on_message_begin(self) -> None:
        """Extend the scope that the base class has just made."""
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {TRANSPORT: self.transport}


def bound_socket(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises ConfigError where the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(512)
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(
            f"Port {port} on {HOST} cannot be used ({error}): choose another with --port, or 0 for a free one."
        ) from error
    listener.setblocking(False)
    return listener


async def serve(
    listener: socket.socket, workspaces: Workspaces, faults: Faults, log: RequestLog, stop: asyncio.Event
) -> None:
    """Serve until `stop` is set, then break what is still open."""
    application = Faulty(Api(workspaces, faults, log).application, workspaces, faults, log)
    config = Config(
        application,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Protocol(config, state, {}), sock=listener)
    try:
        await stop.wait()
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=_STOP_SECONDS)
        for task in list(state.tasks):
            task.cancel()
