"""A simulator in a process of its own, steered over its admin endpoints: for measurements and for kill -9."""

from __future__ import annotations

import http.client
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.simulator.admin import PREFIX
from claude_batch_tui.simulator.faults import Fault
from claude_batch_tui.simulator.keys import DEFAULT_KEY
from claude_batch_tui.simulator.request_log import LoggedRequest
from claude_batch_tui.simulator.server import HOST


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
