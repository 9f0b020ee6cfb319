"""Every log record of this process, our own and of libraries: without secrets, and with nothing that acts on a terminal."""

from __future__ import annotations

import logging

from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.redaction import redact


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


def make_log_records_safe() -> None:
    """Have every log record from now on made as a `SafeRecord`."""
    logging.setLogRecordFactory(SafeRecord)
