"""The log: a file in the state folder, for this program and for what its libraries warn of.

Every record of this process, our own and of libraries, is without secrets, and with nothing that acts on a terminal. What
was asked of the API is there with the request ids by which its support finds it; what requests say never is.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import logging
import os
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from claude_batch_tui.config import Config
from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.redaction import redact

_LARGEST = 1_000_000
_KEPT = 2
_LONGEST = 2_000
"""Characters of a message: what a server says may be of any length."""
_OURS = "claude_batch_tui"
_OF_CONNECTIONS = ("httpx2", "httpcore2")
"""Loggers that say how connections are made, which `log_level = "debug"` writes down. The SDK's has whole requests."""

_handler: _SharedFile | None = None


class SafeRecord(logging.LogRecord):
    """A record whose message and traceback are redacted and cleaned for every handler that formats it."""

    def getMessage(self) -> str:  # noqa: N802  the standard library's name
        """The message."""
        return clean(redact(super().getMessage()))

    @property
    def exc_text(self) -> str | None:
        """The traceback, which the first formatter writes and the others read."""
        return self._exc_text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._exc_text = None if text is None else clean(redact(text))


class _SharedFile(RotatingFileHandler):
    """A log that several processes write: whoever finds it full gives it its next name, and the others follow.

    Only its user can read it. Where it cannot be written, nothing is: a log never stops what it is about.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to the file that has the name now."""
        with contextlib.suppress(OSError):
            if self.stream is not None and not _is_at(self.stream, self.baseFilename):
                left, self.stream = (
                    self.stream,
                    None,
                )  # opened anew by the next line, where its folder is still there
                left.close()
            super().emit(record)

    def doRollover(self) -> None:  # noqa: N802  the standard library's name
        """Begin a new file, if nobody else just did."""
        with _held(Path(self.baseFilename).parent):
            if self.stream is not None and _is_at(self.stream, self.baseFilename):
                super().doRollover()

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line, a long message cut."""
        line = super().format(record)
        return line if record.exc_info or len(line) <= _LONGEST else f"{line[:_LONGEST]}…"

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the standard library's name
        """Say nothing: stderr may be the picture of the dashboard."""

    def _open(self) -> io.TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.baseFilename, flags, 0o600)
        return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123  the descriptor carries the mode


def log_path(config: Config) -> Path:
    """Where the log is; older ones are beside it, with a number."""
    return config.state_dir / "cbtui.log"


def log_to_file(config: Config) -> None:
    """Write what this process and its libraries log to the log of these settings; where that cannot be, nowhere."""
    global _handler  # noqa: PLW0603  a process has one log
    make_log_records_safe()
    path = log_path(config)
    if config.log_level == "off" or (_handler is not None and _handler.baseFilename == str(path.absolute())):
        return
    stop_logging()
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _handler = _SharedFile(path, maxBytes=_LARGEST, backupCount=_KEPT, delay=True)
        _handler.setFormatter(
            logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
        )
        level = logging.getLevelNamesMapping()[config.log_level.upper()]
        _handler.addFilter(lambda record: _belongs(record, level))
        logging.getLogger().addHandler(_handler)
        logging.getLogger(_OURS).setLevel(level)
        if level == logging.DEBUG:
            for name in _OF_CONNECTIONS:
                logging.getLogger(name).setLevel(level)


def stop_logging() -> None:
    """Close the log."""
    global _handler  # noqa: PLW0603  a process has one log
    if _handler is not None:
        logging.getLogger().removeHandler(_handler)
        _handler.close()
        _handler = None


def make_log_records_safe() -> None:
    """Have every log record from now on made as a `SafeRecord`."""
    logging.setLogRecordFactory(SafeRecord)


def _belongs(record: logging.LogRecord, level: int) -> bool:
    """Whether a record is for the file: what libraries say below a warning may hold what requests say."""
    if record.levelno >= logging.WARNING:
        return record.levelno >= level
    top = record.name.partition(".")[0]
    return record.levelno >= level and (top == _OURS or (level == logging.DEBUG and top in _OF_CONNECTIONS))


def _is_at(stream: io.TextIOWrapper, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), os.stat(path))  # noqa: PTH116  a name, many times
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes that do the same."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
