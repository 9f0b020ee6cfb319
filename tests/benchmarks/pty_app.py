"""A terminal program seen from outside: run in a pty, its bytes counted, its screen painted on an emulator."""

from __future__ import annotations

import base64
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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import pyte

# Sequences pyte would print as text: private modes with < = >, mode queries, title pushes.
_UNKNOWN = re.compile(rb"\x1b\[[<=>][0-9;:]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\[[0-9;]*t|\x1b\][^\x07]*\x07")

_SGR = re.compile(rb"\x1b\[([0-9;:]+)m")
_RICHER = {b"38;2": "truecolor", b"48;2": "truecolor", b"38;5": "256", b"48;5": "256"}
_SIXTEEN = {str(number).encode() for first in (30, 40, 90, 100) for number in range(first, first + 8)}
_COPIED = re.compile(rb"\x1b\]52;c?;([A-Za-z0-9+/=]+)\x07")
_MODES = re.compile(rb"\x1b\[(?:\?([0-9;]+)([hl])|([<>])[0-9;]*u)")


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
        self.modes = {"7", "25"}
        """The private modes that are on, by number, and `kitty>`; wrapping and a visible cursor are so from the start."""
        self.colors: set[str] = set()
        """The kinds of colors asked for: truecolor, 256, 16."""
        self.copied: list[str] = []
        """What was sent to the clipboard by OSC 52."""
        self.started_at = time.perf_counter()
        self._has_ended = False
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], command, settings)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._has_ended:
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

    def wait_for(self, text: str, seconds: float = 20.0, quiet: float = 0.5) -> float:
        """Seconds from the start until the text is on the screen; returns after `quiet` seconds without bytes."""
        return self.wait_until(lambda: text in self.text, seconds, quiet, f"{text!r} did not appear")

    def wait_until(
        self,
        holds: Callable[[], bool],
        seconds: float = 20.0,
        quiet: float = 0.5,
        failure: str = "It did not happen",
    ) -> float:
        """The same for anything that can be asked."""
        while not holds():
            if time.perf_counter() - self.started_at > seconds:
                sys.exit(f"{failure}:\n{self.text}")
            self._collect(0.005)
        seconds = time.perf_counter() - self.started_at
        if quiet:
            self._collect(quiet)
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
            size += self._collect(0.02, first=left)[0]
        return size, (self.cpu_seconds - used) / seconds

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size."""
        self._screen.resize(rows, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, text: str) -> None:
        """Send text and read nothing."""
        os.write(self._fd, text.encode())

    def ended_by(
        self, number: signal.Signals, seconds: float = 10.0, *, reads: bool = True
    ) -> tuple[int | None, float]:
        """Send a signal: the exit code, or None where it goes on, and the seconds that took."""
        started = time.perf_counter()
        os.kill(self.pid, number)
        while time.perf_counter() - started < seconds:
            if reads:
                self._collect(0.01, first=0.01)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self._has_ended = True
                return os.waitstatus_to_exitcode(status), time.perf_counter() - started
            time.sleep(0.01)
        return None, seconds

    def type(self, text: str, seconds: float = 1.0) -> None:
        """Send text and let what follows from it come."""
        os.write(self._fd, text.encode())
        self._collect(0.2, first=seconds)

    def see(self, text: str, seconds: float = 20.0) -> bool:
        """Whether the text comes to be on the screen in that time."""
        end = time.perf_counter() + seconds
        while text not in self.text and time.perf_counter() < end:
            self._collect(0.05, first=0.05)
        return text in self.text

    def next_burst(self, seconds: float, quiet: float = 0.15) -> int:
        """Bytes of the next thing it writes by itself, up to a pause; 0 where nothing comes for so long."""
        return self._collect(quiet, first=seconds)[0]

    def _collect(self, quiet: float, first: float | None = None) -> tuple[int, list[float]]:
        size, times = 0, []
        while select.select([self._fd], [], [], quiet if times or first is None else first)[0]:
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                break
            if not data:
                break
            times.append(time.perf_counter())
            size += len(data)
            self._note_modes(data)
            self._note_colors(data)
            self.copied += [base64.b64decode(text).decode() for text in _COPIED.findall(data)]
            self._stream.feed(_UNKNOWN.sub(b"", data))
        return size, times

    def _note_colors(self, data: bytes) -> None:
        for style in _SGR.findall(data):
            kind = _RICHER.get(style[:4]) or next(
                (_RICHER[each] for each in _RICHER if b";" + each in style), None
            )
            if kind or _SIXTEEN & set(style.split(b";")):
                self.colors.add(kind or "16")

    def _note_modes(self, data: bytes) -> None:
        for numbers, switch, keyboard in _MODES.findall(data):
            names = {"kitty>"} if keyboard else set(numbers.decode().split(";"))
            if keyboard == b"<":
                self.modes.discard("kitty>")
            elif keyboard or switch == b"h":
                self.modes |= names
            else:
                self.modes -= names
