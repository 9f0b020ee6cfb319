"""A terminal program seen from outside: run in a pty, its bytes counted, its screen painted on an emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import pyte

# Sequences pyte would print as text: private modes with < = >, mode queries, title pushes.
_UNKNOWN = re.compile(rb"\x1b\[[<=>][0-9;:]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\[[0-9;]*t|\x1b\][^\x07]*\x07")


class Reaction(NamedTuple):
    """What a key press brought: bytes written, and milliseconds to the first and to the last of them."""

    bytes: int
    first_ms: float | None
    last_ms: float | None


class PtyApp:
    """A program of `columns` × `rows`; use it as a context manager."""

    def __init__(
        self,
        command: Sequence[str],
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        settings = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **(environ or {}),
        }
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.started_at = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], command, settings)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    @property
    def text(self) -> str:
        """The screen, row by row."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def cpu_seconds(self) -> float:
        """Seconds of a core its threads have used."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(file.read_text().split()[0]) for file in threads) / 1e9

    def wait_for(self, text: str, seconds: float = 20.0) -> float:
        """Seconds from the start until the text is on the screen."""
        while text not in self.text:
            if time.perf_counter() - self.started_at > seconds:
                sys.exit(f"{text!r} did not appear:\n{self.text}")
            self._collect(0.02)
        seconds = time.perf_counter() - self.started_at
        self._collect(0.5)
        return seconds

    def press(self, key: str, quiet: float = 0.15) -> Reaction:
        """Send a key and wait until nothing more comes for a while."""
        start = time.perf_counter()
        os.write(self._fd, key.encode())
        size, times = self._collect(quiet, first=1.0)
        if not times:
            return Reaction(0, None, None)
        return Reaction(size, (times[0] - start) * 1000, (times[-1] - start) * 1000)

    def idle(self, seconds: float) -> tuple[int, float]:
        """Bytes written and share of a core used while nothing is pressed."""
        used, end, size = self.cpu_seconds, time.perf_counter() + seconds, 0
        while (left := end - time.perf_counter()) > 0:
            size += self._collect(left)[0]
        return size, (self.cpu_seconds - used) / seconds

    def next_burst(self, seconds: float, quiet: float = 0.15) -> int:
        """Bytes of the next thing it writes by itself, up to a pause; 0 where nothing comes for so long."""
        return self._collect(quiet, first=seconds)[0]

    def _collect(self, quiet: float, first: float | None = None) -> tuple[int, list[float]]:
        size, times = 0, []
        while select.select([self._fd], [], [], quiet if times or first is None else first)[0]:
            data = os.read(self._fd, 65536)
            times.append(time.perf_counter())
            size += len(data)
            self._stream.feed(_UNKNOWN.sub(b"", data))
        return size, times
