"""The results of a run as one file that holds none of their bytes: which files they are in, and each entry's attempt.

Its index, beside it as that of every results file, is made of theirs: an offset counts through the files one after the
other. What it says is a cache: where a file is not what it was, it is made anew.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from claude_batch_tui.errors import SourceError
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results.columns import Additions
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.index_file import save_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIX: Final = ".run"
_VERSION: Final = 1
_TAKEN: Final = (
    ("lengths", "I"),
    ("input_tokens", "I"),
    ("cache_read_tokens", "I"),
    ("cache_write_5m_tokens", "I"),
    ("cache_write_1h_tokens", "I"),
    ("output_tokens", "I"),
    ("searches", "H"),
)
_NUMBERED: Final = (("errors", "error_types"), ("models", "answered_by"))


class Piece(msgspec.Struct, frozen=True):
    """One file of a run: its name relative to the folder of the run's file, its batch, and its state."""

    name: str
    batch_id: str
    size: int
    modified_ns: int


class RunFile(msgspec.Struct, frozen=True):
    """What the first line of a run's file says. `classes` are those of the entries that stand for their requests."""

    version: int
    pieces: tuple[Piece, ...]
    classes: dict[str, int]
    attempts: bytes = b""
    """The attempt of every entry, from 1; not in the first line, but behind it."""

    @property
    def starts(self) -> list[int]:
        """Where each file begins, counted through all."""
        starts = [0]
        for piece in self.pieces[:-1]:
            starts.append(starts[-1] + piece.size)
        return starts


class Chosen(msgspec.Struct, frozen=True):
    """A results file of a run with its whole index, and the positions that are taken of it, each with its attempt."""

    path: Path
    batch_id: str
    index: ResultsIndex
    positions: NDArray[Any]
    attempts: NDArray[Any]


def is_run_file(path: Path) -> bool:
    """Whether a path is that of the results of a run."""
    return path.suffix == SUFFIX


def piece_of(path: Path, batch_id: str, folder: Path) -> Piece:
    """The file of a batch as it is now. Raises OSError."""
    stat = path.stat()
    return Piece(os.path.relpath(path, folder), batch_id, stat.st_size, stat.st_mtime_ns)


def read_run_file(path: Path) -> RunFile:
    """What the file of a run says. Raises SourceError where it cannot be read."""
    try:
        line, _, attempts = path.read_bytes().partition(b"\n")
        head = msgspec.json.decode(line, type=RunFile)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: open the run again.") from error
    if head.version != _VERSION:
        raise SourceError(f"{path} is of another version of cbtui: open the run again.")
    return msgspec.structs.replace(head, attempts=attempts)


def known_run_file(path: Path, pieces: Sequence[Piece]) -> RunFile | None:
    """What the file of a run says, where it and its index are there and were made of these files as they are."""
    try:
        head = read_run_file(path)
    except SourceError:
        return None
    is_known = head.pieces == tuple(pieces) and path.with_name(f"{path.name}.index").exists()
    return head if is_known else None


def write_run_file(
    path: Path, pieces: Sequence[Piece], chosen: Sequence[Chosen], classes: dict[str, int]
) -> RunFile:
    """Write what was chosen of the files, and its index. Raises StoreError or OSError where the disk refuses."""
    import numpy as np  # late: 60 to 90 ms

    attempts = np.concatenate([one.attempts for one in chosen]).astype(np.uint8).tobytes()
    head = RunFile(_VERSION, tuple(pieces), classes)
    index = _index_of(chosen, head.starts)
    with written_whole(path) as file:
        file.write(msgspec.json.encode(head) + b"\n" + attempts)
    save_index(index, path)
    return msgspec.structs.replace(head, attempts=attempts)


def _index_of(chosen: Sequence[Chosen], starts: Sequence[int]) -> ResultsIndex:
    """One index of the entries that were chosen of several."""
    made = ResultsIndex()
    ids = bytearray(b"\n")
    for one, start in zip(chosen, starts, strict=True):
        _take(made, one, start)
        ids += _take_ids(made, one, len(ids))
        made.count = made.described = len(made.outcomes)
    made._ids = ids  # noqa: SLF001 — it is made here, of what others hold
    made.complete = True
    return made


def _take(made: ResultsIndex, one: Chosen, start: int) -> None:
    """Add the columns of one file, which begins at `start`, but for the ids."""
    import numpy as np  # late: 60 to 90 ms

    from claude_batch_tui.store.results.arrays import picked  # it imports numpy

    index, at = one.index, one.positions
    made.offsets.frombytes((picked(index.offsets, at).astype(np.uint64) + np.uint64(start)).tobytes())
    for name, kind in _TAKEN:
        getattr(made, name).frombytes(picked(getattr(index, name), at).astype(np.dtype(kind)).tobytes())
    for name, values in _NUMBERED:
        numbers = _numbers(getattr(made, values), getattr(index, values))
        getattr(made, name).frombytes(numbers[picked(getattr(index, name), at)].tobytes())
    stops = _numbers(made.stop_reasons, index.stop_reasons).astype(np.uint8)
    made.stops += stops[picked(index.stops, at)].tobytes()
    for name in ("outcomes", "classes"):
        column = getattr(made, name)
        column += picked(getattr(index, name), at).tobytes()
    if index.additions.entries:
        _take_additions(made, one)


def _take_additions(made: ResultsIndex, one: Chosen) -> None:
    import numpy as np  # late: 60 to 90 ms

    added = one.index.additions
    entries = np.frombuffer(added.entries, np.uint32)
    rows: NDArray[Any] = np.flatnonzero(np.isin(entries, one.positions))
    places = np.searchsorted(one.positions, entries[rows]) + made.count
    numbers = _numbers(made.answered_by, one.index.answered_by)
    for name, kind in Additions.kinds.items():
        column = np.frombuffer(getattr(added, name), np.dtype(kind))[rows]
        column = {"entries": places, "models": numbers[column] if name == "models" else column}.get(
            name, column
        )
        getattr(made.additions, name).frombytes(column.astype(np.dtype(kind)).tobytes())


def _take_ids(made: ResultsIndex, one: Chosen, start: int) -> bytes:
    """Add where each id begins; the ids, each ended by a newline."""
    import numpy as np  # late: 60 to 90 ms

    from claude_batch_tui.store.results.arrays import values  # it imports numpy

    index = one.index
    blob = np.frombuffer(bytes(index.ids), np.uint8)
    starts = np.append(values(index.id_starts).astype(np.int64), len(blob))
    lengths = starts[1:] - starts[:-1]
    taken = np.zeros(index.count, bool)
    taken[one.positions] = True
    found: NDArray[Any] = blob[1:][np.repeat(taken, lengths)]
    ends = np.cumsum(lengths[one.positions])
    begins = (ends - lengths[one.positions] + start).astype(np.uint64)
    made.id_starts.frombytes(begins.tobytes())
    return bytes(found)


def _numbers(known: Any, values: Any) -> NDArray[Any]:
    """For each value of one list its number in another, which it is added to."""
    import numpy as np  # late: 60 to 90 ms

    return np.array([known.number(value) for value in [*values]], np.uint16)
