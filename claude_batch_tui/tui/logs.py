"""The dashboard's log: a file, because anything on stderr would land in the picture."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from claude_batch_tui.log_records import make_log_records_safe

_LARGEST = 1_000_000
_KEPT = 2


def log_to_file(state_dir: Path) -> None:
    """Send warnings and logs of this process to `cbtui.log`; where that cannot be written, nowhere."""
    make_log_records_safe()
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
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for chatty in ("httpx2", "httpcore2", "anthropic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(True)
