"""The only writer of stderr, and the exit codes.

Exit codes
  0    all good
  1    ended, but some entries are not good, or the ledger has a gap
  2    usage, input, configuration, credentials, no terminal
  3    the API refused or is out of reach
  4    store, disk, lock, verification
  5    --timeout reached
  6    canceled or expired
  75   the outcome of a submission is unknown
  128+n  ended by signal n
"""

from __future__ import annotations

import sys
from enum import IntEnum

from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.errors import (
    ApiError,
    CbtuiError,
    ConfigError,
    DraftError,
    ExportError,
    ResultsUnavailableError,
    SourceError,
    StoreError,
    UnknownOutcomeError,
    VerificationError,
)


class ExitCode(IntEnum):
    """What a command tells the shell; see the module's docstring."""

    GOOD = 0
    NOT_ALL_GOOD = 1
    USAGE = 2
    API = 3
    STORE = 4
    TIMEOUT = 5
    CANCELED_OR_EXPIRED = 6
    UNKNOWN_OUTCOME = 75


_CODES: tuple[tuple[type[CbtuiError], ExitCode], ...] = (
    (UnknownOutcomeError, ExitCode.UNKNOWN_OUTCOME),
    (ConfigError, ExitCode.USAGE),
    (SourceError, ExitCode.USAGE),
    (DraftError, ExitCode.USAGE),
    (ResultsUnavailableError, ExitCode.API),
    (ApiError, ExitCode.API),
    (VerificationError, ExitCode.STORE),
    (ExportError, ExitCode.STORE),
    (StoreError, ExitCode.STORE),
)


def exit_code(error: CbtuiError) -> ExitCode:
    """The exit code an error ends a command with."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.USAGE)


class Diagnostics:
    """Everything that is not data: notes, progress, errors."""

    def __init__(self) -> None:
        self._stream = sys.stderr
        self.is_terminal = self._stream.isatty()
        self._progress_width = 0

    def note(self, text: str) -> None:
        """A line of plain words."""
        self._end_progress()
        self._stream.write(clean(text) + "\n")
        self._stream.flush()

    def error(self, text: str) -> None:
        """A line that names this program, as other tools do."""
        self.note(f"cbtui: {text}")

    def progress(self, text: str) -> None:
        """A line that replaces itself on a terminal; nothing elsewhere."""
        if not self.is_terminal:
            return
        shown = clean(text)
        self._stream.write("\r" + shown.ljust(self._progress_width))
        self._stream.flush()
        self._progress_width = len(shown)

    def _end_progress(self) -> None:
        if self._progress_width:
            self._stream.write("\r" + " " * self._progress_width + "\r")
            self._progress_width = 0

    def close(self) -> None:
        """Leave no half line behind."""
        self._end_progress()
        self._stream.flush()
