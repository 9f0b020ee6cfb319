"""The filters typed last, kept between runs in the state folder. Losing them loses nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from claude_batch_tui.errors import StoreError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.store.files import written_whole

_KEPT = 100
_NAME = "filters.json"


def read_filters(state_dir: Path) -> list[str]:
    """The filters, the newest last; none where the file is missing or damaged."""
    try:
        return msgspec.json.decode((state_dir / _NAME).read_bytes(), type=list[str])
    except (OSError, *UNREADABLE):
        return []


def remember_filter(state_dir: Path, text: str) -> None:
    """Put a filter last. Where the folder cannot be written, it is forgotten with this run."""
    known = [each for each in read_filters(state_dir) if each != text]
    with contextlib.suppress(OSError, StoreError):
        state_dir.mkdir(parents=True, exist_ok=True)
        with written_whole(state_dir / _NAME) as file:
            file.write(msgspec.json.encode([*known, text][-_KEPT:]))
