"""Whether the tour of the dashboard was offered on this machine, which happens once. Losing that offers it again."""

from __future__ import annotations

import contextlib
from pathlib import Path

NAME = "tour-offered"


def is_offered(state_dir: Path) -> bool:
    """Whether it was."""
    return (state_dir / NAME).exists()


def note_offered(state_dir: Path) -> None:
    """Write down that it was. Where the folder cannot be written it is offered again."""
    with contextlib.suppress(OSError):
        state_dir.mkdir(parents=True, exist_ok=True)
        (state_dir / NAME).touch()
