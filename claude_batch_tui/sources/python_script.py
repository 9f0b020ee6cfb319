"""A Python script of the user's whose `build_requests()` returns or yields requests.

It runs as the user's own code, in a child process that ends with us.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES
from claude_batch_tui.errors import ConfigError, ScriptError
from claude_batch_tui.sources import script_runner
from claude_batch_tui.sources.patience import USUAL, Patience
from claude_batch_tui.sources.source_file import WholeFile

_READ_BYTES = 1 << 16
_LOOK_EVERY = 0.1
"""Seconds between two looks whether anybody waits."""
_SEEN = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "TERM",
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONHOME",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
    ]
)
"""What a script sees of the environment: what programs need to run, and nothing that could be a secret."""


class _Failure(msgspec.Struct):
    kind: str
    message: str
    line: int | None = None
    traceback: str = ""


_decode_line = msgspec.json.Decoder(tuple[msgspec.Raw] | _Failure).decode


class PythonScript:
    """A script that makes requests. Nothing of it runs before `requests` is asked."""

    def __init__(
        self, path: str, variables: Sequence[str] = (), *, trusted: bool, patience: Patience = USUAL
    ) -> None:
        """`variables` are names of the environment that it may see besides the harmless ones.

        Raise ConfigError where nobody has said that the script may run, or a variable is not there.
        """
        self.file = WholeFile(path)
        self._patience = patience
        self._environment = script_environment(variables, os.environ)
        if not trusted:
            raise ConfigError(
                f"{path} ({self.file.size:,} bytes, sha256 {self.file.sha256()[:12]}…) is a program and would run as you. "
                f"{seen_words(variables)} Read it, then say --trust-script."
            )

    def requests(self) -> Iterator[bytes]:
        """The JSON of every value the script gives, in order. Raises ScriptError where it fails or stops giving."""
        reader, writer = os.pipe()
        alive, held = os.pipe()
        with (
            os.fdopen(held, "wb", buffering=0),
            tempfile.TemporaryFile() as printed,
            os.fdopen(reader, "rb", buffering=0) as results,
        ):
            # -P: our own modules named like those of the standard library are not in its way.
            command = [sys.executable, "-P", script_runner.__file__, self.file.label, str(writer), str(alive)]
            process = subprocess.Popen(  # noqa: S603  the user's own script, which they said may run
                command,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                pass_fds=(writer, alive),
                env=self._environment,
                start_new_session=True,
            )
            os.close(writer)
            os.close(alive)
            try:
                for line in self._lines(results):
                    decoded = _decode_line(line)
                    if isinstance(decoded, _Failure):
                        raise self._failed(decoded)
                    yield bytes(decoded[0])
                self._require_clean_end(process, printed)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.file.bytes_read = self.file.size

    def _lines(self, results: BinaryIO) -> Iterator[bytes]:
        parts: list[bytes] = []
        held, until = 0, time.monotonic() + self._patience.seconds
        with selectors.DefaultSelector() as selector:
            selector.register(results, selectors.EVENT_READ)
            while True:
                if self._patience.stopped():
                    raise ScriptError(f"{self.file.label}: the script was stopped.")
                if not selector.select(min(_LOOK_EVERY, max(until - time.monotonic(), 0))):
                    if time.monotonic() < until:
                        continue
                    raise ScriptError(
                        f"{self.file.label}: the script gave no request for {self._patience.seconds:g} seconds and was "
                        f"stopped. Fix its loop, or allow more with --script-timeout."
                    )
                chunk = os.read(results.fileno(), _READ_BYTES)
                if not chunk:
                    return
                *lines, rest = chunk.split(b"\n")
                if lines:
                    yield b"".join((*parts, lines[0]))
                    yield from lines[1:]
                    parts, held = [], 0
                    until = time.monotonic() + self._patience.seconds
                parts.append(rest)
                held += len(rest)
                if held > MAX_BODY_BYTES:
                    raise ScriptError(
                        f"{self.file.label}: the script gives a request that is larger than a whole batch may be "
                        f"({MAX_BODY_BYTES:,} bytes), and was stopped."
                    )

    def _failed(self, failure: _Failure) -> ScriptError:
        place = f"{self.file.label}:{failure.line}" if failure.line else self.file.label
        if failure.kind == "crash":
            return ScriptError(
                f"{place}: the script fails: {failure.message}. --traceback shows where.",
                traceback=failure.traceback,
            )
        return ScriptError(
            f"{place}: {failure.message}. It returns or yields objects with custom_id and params."
        )

    def _require_clean_end(self, process: subprocess.Popen[bytes], printed: BinaryIO) -> None:
        code = process.wait()
        if code == 0:
            return
        printed.seek(0, os.SEEK_END)
        printed.seek(max(printed.tell() - 4_000, 0))
        died = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        raise ScriptError(
            f"{self.file.label}: the script {died} before it gave all requests. --traceback shows what it printed.",
            traceback=printed.read().decode("utf-8", "replace"),
        )


def script_environment(variables: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """What a script sees of an environment: the harmless variables, and those it is given by name.

    Raises ConfigError for a name that is not there.
    """
    for name in variables:
        if name not in environment:
            raise ConfigError(
                f"--script-env {name}: there is no such variable in the environment. Set it first."
            )
    return {
        name: value
        for name, value in environment.items()
        if name in _SEEN or name.startswith("LC_") or name in variables
    }


def seen_words(variables: Sequence[str]) -> str:
    """What is said before somebody agrees to a script: what it can reach, and what it is given."""
    given = f"and, as asked, {', '.join(variables)}" if variables else "and no API key"
    return f"It can read and write your files and use the network; of the environment it gets PATH, HOME, LANG and the like {given}."


def script_text(path: str, most: int = 200_000) -> str:
    """The script as text for the eyes of whoever is to trust it, at most so many characters."""
    return Path(path).read_text(encoding="utf-8", errors="replace")[:most]
