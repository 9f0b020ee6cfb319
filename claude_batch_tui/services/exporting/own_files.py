"""Which files `cbtui run` has written, or was about to: the same line given again may replace them. Kept in the state folder."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.files import written_whole

_NAME = "run-outputs"
_KEPT = 1_000


def is_own_file(state_dir: Path, requests: Path, output: Path) -> bool:
    """Whether that file was to get the answers to exactly these requests."""
    return _line(requests, output) in _known(state_dir)


def remember_own_file(state_dir: Path, requests: Path, output: Path) -> None:
    """Write down that the file is to get the answers to these requests, before it is there.

    Where the folder cannot be written it is forgotten, and is not replaced unasked.
    """
    line = _line(requests, output)
    known = [each for each in _known(state_dir) if each != line]
    with contextlib.suppress(OSError, StoreError):
        state_dir.mkdir(parents=True, exist_ok=True)
        with written_whole(state_dir / _NAME) as file:
            file.write("\n".join([*known, line][-_KEPT:]).encode())


def _known(state_dir: Path) -> list[str]:
    try:
        return (state_dir / _NAME).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []


def _line(requests: Path, output: Path) -> str:
    """What tells the file and the requests apart from all others."""
    with requests.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(str(output.absolute()).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
