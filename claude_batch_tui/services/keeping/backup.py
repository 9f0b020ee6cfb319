"""A backup of the data folder as one tar file: store, journal, what was sent and what came back.

Unpacked into a folder it is a data folder again: the same list, names and runs, and what was sent before is known. Caches
and locks are left out, they are made again.
"""

from __future__ import annotations

import contextlib
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.errors import ExportError
from claude_batch_tui.store.files import named_when_whole, refusal
from claude_batch_tui.store.store import Store

_COMPRESSED = (".gz", ".tgz")


class BackedUp(msgspec.Struct, frozen=True):
    """How far a backup is: files and bytes of those that are in it, of so many."""

    files: int
    bytes: int
    of_files: int
    of_bytes: int


def backup(store: Store, target: Path, *, force: bool = False) -> Iterator[BackedUp]:
    """Write the backup, compressed where its name ends so; it gets its name when it is whole. Blocks.

    The store is copied as it is at one moment and the journal after it, so that what others write meanwhile is in the
    journal at least. Raises ExportError where the file is there, unless `force`, lies in the data folder, or the disk
    refuses, and StoreError where the store cannot be read.
    """
    locations = store.locations
    if target.exists() and not force:
        raise ExportError(f"{target} is there already: choose another name, or replace it with --force.")
    if target.absolute().resolve().is_relative_to(locations.data.resolve()):
        raise ExportError(
            f"{target} lies in the data folder that is backed up: choose a place outside of it."
        )
    with named_when_whole(target, ExportError) as part:
        copy = part.with_name(f"{part.name}.store")
        try:
            store.database.copy_to(copy)
            files = [(copy, "store.db"), (locations.journal, "journal.jsonl"), *_kept(store)]
            sizes = [_size(path) for path, _ in files]
            done, written = 0, 0
            descriptor = os.open(
                part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
            with os.fdopen(descriptor, "wb") as file:
                opened = tarfile.open(fileobj=file, mode="w:gz" if target.suffix in _COMPRESSED else "w")  # noqa: SIM115 — it is closed right below
                with opened as archive:
                    for (path, name), size in zip(files, sizes, strict=True):
                        # What prune or forget removes meanwhile is not in it.
                        with contextlib.suppress(FileNotFoundError):
                            archive.add(path, name, recursive=False)
                        done, written = done + 1, written + size
                        yield BackedUp(done, written, len(files), sum(sizes))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ExportError(refusal(target, error)) from error
        finally:
            copy.unlink(missing_ok=True)


def _kept(store: Store) -> Iterator[tuple[Path, str]]:
    """What was sent and what came back, with their names in the backup."""
    for folder in (store.locations.spool, store.locations.results):
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.is_symlink() and path.suffix != ".part":
                yield path, f"{folder.name}/{path.name}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
