"""A file that a library reads by its path; we only name, measure and hash it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from claude_batch_tui.errors import SourceError


class WholeFile:
    """The file rows come from. Whoever reads it moves `bytes_read`."""

    def __init__(self, path: str) -> None:
        """Raise SourceError where there is no such file."""
        if not Path(path).is_file():
            what = (
                "this is a folder. Name a file in it"
                if Path(path).is_dir()
                else "there is no such file. Check the path"
            )
            raise SourceError(f"{path}: {what}.")
        self.label = path
        self.size = Path(path).stat().st_size
        self.bytes_read = 0

    def sha256(self) -> str:
        """The hash of its bytes, in hex."""
        with Path(self.label).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
