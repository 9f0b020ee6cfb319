"""An index on disk: a head line, then every column, no wider than its largest number, mapped when it is opened again.

A cache: what does not fit its results file, or is damaged, is not used, and the file is indexed anew.
"""

from __future__ import annotations

import mmap
import os
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results.columns import Additions, AnsweredBy, Numbered, numbered_stops
from claude_batch_tui.store.results.index import ResultsIndex

Kind = Literal["", "B", "H", "I", "Q"]
_VERSION: Final = 8
_ALIGNED: Final = 64
_WIDE: Final[dict[str, Kind]] = {
    "offsets": "Q",
    "id_starts": "Q",
    "lengths": "I",
    "input_tokens": "I",
    "cache_read_tokens": "I",
    "cache_write_5m_tokens": "I",
    "cache_write_1h_tokens": "I",
    "output_tokens": "I",
    "errors": "H",
    "models": "H",
    "searches": "H",
}
"""Columns that are mapped, with the format of their numbers in memory."""
_KINDS: Final[tuple[Kind, ...]] = ("", "B", "H", "I", "Q")
"""Formats by width; a column of the narrowest is nothing but zeros, and none of them are kept."""
_FEW: Final = 10_000
"""Entries up to which columns are kept as they are in memory: numpy is not imported for them."""
_SMALL: Final = ("outcomes", "stops", "classes")
"""Columns of a byte an entry, which are read."""


class _Head(msgspec.Struct):
    """The first line of an index file, blanks at its end."""

    version: int
    size: int
    modified_ns: int
    count: int
    id_bytes: int
    kinds: dict[str, Kind]
    """The format of each column that is mapped, in their order: the widest first, so that all of them are aligned."""
    additions: int
    """Rows of what totals leave out; their columns follow the small ones, and are read as these are."""
    stop_reasons: list[str]
    error_types: list[str]
    answered_by: list[AnsweredBy]
    byteorder: str
    checksum: int
    """Of the formats and names above, the small columns, and the first and last bytes of the others: looked at before the index is used."""
    whole_checksum: int
    """Of all columns: looked at while the index is in use, since that takes 0.5 ms a megabyte."""


class _Loaded(ResultsIndex):
    """An index whose wide columns are views of a mapped file; its ids are read when they are searched."""

    def __init__(self, mapped: mmap.mmap, start: int, ids_at: int, checksum: int) -> None:
        super().__init__()
        self._mapped = mapped
        self._start = start
        self._checksum = checksum
        self._ids_at = ids_at
        self._all_ids: bytes | None = None

    @property
    def ids(self) -> bytes:
        if self._all_ids is None:
            self._all_ids = self._mapped[self._ids_at :]
        return self._all_ids

    def is_intact(self) -> bool:
        with memoryview(self._mapped) as view:
            return zlib.crc32(view[self._start :]) == self._checksum

    def _id_end(self, position: int) -> int:
        return self._mapped.find(b"\n", self._ids_at + self.id_starts[position]) - self._ids_at

    def _id_bytes(self, start: int, end: int) -> bytes:
        return self._mapped[self._ids_at + start : self._ids_at + end]

    def custom_id(self, position: int) -> str:
        start = self._ids_at + self.id_starts[position]
        return self._mapped[start : self._mapped.find(b"\n", start)].decode()


def save_index(
    index: ResultsIndex, results: Path, place: Path | None = None, *, stat: os.stat_result | None = None
) -> None:
    """Write the index of a results file, beside it unless told otherwise; `stat` is of the bytes it was made from."""
    stat = stat or results.stat()
    kinds = _kinds(index)
    names = list(index.stop_reasons), list(index.error_types), list(index.answered_by)
    checksums = _checksums((kinds, *names), _columns(index, kinds), index.ids, and_whole=True)
    head = _Head(
        _VERSION,
        stat.st_size,
        stat.st_mtime_ns,
        index.count,
        len(index.ids),
        kinds,
        len(index.additions.entries),
        *names,
        sys.byteorder,
        *checksums,
    )
    line = msgspec.json.encode(head)
    line += b" " * (-(len(line) + 1) % _ALIGNED) + b"\n"
    with written_whole(place or index_path(results)) as file:
        file.write(line)
        for column in _columns(index, kinds):
            file.write(column)
        file.write(index.ids)


def load_index(results: Path, place: Path | None = None) -> ResultsIndex | None:
    """The index of a results file, or None where there is none that fits."""
    try:
        stat = results.stat()
        with (place or index_path(results)).open("rb") as file:
            line = file.readline()
            head = msgspec.json.decode(line, type=_Head)
            if (head.version, head.size, head.modified_ns, head.byteorder) != (
                _VERSION,
                stat.st_size,
                stat.st_mtime_ns,
                sys.byteorder,
            ):
                return None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return _loaded(head, mapped, len(line))
    except (OSError, *UNREADABLE):
        return None


def index_path(results: Path) -> Path:
    """Where the index of a results file is."""
    return results.with_name(results.name + ".index")


def _loaded(head: _Head, mapped: mmap.mmap, start: int) -> ResultsIndex | None:
    count, view = head.count, memoryview(mapped)
    sizes = {name: _width(kind) * count for name, kind in head.kinds.items()} | dict.fromkeys(_SMALL, count)
    added = {name: array(kind).itemsize * head.additions for name, kind in Additions.kinds.items()}
    ids_at = start + sum(sizes.values()) + sum(added.values())
    if len(mapped) != ids_at + head.id_bytes or head.kinds.keys() != _WIDE.keys():
        return None
    index = _Loaded(mapped, start, ids_at, head.whole_checksum)
    parts: list[Any] = []
    for name, size in sizes.items():
        part = view[start : start + size]
        parts.append(part)
        kind = head.kinds.get(name)
        # Zeros that are not kept are memory that is never touched.
        column = bytearray(part) if kind is None else part.cast(kind) if kind else memoryview(bytes(count))
        setattr(index, name, column)
        start += size
    for name, size in added.items():
        parts.append(view[start : start + size])
        getattr(index.additions, name).frombytes(parts[-1])
        start += size
    names = head.stop_reasons, head.error_types, head.answered_by
    if _checksums((head.kinds, *names), parts, view[ids_at:])[0] != head.checksum:
        return None
    index.stop_reasons = numbered_stops(head.stop_reasons)
    index.error_types = Numbered(head.error_types)
    index.answered_by = Numbered(head.answered_by)
    index.count = index.described = count
    index.complete = True
    return index


def _kinds(index: ResultsIndex) -> dict[str, Kind]:
    """The narrowest format of each wide column, the widest first."""
    if index.count <= _FEW:
        return _WIDE
    from claude_batch_tui.store.results.arrays import values  # it imports numpy

    most = {name: int(values(getattr(index, name)).max()) for name in _WIDE}
    kinds = {
        name: next(kind for kind in _KINDS if number < 256 ** _width(kind)) for name, number in most.items()
    }
    return dict(sorted(kinds.items(), key=lambda item: -_width(item[1])))


def _columns(index: ResultsIndex, kinds: dict[str, Kind]) -> Iterator[memoryview]:
    """The bytes of all columns as they are kept, one at a time: together they are as large as the index."""
    for name, kind in kinds.items():
        yield _column(getattr(index, name), _WIDE[name], kind)
    for name in _SMALL:
        yield memoryview(getattr(index, name))
    for name in Additions.kinds:
        yield memoryview(getattr(index.additions, name)).cast("B")


def _column(column: Any, known: Kind, kind: Kind) -> memoryview:
    """The bytes of a column in a narrower format than that it has in memory."""
    if kind == known:
        return memoryview(column).cast("B")
    if not kind:
        return memoryview(b"")
    from claude_batch_tui.store.results.arrays import values  # it imports numpy

    return memoryview(values(column).astype(kind).data).cast("B")


def _width(kind: Kind) -> int:
    """Bytes of a number."""
    return array(kind).itemsize if kind else 0


def _checksums(
    names: tuple[Any, ...], columns: Iterable[Any], ids: Any, *, and_whole: bool = False
) -> tuple[int, int]:
    """That which is looked at before an index is used, and, where it is asked for, that of all columns."""
    total, whole = zlib.crc32(msgspec.json.encode(names)), 0
    for number, column in enumerate(chain(columns, (ids,))):
        is_small = number >= len(_WIDE) and column is not ids
        for part in (column,) if is_small else (column[:4096], column[-4096:]):
            total = zlib.crc32(part, total)
        if and_whole:
            whole = zlib.crc32(column, whole)
    return total, whole
