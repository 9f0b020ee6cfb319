"""A gzipped results file: decompressed once into the cache folder, its rows shown while that goes on.

What it unpacks to is bounded: by its own size, by the room on the disk, and by having to be results at all. gzip makes a
thousand bytes of one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.errors import SourceError, StoreError
from claude_batch_tui.store.files import cache_name, named_when_whole
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.index_file import save_index

_PIECE: Final = 1 << 19
_MAGIC: Final = b"\x1f\x8b"
MOST_TIMES: Final = 200
"""So many times its size a file may unpack to, beyond `ANY_SIZE`; results take 5 to 30 times."""
ANY_SIZE: Final = 256_000_000
"""Bytes that any file may unpack to."""
LEFT_FREE: Final = 500_000_000
"""Bytes that are left free on the disk."""
_LOOKED_AT: Final = 32_000_000
"""Bytes within which there has to be a result."""


def is_gzip(path: Path) -> bool:
    """True where a file begins as gzip does."""
    with path.open("rb") as file:
        return file.read(2) == _MAGIC


def unzipped_path(path: Path, cache: Path) -> Path:
    """Where the content of a gzipped file is kept, as long as the file stays as it is."""
    return cache / f"{cache_name('unzipped', path)}.jsonl"


def unzipping(path: Path, target: Path) -> Iterator[ResultsFile]:
    """Decompress, index and keep a file; yields it after every step, under its own name at the end.

    What has no proper end is never kept. Raises SourceError.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with named_when_whole(target, SourceError) as part:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=_PIECE) as out, path.open("rb") as packed:
            results = ResultsFile(part, ResultsIndex(), is_unpacked=True)
            size = max(path.stat().st_size, 1)
            written = checked = 0
            for piece in _pieces(packed, path):
                written += len(piece)
                if written > max(ANY_SIZE, MOST_TIMES * size):
                    raise SourceError(
                        f"{path} unpacks to more than {MOST_TIMES} times its size, as results do not: nothing of it is kept. "
                        f"To read it all the same: gunzip -k {path}, and open what that leaves."
                    )
                if written - checked > _LOOKED_AT:
                    checked = written
                    require_room(part, path, len(piece))
                    require_results(results.index, path, at_least=1)
                out.write(piece)
                out.flush()
                results.index.feed(piece)
                results.progress = min(packed.tell() / size, 0.999)
                yield results
            results.index.finish()
            require_results(results.index, path)
            os.fsync(out.fileno())
    results.path, results.progress = target, 1.0
    with contextlib.suppress(StoreError):  # an index that cannot be written is made again the next time
        save_index(results.index, target)
    yield results


def require_room(part: Path, path: Path, size: int) -> None:
    """Raise SourceError where the disk would have less than `LEFT_FREE` left."""
    free = shutil.disk_usage(part.parent).free
    if free < size + LEFT_FREE:
        raise SourceError(
            f"{path} is not unpacked any further: {free / 1e9:.1f} GB are free on the disk of {part.parent}, and "
            f"{LEFT_FREE / 1e9:.1f} GB are left so. `cbtui prune` frees some; --data-dir takes another disk."
        )


def require_results(index: ResultsIndex, path: Path, *, at_least: int = 0) -> None:
    """Raise SourceError for a file none of whose lines, which are `at_least` so many, is a result."""
    if index.count < at_least or (index.count and index.outcome_counts()[Outcome.UNPARSED] == index.count):
        raise SourceError(f"{path} is not a results file: no line of it has a custom_id and a result.")


def _pieces(packed: BinaryIO, path: Path) -> Iterator[bytes]:
    """The content, half a megabyte at a time, of all members. Raises SourceError for a damaged or cut stream."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while data := packed.read(_PIECE >> 2):
            while data:
                if unpack.eof:
                    data = data.lstrip(b"\0")  # padding may follow the last member
                    if not data:
                        break
                    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
                piece = unpack.decompress(data, _PIECE)
                data = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
                if piece:
                    yield piece
        if not unpack.eof:
            raise SourceError(
                f"{path} is cut off: its compressed stream has no end. Copy or download it again."
            )
    except OSError as error:
        raise SourceError(f"Cannot read {path}: {error.strerror}.") from error
    except zlib.error as error:
        raise SourceError(
            f"{path} is damaged: it cannot be decompressed ({error}). Copy or download it again."
        ) from error
