"""A simulator in a thread of this process, in the event loop of the caller, or in a process of its own; on loopback.

It is uvicorn's HTTP protocol over httptools: uvicorn's own `Server` takes signals over and needs 0.2 s to stop, and tests
start hundreds of simulators.
"""

from __future__ import annotations

import asyncio
import http.client
import math
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import msgspec
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.simulator.admin import PREFIX
from claude_batch_tui.simulator.app import Api
from claude_batch_tui.simulator.demo_workspace import fill
from claude_batch_tui.simulator.fates import Fate, Rates
from claude_batch_tui.simulator.faults import Fault, Faults
from claude_batch_tui.simulator.faulty import TRANSPORT, Faulty
from claude_batch_tui.simulator.request_log import LoggedRequest, RequestLog
from claude_batch_tui.simulator.workspaces import DEFAULT_KEY, KEY_PREFIX, QUEUE_LIMIT, Behaviour, Workspaces

HOST = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75
"""An idle connection stays open as long as common gateways leave it."""

_STOP_SECONDS = 0.3
_DEMO_SECONDS = 45.0
"""Seconds until what is sent in a demo has ended: its whole loop is lived in minutes."""


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


class Simulator:
    """The API on a free port of this machine while the `with` block lasts.

    `speed` divides processing times only. `counts` is `end` or `live`. `rates` are the shares of errors, refusals
    and so on (`ALL_ANSWERED` for none). `now` replaces the wall clock. `demo` fills the default workspace, and
    ends what is created there within a minute. `any_key` and `any_model` take what the API would refuse.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        speed: float = 1.0,
        seed: int = 1,
        counts: str = "end",
        rates: Rates | None = None,
        queue_limit: int = QUEUE_LIMIT,
        gzip: bool = False,
        now: Callable[[], datetime] | None = None,
        demo: bool = False,
        any_key: bool = False,
        any_model: bool = False,
    ) -> None:
        behaviour = Behaviour(
            speed,
            seed,
            counts,
            rates or Rates(),
            queue_limit,
            gzip,
            any_key=any_key,
            any_model=any_model,
            longest=_DEMO_SECONDS if demo else math.inf,
        )
        self.faults = Faults()
        self.log = RequestLog()
        self.key = DEFAULT_KEY
        self._listener = bound_socket(port)
        self.batches = Workspaces(behaviour, now)
        self.port: int = self._listener.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self.demo = fill(self.batches) if demo else []
        """The batches of the default workspace, where it was filled."""

    @property
    def base_url(self) -> str:
        """Where it is, without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    def key_of(self, workspace: str) -> str:
        """A key of another workspace, named by a word."""
        return f"{KEY_PREFIX}{workspace}-0000000000000000"

    def decide(self, custom_id: str, fate: Fate | str) -> None:
        """Let requests of that custom_id, in batches created from now on, end so."""
        self.batches.forced[custom_id] = Fate[fate.upper()] if isinstance(fate, str) else fate

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve in the running loop until `stop` is set, then remove what was spooled."""
        try:
            await serve(self._listener, self.batches, self.faults, self.log, stop)
        finally:
            self.close()

    def close(self) -> None:
        """Give port and disk space back."""
        self._listener.close()
        shutil.rmtree(self.batches.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="simulator", daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            # The socket listens already: whoever connects before the server runs waits in its backlog.
            ready.set()
            await self.serve(self._stop)

        try:
            asyncio.run(main())
        finally:
            ready.set()


class SimulatorProcess:
    """`cbtui simulate` with the given options while the `with` block lasts, and never longer than this process."""

    def __init__(self, *options: str) -> None:
        self.key = DEFAULT_KEY
        self.base_url = ""
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """Of the simulator."""
        return self._process.pid if self._process else 0

    @property
    def faults(self) -> Self:
        """So that a test reads the same as with a simulator in a thread: `simulator.faults.next(Fault(…))`."""
        return self

    def next(self, fault: Fault) -> None:
        """Let the next matching calls go wrong."""
        self.admin("POST", "faults", fault)

    def log(self) -> list[LoggedRequest]:
        """The calls received."""
        return msgspec.convert(self.admin("GET", "log"), list[LoggedRequest])

    def admin(self, method: str, what: str, body: object = None) -> Any:
        """Call an admin endpoint; its answer, decoded."""
        connection = http.client.HTTPConnection(HOST, int(self.base_url.rpartition(":")[2]), timeout=60)
        try:
            connection.request(method, PREFIX + what, None if body is None else msgspec.json.encode(body))
            response = connection.getresponse()
            answer = msgspec.json.decode(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ConfigError(f"The simulator refused {what}: {answer}")
        return answer

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-m", "claude_batch_tui", "simulate", "--until-stdin-closes", *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.base_url = self._process.stdout.readline().strip() if self._process.stdout else ""
        if not self.base_url:
            raise ConfigError("The simulator did not start.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            # Closes the pipes as well.
            self._process.communicate()
