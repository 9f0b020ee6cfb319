"""The dashboard's log: a file, because anything on stderr would land in the picture. Keys and tokens never reach it."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from claude_batch_tui.tui.terminal.safety import redact

_LARGEST = 1_000_000
_KEPT = 2


class _Redacting(logging.Formatter):
    """Formats a record and takes secrets out of all of it, tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return redact(super().format(record))


def log_to_file(state_dir: Path) -> None:
    """Send warnings and logs of this process to `cbtui.log`; where that cannot be written, nowhere."""
    root = logging.getLogger()
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            state_dir / "cbtui.log",
            maxBytes=_LARGEST,
            backupCount=_KEPT,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for chatty in ("httpx2", "httpcore2", "anthropic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(True)
