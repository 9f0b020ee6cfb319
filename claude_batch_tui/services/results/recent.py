"""The results files opened last and the sources built from last, kept between runs in the state folder. Losing them loses nothing."""

from __future__ import annotations

import contextlib
import os
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.files import written_whole

_KEPT = 20
_LOOKED_AT = 2_000
"""Names of a folder that are looked at, so that a key waits for no large one."""
_NAMES = {"results": "recent.json", "sources": "recent-sources.json"}
RESULTS_ENDINGS = (".jsonl", ".jsonl.gz", ".ndjson", ".json", ".out")
"""How results files end: the API's own, packed ones, and those of other platforms."""
What = Literal["results", "sources"]
"""Results that were opened, or files that requests were built from."""


def recent_files(state_dir: Path, what: What = "results") -> list[str]:
    """The paths of those that are still there, the newest first; of sources folders, too."""
    try:
        known = msgspec.json.decode((state_dir / _NAMES[what]).read_bytes(), type=list[str])
    except (OSError, ValueError):
        return []
    return [path for path in known if Path(path).is_file() or (what == "sources" and Path(path).is_dir())]


def remember_file(state_dir: Path, file: Path, what: What = "results") -> None:
    """Put a file first. Where the folder cannot be written, it is forgotten with this run."""
    path = str(file.absolute())
    known = [path, *(each for each in recent_files(state_dir, what) if each != path)]
    with contextlib.suppress(OSError, StoreError):
        state_dir.mkdir(parents=True, exist_ok=True)
        with written_whole(state_dir / _NAMES[what]) as stream:
            stream.write(msgspec.json.encode(known[:_KEPT]))


def results_files(state_dir: Path) -> list[str]:
    """What can be opened without typing: the files opened last, then those of the folder the program was started in."""
    here: list[str] = []
    with contextlib.suppress(OSError), os.scandir() as entries:
        names = (entry.name for entry in islice(entries, _LOOKED_AT))
        here.extend(str(Path(name).absolute()) for name in names if name.endswith((".jsonl", ".jsonl.gz")))
    return list(dict.fromkeys([*recent_files(state_dir), *sorted(here)]))
