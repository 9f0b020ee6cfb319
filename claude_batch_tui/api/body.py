"""A create body on its way from the disk to the wire."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast


class BodyFile:
    """A file that says how much of it was read. It has a `fileno`, so the transport sends its Content-Length."""

    def __init__(self, path: Path, on_sent: Callable[[int], None] | None) -> None:
        self._path = path
        self._on_sent = on_sent

    def __enter__(self) -> IO[bytes]:
        self._file = self._path.open("rb")
        self._sent = 0
        return cast("IO[bytes]", self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """The next piece."""
        piece = self._file.read(size)
        self._sent += len(piece)
        if self._on_sent is not None:
            self._on_sent(self._sent)
        return piece

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        piece = self.read(1 << 16)
        if not piece:
            raise StopIteration
        return piece

    def fileno(self) -> int:
        """The descriptor, by which the transport learns the length."""
        return self._file.fileno()

    def tell(self) -> int:
        """Bytes read so far."""
        return self._sent

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, as a file does."""
        self._sent = self._file.seek(offset, whence)
        return self._sent
