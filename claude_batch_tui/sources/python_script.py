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
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.errors import ConfigError, ScriptError
from claude_batch_tui.sources import script_runner
from claude_batch_tui.sources.source_file import WholeFile

DEFAULT_SECONDS = 60.0
"""How long a script may go on without giving a request."""
_READ_BYTES = 1 << 16


class _Failure(msgspec.Struct):
    kind: str
    message: str
    line: int | None = None
    traceback: str = ""


_decode_line = msgspec.json.Decoder(tuple[msgspec.Raw] | _Failure).decode


class PythonScript:
    """A script that makes requests. Nothing of it runs before `requests` is asked."""

    def __init__(self, path: str, *, trusted: bool, seconds: float = DEFAULT_SECONDS) -> None:
        """Raise ConfigError where nobody has said that the script may run."""
        self.file = WholeFile(path)
        self._seconds = seconds
        if not trusted:
            raise ConfigError(
                f"{path} ({self.file.size:,} bytes, sha256 {self.file.sha256()[:12]}…) is a program and would run as you. "
                f"Read it, then say --trust-script."
            )

    def requests(self) -> Iterator[bytes]:
        """The JSON of every value the script gives, in order. Raises ScriptError where it fails or stops giving."""
        reader, writer = os.pipe()
        with tempfile.TemporaryFile() as printed, os.fdopen(reader, "rb", buffering=0) as results:
            # -P: our own modules named like those of the standard library are not in its way.
            command = [sys.executable, "-P", script_runner.__file__, self.file.label, str(writer)]
            process = subprocess.Popen(  # noqa: S603  the user's own script, which they said may run
                command,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                pass_fds=(writer,),
                start_new_session=True,
            )
            os.close(writer)
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
        with selectors.DefaultSelector() as selector:
            selector.register(results, selectors.EVENT_READ)
            while True:
                if not selector.select(self._seconds):
                    raise ScriptError(
                        f"{self.file.label}: the script gave no request for {self._seconds:g} seconds and was stopped. "
                        f"Mend its loop, or allow more with --script-timeout."
                    )
                chunk = os.read(results.fileno(), _READ_BYTES)
                if not chunk:
                    return
                *lines, rest = chunk.split(b"\n")
                if lines:
                    yield b"".join((*parts, lines[0]))
                    yield from lines[1:]
                    parts = []
                parts.append(rest)

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


def script_text(path: str, most: int = 200_000) -> str:
    """The script as text for the eyes of whoever is to trust it, at most so many characters."""
    return Path(path).read_text(encoding="utf-8", errors="replace")[:most]
