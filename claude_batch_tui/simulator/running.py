"""A simulator in a thread of this process, or in the event loop of the caller."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from claude_batch_tui.simulator.demo_workspace import fill
from claude_batch_tui.simulator.fates import Fate, Rates
from claude_batch_tui.simulator.faults import Faults
from claude_batch_tui.simulator.keys import DEFAULT_KEY, KEY_PREFIX
from claude_batch_tui.simulator.request_log import RequestLog
from claude_batch_tui.simulator.server import HOST, bound_socket, serve
from claude_batch_tui.simulator.workspaces import QUEUE_LIMIT, Behaviour, Workspaces


class Simulator:
    """The API on a free port of this machine while the `with` block lasts.

    `speed` divides processing times only. `counts` is `end` or `live`. `rates` are the shares of errors, refusals
    and so on (`ALL_ANSWERED` for none). `now` replaces the wall clock. `demo` fills the default workspace.
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
    ) -> None:
        behaviour = Behaviour(speed, seed, counts, rates or Rates(), queue_limit, gzip)
        self.faults = Faults()
        self.log = RequestLog()
        self.key = DEFAULT_KEY
        self._listener = bound_socket(port)
        self.batches = Workspaces(behaviour, now)
        self.port: int = self._listener.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        if demo:
            fill(self.batches)

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
