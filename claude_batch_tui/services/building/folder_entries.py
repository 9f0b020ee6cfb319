"""What lies in a folder, for choosing a source: names, sizes, ages, and what each could be."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from claude_batch_tui.sources.open_rows import guess_kind

MOST = 2_000
"""Entries of a folder that are shown."""
_ARCHIVES = frozenset({".gz", ".zip", ".zst", ".xz", ".bz2", ".tar", ".7z", ".doc", ".pptx"})


class FolderEntry(msgspec.Struct, frozen=True):
    """One name in a folder. `unusable` says why it cannot be a source, or is None."""

    name: str
    is_folder: bool
    size: int
    modified_at: datetime
    kind: str
    unusable: str | None = None


def folder_entries(folder: Path, *, hidden: bool) -> tuple[FolderEntry, ...]:
    """What is in a folder: folders first, then files, each by name. Raises OSError where it cannot be read."""
    found: list[FolderEntry] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if (not hidden and entry.name.startswith(".")) or len(found) >= MOST:
                continue
            try:
                status = entry.stat()
                is_folder = entry.is_dir()
            except OSError:
                continue
            suffix = Path(entry.name).suffix.lower()
            unusable = "unpack or export it first" if suffix in _ARCHIVES and not is_folder else None
            kind = "folder" if is_folder else guess_kind(entry.path) if unusable is None else "archive"
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            found.append(FolderEntry(entry.name, is_folder, status.st_size, modified, kind, unusable))
    return tuple(sorted(found, key=lambda one: (not one.is_folder, one.name.lower())))
