"""Where everything is on disk, with folders only the user can enter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from claude_batch_tui.errors import StoreError

BUILT: Final = "built-"
"""How the names of requests in the cache begin that `cbtui run` has built and not sent yet."""


class Locations(msgspec.Struct, frozen=True):
    """The folders and files below one data folder."""

    data: Path

    @property
    def database(self) -> Path:
        """The store's SQLite file."""
        return self.data / "store.db"

    @property
    def journal(self) -> Path:
        """What cannot be had back from the API, a line a fact."""
        return self.data / "journal.jsonl"

    @property
    def spool(self) -> Path:
        """Create bodies and rows files of submissions."""
        return self.data / "spool"

    @property
    def results(self) -> Path:
        """Results files and their indexes."""
        return self.data / "results"

    @property
    def cache(self) -> Path:
        """Indexes of results files that are not ours, and what was decompressed; may be emptied at any time."""
        return self.data / "cache"

    @property
    def locks(self) -> Path:
        """Files that processes lock."""
        return self.data / "locks"

    def engine_lock(self, hint: str) -> Path:
        """Held by the one process that polls a workspace, told apart by what is known of it before any answer."""
        import hashlib  # late: it loads OpenSSL, which a first frame and a list from the store do without

        return self.locks / f"engine-{hashlib.sha256(hint.encode()).hexdigest()[:8]}.lock"

    @property
    def submit_lock(self) -> Path:
        """Held around every create."""
        return self.locks / "submit.lock"

    @property
    def swept(self) -> Path:
        """Written when leftovers were removed last."""
        return self.locks / "swept"

    def create(self) -> None:
        """Make the folders. Raises StoreError where that fails."""
        try:
            for folder in (self.data, self.spool, self.results, self.locks):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"Cannot use the data folder {self.data}: {os.strerror(error.errno or 0)}. "
                "Choose another with --data-dir."
            ) from error
