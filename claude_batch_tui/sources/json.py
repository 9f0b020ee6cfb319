"""JSON: an array of objects, an object of arrays, one of them somewhere inside, or an object on each line.

An array is read an item at a time, whatever its length. An object of arrays is read once for each of its columns, side
by side, so that no column is held as a whole.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import ijson
import msgspec

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.nesting import UNREADABLE, Nesting, TooDeepError, require_shallow
from claude_batch_tui.sources.jsonl import numbered_lines
from claude_batch_tui.sources.rows import BadRow, Row, as_row
from claude_batch_tui.sources.source_file import SourceFile

_LOOKED_AT = 100
"""Rows whose keys become the columns; later rows may leave some out."""
_DEEPEST = 4
"""Levels that are searched for an array where no --at says it."""
_SCALARS = frozenset({"string", "number", "boolean", "null"})
_HINT = "Rows are an array of objects, an object of arrays, or an object on each line; --at says where."
_decode = msgspec.json.Decoder().decode


class JsonSource:
    """A JSON or JSON Lines file as rows. `at` is a path like `data.items` to the rows; left out, it is searched."""

    def __init__(self, file: SourceFile, at: str | None = None) -> None:
        if file.encoding != "utf-8-sig":
            name = file.encoding.upper()
            raise SourceError(f"{file.label}: this is {name}, and JSON is UTF-8: iconv -f {name} -t UTF-8.")
        self.file = file
        self._path = "" if at is None else ".".join(re.findall(r"[^.\[\]$]+", at))
        self._names: tuple[str, ...] = ()
        with self._translated():
            self._is_lines = at is None and _is_lines(file)
            if at is None and not self._is_lines:
                self._path, self._names = self._search()
            elif at is not None:
                self._names = self._arrays_at(self._path)
            first = [row for row in islice(self._rows(), _LOOKED_AT) if isinstance(row, Row)]
        if not first:
            where = f" at {at}" if at else ""
            raise SourceError(f"{file.label}: there are no objects{where} to make rows of. {_HINT}")
        self.columns = tuple(dict.fromkeys(name for row in first for name in row.values))
        """The keys of the first rows, in order."""

    def rows(self) -> Iterator[Row | BadRow]:
        """Every object; those that are none are bad rows."""
        with self._translated():
            for row in self._rows():
                yield Row(row.line, as_row(self.columns, row.values)) if isinstance(row, Row) else row

    def _rows(self) -> Iterator[Row | BadRow]:
        if self._is_lines:
            yield from self._lines()
        elif self._names:
            yield from self._side_by_side()
        else:
            for number, item in enumerate(self._items(f"{self._path}.item".lstrip(".")), 1):
                yield self._row(number, item)

    def _lines(self) -> Iterator[Row | BadRow]:
        for number, line in numbered_lines(self.file):
            try:
                require_shallow(line)
                yield self._row(number, _decode(line))
            except ValueError as error:
                yield BadRow(number, "not_json", f"the line is not valid JSON: {error}")

    def _side_by_side(self) -> Iterator[Row | BadRow]:
        """Rows of an object of arrays: the first items of all columns, the second, and so on."""
        prefixes = (f"{self._path}.{name}.item".lstrip(".") for name in self._names)
        columns = [
            ijson.items(_SharedHandle(self.file.handle), prefix, use_float=True) for prefix in prefixes
        ]
        self.file.bytes_read = self.file.size
        try:
            for number, values in enumerate(zip(*columns, strict=True), 1):
                yield Row(number, dict(zip(self._names, values, strict=True)))
        except TooDeepError:
            raise
        except ValueError as error:
            raise SourceError(
                f"{self.file.label}: the arrays {', '.join(self._names)} are not of the same length: {error}."
            ) from error

    def _row(self, number: int, item: Any) -> Row | BadRow:
        if isinstance(item, dict):
            return Row(number, item)
        kind = type(item).__name__.replace("str", "text").replace("NoneType", "null")
        return BadRow(number, "not_an_object", f"a row is an object with keys, and this is {kind}")

    def _items(self, prefix: str) -> Iterator[Any]:
        self.file.handle.seek(0)
        self.file.bytes_read = 0
        yield from ijson.items(_CountedFile(self.file), prefix, use_float=True)

    def _search(self) -> tuple[str, tuple[str, ...]]:
        """Where the rows are: the path of the first array of objects, or of an object of arrays and their names."""
        self.file.handle.seek(0)
        waiting: tuple[str, ...] | None = None
        flat: dict[str, list[str]] = {}
        for prefix, event, _ in ijson.parse(_CountedFile(self.file), use_float=True):
            if waiting is not None:
                parent, name = waiting
                waiting = None
                if event == "start_map":
                    return f"{parent}.{name}".strip("."), ()
                if event in _SCALARS:
                    flat.setdefault(parent, []).append(name)
            if event == "start_array" and prefix.count(".") < _DEEPEST:
                parent, _, name = prefix.rpartition(".")
                waiting = (parent, name)
        for parent, names in flat.items():
            if parent or names != [""]:
                return parent, tuple(names)
        raise SourceError(f"{self.file.label}: there is no array of objects in it. {_HINT}")

    def _arrays_at(self, path: str) -> tuple[str, ...]:
        """The names of the arrays where `path` is an object of arrays; empty where it is an array."""
        self.file.handle.seek(0)
        names: list[str] = []
        for prefix, event, _ in ijson.parse(_CountedFile(self.file), use_float=True):
            if prefix == path:
                if event == "start_array":
                    return ()
                if event == "end_map":
                    break
                if event in _SCALARS:
                    raise ConfigError(
                        f"{self.file.label}: --at {path} is a single value, not an array of rows."
                    )
            elif event == "start_array" and prefix.rpartition(".")[0] == path:
                names.append(prefix.rpartition(".")[2])
        if not names:
            raise ConfigError(
                f"{self.file.label}: --at {path or '$'} is not there, or holds no array of rows."
            )
        return tuple(names)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ijson.IncompleteJSONError as error:
            raise SourceError(
                f"{self.file.label}: the JSON breaks off or is damaged: {_first_line(error)}. Mend the file."
            ) from error
        except ijson.JSONError as error:
            raise SourceError(f"{self.file.label}: this is not valid JSON: {_first_line(error)}.") from error
        except TooDeepError as error:
            raise SourceError(f"{self.file.label}: the JSON cannot be read: {error}.") from error
        except UnicodeDecodeError as error:
            raise SourceError(f"{self.file.label}: a text in it is not UTF-8. Convert the file.") from error


class _CountedFile:
    """The file as ijson reads it; counts, and drops a byte order mark."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._nesting = Nesting()
        if file.handle.read(3) != b"\xef\xbb\xbf":
            file.handle.seek(0)

    def read(self, size: int) -> bytes:
        chunk = self._file.read(size)
        self._file.bytes_read += len(chunk)
        self._nesting.feed(chunk)
        return chunk


class _SharedHandle:
    """Reads a shared handle from a place of its own."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._nesting = Nesting()
        handle.seek(0)
        self._at = 3 if handle.read(3) == b"\xef\xbb\xbf" else 0

    def read(self, size: int) -> bytes:
        self._handle.seek(self._at)
        chunk = self._handle.read(size)
        self._at += len(chunk)
        self._nesting.feed(chunk)
        return chunk


def _is_lines(file: SourceFile) -> bool:
    """True where the first line that is not blank is an object by itself and the file goes on after it."""
    file.handle.seek(0)
    head = file.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()
    first, newline, rest = head.partition(b"\n")
    if first.startswith(b"{") and newline and rest.strip():
        with contextlib.suppress(*UNREADABLE):
            _decode(first)
            return True
    return file.label.lower().endswith((".jsonl", ".ndjson"))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip() or "unexpected end"
