"""The only writer of stderr, and the exit codes.

Exit codes
  0    all good
  1    ended, but some entries are not good, or the ledger has a gap
  2    usage, input, configuration, credentials, no terminal
  3    the API refused or is out of reach
  4    store, disk, lock, verification
  5    --timeout reached
  6    ended, and all that is not good was canceled or expired
  75   the outcome of a submission, cancel or delete is unknown, or the batch found for it is not proven its own
  128+n  ended by signal n
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from enum import IntEnum

from claude_batch_tui.config import Config
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
from claude_batch_tui.terminal import terminal_encoding

_SAID_EVERY = 10.0
"""Seconds between two lines of progress where none is replaced."""


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
        self.config: Config | None = None
        """The settings in force, once they are known: they say where the log is."""
        self._stream = sys.stderr
        self.is_terminal = self._stream.isatty()
        self.is_plain = False
        """Whether every line stands, as a screen reader follows it: nothing replaces itself, and progress is said seldom."""
        self._said_at: float | None = None
        self._progress_width = 0
        self._block_rows = 0

    def note(self, text: str) -> None:
        """A line of plain words."""
        self.end_progress()
        self._stream.write(clean(text) + "\n")
        self._stream.flush()

    def error(self, text: str) -> None:
        """A line that names this program, as other tools do."""
        self.note(f"cbtui: {text}")

    def progress(self, text: str) -> None:
        """A line that replaces itself on a terminal, or one every ten seconds where lines stand; nothing elsewhere."""
        if not self.is_terminal:
            return
        if self.is_plain:
            self._say_seldom(text)
            return
        shown = clean(text)
        self._stream.write("\r" + shown.ljust(self._progress_width))
        self._stream.flush()
        self._progress_width = len(shown)

    def block(self, lines: Sequence[str]) -> None:
        """Lines that replace the last block on a terminal, each narrower than it; nothing elsewhere."""
        if not self.redraws:
            return
        self.end_progress()
        self._stream.write("".join(clean(line) + "\n" for line in lines))
        self._stream.flush()
        self._block_rows = len(lines)

    @property
    def redraws(self) -> bool:
        """Whether lines are replaced in place: on a terminal, where not every line is to stand."""
        return self.is_terminal and not self.is_plain

    def keep_block(self) -> None:
        """Leave the last block where it is."""
        self._block_rows = 0

    def size(self) -> os.terminal_size:
        """Columns and rows of the terminal, 80 × 24 where it does not say."""
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return os.terminal_size((80, 24))
        return os.terminal_size((size.columns or 80, size.lines or 24))

    def takes(self, text: str) -> bool:
        """Whether the encoding of stream and locale has these characters."""
        try:
            text.encode(terminal_encoding(self._stream.encoding, os.environ))
        except UnicodeEncodeError:
            return False
        return True

    def control(self, sequence: str) -> None:
        """A sequence of our own for the terminal; nothing from outside may come this way unclean."""
        if self.is_terminal:
            self._stream.write(sequence)
            self._stream.flush()

    def _say_seldom(self, text: str) -> None:
        now = time.monotonic()
        if self._said_at is None:
            self._said_at = now
        elif text and now - self._said_at >= _SAID_EVERY:
            self.note(text)
            self._said_at = now

    def end_progress(self) -> None:
        """Take away a line, or a block, that replaces itself, so that other words stand there."""
        if self._block_rows:
            self._stream.write(f"\x1b[{self._block_rows}A\r\x1b[J")
            self._block_rows = 0
        if self._progress_width:
            self._stream.write("\r" + " " * self._progress_width + "\r")
            self._stream.flush()
            self._progress_width = 0

    def close(self) -> None:
        """Leave no half line behind."""
        self.keep_block()
        self.end_progress()
        self._stream.flush()
