"""Which entries of a results file do not fit the schema they were asked for, kept beside its index.

A cache: what does not fit the file and what was sent is not used, and the answers are looked at again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from claude_batch_tui.errors import StoreError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results.index_file import index_path

_VERSION: Final = 1


class _Head(msgspec.Struct):
    """The first line; the positions follow, 4 bytes each in the order of this machine."""

    version: int
    stamps: list[tuple[str, int, int]]
    """Path, size and time of change of the results and of every file of requests."""
    count: int


def judged_path(results: Path) -> Path:
    """Where this is kept of a results file of ours."""
    return results.with_name(results.name + ".judged")


def misfits_path(results: Path, cache: Path | None) -> Path | None:
    """Where this is kept: beside the index, in the `cache` folder where the file is not ours; None for nowhere."""
    if index_path(results).exists():
        return judged_path(results)
    if cache is None:
        return None
    return cache / f"{hashlib.sha256(os.fsencode(results.absolute())).hexdigest()[:32]}.judged"


def load_misfits(place: Path, results: Path, sent: Sequence[Path]) -> array[int] | None:
    """The positions that do not fit, or None where nothing that can be used is kept."""
    positions = array("I")
    try:
        with place.open("rb") as file:
            head = msgspec.json.decode(file.readline(), type=_Head)
            if head.version != _VERSION or head.stamps != _stamps(results, sent):
                return None
            positions.frombytes(file.read())
    except (OSError, *UNREADABLE):
        return None
    return positions if len(positions) == head.count else None


def save_misfits(place: Path, results: Path, sent: Sequence[Path], positions: array[int]) -> None:
    """Keep them; a place that cannot be written is one where nothing is kept."""
    with contextlib.suppress(OSError, StoreError):
        head = _Head(_VERSION, _stamps(results, sent), len(positions))
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with written_whole(place) as file:
            file.write(msgspec.json.encode(head) + b"\n")
            file.write(positions.tobytes())


def _stamps(results: Path, sent: Sequence[Path]) -> list[tuple[str, int, int]]:
    return [(str(path), (stat := path.stat()).st_size, stat.st_mtime_ns) for path in (results, *sent)]
