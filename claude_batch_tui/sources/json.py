"""JSON: an array of objects, of texts or of arrays, an object of arrays or of objects, one of them somewhere inside, one
object, objects one after another, or a value on each line.

An array is read an item at a time, whatever its length. An object of arrays is read once for each of its columns, side
by side, so that no column is held as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from typing import Any, BinaryIO, Literal

import msgspec

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.nesting import UNREADABLE, require_shallow
from claude_batch_tui.sources.json_items import (
    NOT_A_NUMBER,
    Broken,
    Container,
    Item,
    JsonCursor,
    Pairs,
    broken,
    decoder,
)
from claude_batch_tui.sources.jsonl import numbered_lines
from claude_batch_tui.sources.recipe import Nan, Surrogates
from claude_batch_tui.sources.rows import (
    PROMPT_NAMES,
    BadRow,
    Doubt,
    NoText,
    Reading,
    Row,
    as_row,
    list_columns,
)
from claude_batch_tui.sources.source_file import SourceFile, encoding_reading

_LOOKED_AT = 1_000
"""Rows whose keys become the columns; later rows may leave some out, and what they have besides is kept."""
_SHAPES_LOOKED_AT = 20
_HEAD_BYTES = 1 << 16
_KEY_COLUMN, _TEXT_COLUMN = "key", "text"
_HINT = (
    "Rows are an array of objects, texts or arrays, an object of arrays or objects, or an object on each line; "
    "--at says where."
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_COMMENTS = (b"#", b"//")
_decode = msgspec.json.Decoder().decode

Form = Literal["lines", "values", "items", "keyed", "columns", "one"]


class JsonSource:
    """A JSON or JSON Lines file as rows. `at` is a path like `data.items` to the rows; left out, it is searched.

    `nan` reads NaN and Infinity as null, `surrogates` replaces half a character by U+FFFD; without them such a value is
    no text, which refuses a row that uses it.
    """

    def __init__(
        self,
        file: SourceFile,
        at: str | None = None,
        *,
        nan: Nan | None = None,
        surrogates: Surrogates | None = None,
    ) -> None:
        self.file = file
        self._nan_is_null = nan == "null"
        self._replaces = surrogates == "replace"
        self._path = ""
        self._names: tuple[str, ...] = ()
        self._header: tuple[str, ...] = ()
        """The names that the first of rows that are arrays gives."""
        self._doubts: list[Doubt] = []
        self._comments = 0
        self._repeated = ""
        self._pairs: Pairs | None = None
        self._slow_decode = decoder(nan_is_null=self._nan_is_null).decode
        self._form: Form = self._found_form() if at is None else self._form_at(_without_brackets(at))
        # The first rows are read with a look at their keys, which takes longer.
        self._pairs = self._note_repeated
        looked_at = list(islice(self._rows(), _LOOKED_AT))
        self._pairs = None
        first = [row for row in looked_at if isinstance(row, Row)]
        if not first:
            where = f" at {at}" if at else ""
            reason = next((row.message for row in looked_at if isinstance(row, BadRow)), None)
            because = f" The first: {reason}." if reason else ""
            raise SourceError(
                f"{self.file.label}: there are no objects{where} to make rows of.{because} {_HINT}"
            )
        self.columns = tuple(dict.fromkeys(name for row in first for name in row.values))
        """The keys of the first rows, in order."""
        if self._comments:
            self._doubts.append(
                Doubt("comments", "lines that begin with # or // were taken for comments, not for rows")
            )
        if self._repeated:
            words = f"an object has the key {self._repeated!r} twice: the last value counts"
            self._doubts.append(Doubt("same_key", words))
        path = None if self._form in {"lines", "values", "one"} else self._path or "$"
        self.reading = encoding_reading(
            file, Reading(path=path, columns=len(self.columns), doubts=tuple(self._doubts))
        )

    def read_all_columns(self) -> bool:
        """Read the whole file for keys that are first seen late; True where there were such, which are columns then."""
        names = dict.fromkeys(self.columns)
        for row in self._rows():
            if isinstance(row, Row) and not row.values.keys() <= names.keys():
                names |= dict.fromkeys(row.values)
        found = len(names) > len(self.columns)
        self.columns = tuple(names)
        return found

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row; what cannot be one is a bad row."""
        columns = self.columns
        for row in self._rows():
            if isinstance(row, Row):
                yield Row(row.line, as_row(columns, row.values), row.doubt)
            else:
                yield row

    def _rows(self) -> Iterator[Row | BadRow]:
        self._comments = 0
        if self._form == "lines":
            yield from self._lines()
        elif self._form == "columns":
            yield from self._side_by_side()
        else:
            is_headed = bool(self._header)
            for number, item in enumerate(self._items(), 1):
                if is_headed and number == 1:
                    continue
                yield self._row(number, item.value, item.key)

    def _items(self) -> Iterator[Item]:
        cursor = self._cursor()
        if self._form == "values":
            return cursor.values()
        if self._form == "one":
            return iter([Item(self._one(cursor))])
        return cursor.items_at(self._path)

    def _one(self, cursor: JsonCursor) -> Any:
        return {item.key: item.value for item in cursor.items_at(self._path)}

    def _lines(self) -> Iterator[Row | BadRow]:
        header = self._header
        for number, line in numbered_lines(self.file):
            data = line.lstrip(b"\x1e").rstrip(b",") if line[:1] == b"\x1e" or line[-1:] == b"," else line
            if not data or data in (b"[", b"]"):
                continue
            if data.startswith(_COMMENTS):
                self._comments += 1
                continue
            value: Any
            try:
                require_shallow(data)
                value = _decode(data) if self._pairs is None else self._decoded_slowly(data)
            except UNREADABLE:
                value = self._decoded_slowly(data)
            if header and list(header) == value:
                header = ()
                continue
            yield self._row(number, value)

    def _decoded_slowly(self, data: bytes) -> Any:
        """The value as Python's decoder reads it, which takes NaN and half characters; else what is broken."""
        text = data.decode("utf-8", "surrogateescape")
        decode = (
            decoder(nan_is_null=self._nan_is_null, pairs=self._pairs).decode
            if self._pairs
            else self._slow_decode
        )
        try:
            require_shallow(data)
            return decode(text)
        except (ValueError, RecursionError) as error:
            return broken(text, error)

    def _side_by_side(self) -> Iterator[Row | BadRow]:
        """Rows of an object of arrays: the first items of all columns, the second, and so on."""
        paths = [f"{self._path}.{name}".lstrip(".") for name in self._names]
        columns = [
            JsonCursor(
                _SharedHandle(self.file).read, self.file.label, nan_is_null=self._nan_is_null
            ).items_at(path)
            for path in paths
        ]
        self.file.bytes_read = self.file.size
        for number, items in enumerate(zip_longest(*columns), 1):
            if None in items:
                short = [name for name, item in zip(self._names, items, strict=True) if item is None]
                raise SourceError(
                    f"{self.file.label}: its arrays are not of one length, and so no columns: "
                    f"{list_columns(short, 3)} ended before item {number:,}. Say with --at which array has the rows: "
                    f"{list_columns(self._names, 5)}."
                )
            values = {name: item.value for name, item in zip(self._names, items, strict=True)}
            yield self._row(number, values)

    def _row(self, number: int, value: Any, key: str = "") -> Row | BadRow:
        """One row of one value, whatever it is."""
        if isinstance(value, Broken):
            return BadRow(
                number, "not_json", f"this is not valid JSON: {value.reason}", {"unread": value.text}
            )
        if isinstance(value, dict):
            values = {_KEY_COLUMN: key} | value if self._form == "keyed" else value
        elif isinstance(value, str) and self._form != "keyed":
            values = {_TEXT_COLUMN: value}
        elif isinstance(value, list) and self._form != "keyed":
            names = self._header or [f"column_{place}" for place in range(1, len(value) + 1)]
            if len(value) != len(names):
                message = f"the row has {len(value)} items where the first has {len(names)}"
                return BadRow(number, "ragged_row", message, {"unread": value})
            values = dict(zip(names, value, strict=True))
        else:
            kind = {"NoneType": "null", "NoText": "NaN"}.get(type(value).__name__, type(value).__name__)
            return BadRow(number, "not_an_object", f"a row is an object with keys, and this is {kind}")
        return self._looked_through(number, values)

    def _looked_through(self, number: int, values: dict[str, Any]) -> Row:
        """The row, in which what is no text is marked, replaced where that was asked for, and told."""
        doubt: str | None = None
        for name, value in values.items():
            kind = type(value)
            if kind is str:
                if value.isascii() or _SURROGATE.search(value) is None:
                    continue
            elif kind is int:
                continue
            elif kind is float:
                if value - value == 0.0:
                    continue
                values = values | {name: self._infinite(name, value)}
                continue
            elif value is None or kind is bool:
                continue
            mended = self._mended(name, value)
            if mended is not value:
                values = values | {name: mended}
                if isinstance(mended, NoText):
                    doubt = mended.message
        return Row(number, values, doubt)

    def _infinite(self, name: str, value: float) -> NoText | None:
        return (
            None
            if self._nan_is_null
            else NoText(NOT_A_NUMBER, f"column {name!r} holds {value}, which no JSON has")
        )

    def _mended(self, name: str, value: Any) -> Any:
        """The value itself, or what has to stand in its place."""
        if isinstance(value, NoText):
            return NoText(value.code, f"column {name!r}: {value.message}", value.kept)
        if isinstance(value, str):
            replaced = _SURROGATE.sub("\ufffd", value)
            if self._replaces:
                return replaced
            message = (
                f"column {name!r} holds half of a surrogate pair, which is no character: "
                f"--surrogates replace reads it as U+FFFD"
            )
            return NoText("bad_text", message, replaced)
        if isinstance(value, dict | list):
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            for key, held in inner:
                if isinstance(held, int | bool) or held is None:
                    continue
                mended = self._mended_inside(name, held)
                if isinstance(mended, NoText):
                    return mended
                if mended is not held:
                    value = value.copy()
                    value[key] = mended
        return value

    def _mended_inside(self, name: str, held: Any) -> Any:
        if isinstance(held, str) and _SURROGATE.search(held) is None:
            return held
        if isinstance(held, float):
            return held if held - held == 0.0 else self._infinite(name, held)
        return self._mended(name, held)

    def _cursor(self) -> JsonCursor:
        self.file.rewind()
        return JsonCursor(self._counted, self.file.label, nan_is_null=self._nan_is_null, pairs=self._pairs)

    def _counted(self, size: int) -> bytes:
        chunk = self.file.read(size)
        self.file.bytes_read += len(chunk)
        return chunk

    def _found_form(self) -> Form:
        """How the file holds its rows; sets where they are."""
        if _is_lines(self.file):
            self._take_header(self._first_lines())
            return "lines"
        cursor = self._cursor()
        first = cursor.peek()
        if first == "[":
            self._take_header(item.value for item in self._cursor().items())
            return "items"
        if first != "{":
            raise SourceError(f"{self.file.label}: this is no JSON: it begins with {first!r}. {_HINT}")
        containers = list(cursor.contents())
        if not cursor.is_searched and cursor.peek():
            return "values"
        return self._form_of(containers)

    def _first_lines(self) -> Iterator[Any]:
        for _, line in numbered_lines(self.file):
            try:
                require_shallow(line)
                yield _decode(line)
            except UNREADABLE:
                return

    def _take_header(self, values: Iterator[Any]) -> None:
        """The names of the columns, where rows are arrays and the first has texts alone."""
        first = list(islice(values, 2))
        if first and isinstance(first[0], list) and first[0]:
            names = first[0]
            if (
                len(first) > 1
                and all(isinstance(one, str) and one for one in names)
                and len({*names}) == len(names)
            ):
                self._header = tuple(names)

    def _form_of(self, containers: Sequence[Container]) -> Form:
        """Where the rows of one object are: its largest array of objects, or what else can be rows."""
        objects = {one.path: one for one in containers if not one.is_array}
        arrays = [one for one in containers if one.is_array]
        keyed = self._keyed(objects, arrays)
        if keyed is not None:
            self._path = keyed.at
            return "keyed"
        of_objects = sorted((one for one in arrays if one.objects), key=lambda one: -one.objects)
        if of_objects:
            return self._largest(of_objects)
        flat: dict[tuple[str, ...], list[Container]] = {}
        for one in arrays:
            if one.scalars or one.arrays:
                flat.setdefault(one.path[:-1], []).append(one)
        of_values = [
            (parent, ones)
            for parent, ones in flat.items()
            if any(one.scalars for one in ones)
            and (len(ones) > 1 or not objects[parent].scalars or ones[0].path[-1] in PROMPT_NAMES)
        ]
        if of_values:
            of_values.sort(key=lambda found: -max(one.scalars + one.arrays for one in found[1]))
            parent, ones = of_values[0]
            self._path, self._names = ".".join(parent), tuple(one.path[-1] for one in ones)
            if len(of_values) > 1:
                others = list_columns([".".join(other) or "$" for other, _ in of_values[1:]], 3)
                self._doubt_path(f"the arrays of {self._path or '$'}; there are also those of {others}")
            return "columns"
        root = objects[()]
        if not root.scalars and not root.arrays:
            raise SourceError(f"{self.file.label}: there is no array of objects in it. {_HINT}")
        return "one"

    def _largest(self, found: Sequence[Container]) -> Form:
        self._path = found[0].at
        if len(found) > 1:
            others = ", ".join(f"{one.at} ({one.objects:,})" for one in found[1:4])
            self._doubt_path(f"{self._path} ({found[0].objects:,} objects); there is also {others}")
        return "items"

    def _doubt_path(self, said: str) -> None:
        message = f"the rows are taken from {said}. If not, say --at PATH"
        self._doubts.append(Doubt("guessed_path", message, is_guess=True))

    def _keyed(
        self, objects: dict[tuple[str, ...], Container], arrays: Sequence[Container]
    ) -> Container | None:
        """An object whose items are all objects of one form, which are rows under their keys; None where there is none."""
        for path, one in sorted(objects.items(), key=lambda pair: len(pair[0])):
            if one.objects < 2 or one.scalars or one.arrays:
                continue
            others = [array for array in arrays if array.objects and array.path[: len(path)] == path]
            names = Counter(array.path[len(path) + 1 :] for array in others)
            if others and max(names.values()) < 2:
                continue
            if self._are_alike(".".join(path)):
                return one
        return None

    def _are_alike(self, at: str) -> bool:
        """True where the first items of an object share at least half of their keys."""
        items = islice(self._cursor().items_at(at), _SHAPES_LOOKED_AT)
        keys = [set(item.value) for item in items if isinstance(item.value, dict)]
        if len(keys) < 2:
            return False
        common = Counter(name for one in keys for name in one)
        return sum(count * 2 > len(keys) for count in common.values()) * 2 >= len(common)

    def _form_at(self, at: str) -> Form:
        """What is at a path that was said."""
        self._path = at
        cursor = self._cursor()
        # The containers of the whole file are looked through: keys may have dots in them.
        if cursor.peek() == "[":
            if at:
                raise ConfigError(
                    f"{self.file.label}: --at {at} is not there: the file is an array. Leave it out."
                )
            self._take_header(item.value for item in self._cursor().items())
            return "items"
        containers = list(cursor.contents(searched=1 << 62))
        here = next((one for one in containers if one.at == at), None)
        if here is None:
            near = ", ".join(one.at for one in containers if one.is_array and one.at)
            there = f" Arrays: {near}." if near else ""
            raise ConfigError(
                f"{self.file.label}: --at {at or '$'} is not there, or holds no array of rows.{there}"
            )
        if here.is_array:
            self._take_header(item.value for item in self._cursor().items_at(at))
            return "items"
        names = tuple(
            one.path[-1] for one in containers if one.is_array and one.path[:-1] == here.path and one.path
        )
        if names:
            self._names = names
            return "columns"
        if here.objects > 1 and not here.scalars and self._are_alike(at):
            return "keyed"
        if here.scalars:
            return "one"
        raise ConfigError(f"{self.file.label}: --at {at or '$'} is not there, or holds no array of rows.")

    def _note_repeated(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object of the first rows; a key that it has twice is noted."""
        values = dict(pairs)
        if len(values) < len(pairs) and not self._repeated:
            names = [name for name, _ in pairs]
            self._repeated = next(name for name in names if names.count(name) > 1)
        return values


class _SharedHandle:
    """Reads a shared handle from a place of its own."""

    def __init__(self, file: SourceFile) -> None:
        self._handle: BinaryIO = file.handle
        file.rewind()
        self._at = self._handle.tell()

    def read(self, size: int) -> bytes:
        self._handle.seek(self._at)
        chunk = self._handle.read(size)
        self._at += len(chunk)
        return chunk


def _without_brackets(at: str) -> str:
    """A path without what other tools write round it: `$.data.items[*]` is `data.items`."""
    return re.sub(r"\[\*?\]", "", at).removeprefix("$").strip(".")


def _is_lines(file: SourceFile) -> bool:
    """True where each line is a value by itself: the first is, and the file goes on after it."""
    file.rewind()
    lines = file.read(_HEAD_BYTES).split(b"\n")
    lines = [line.strip(b" \t\r\x1e") for line in lines]
    lines = [line for line in lines if line and not line.startswith(_COMMENTS)]
    if not lines:
        return True
    first = lines[0].rstrip(b",")
    try:
        decoder().decode(first.decode("utf-8", "replace"))
    except UNREADABLE:
        is_inside = first in (b"[", b"{") or first.startswith(b"[")
        return file.label.lower().endswith((".jsonl", ".ndjson")) and not is_inside
    return len(lines) > 1 or file.label.lower().endswith((".jsonl", ".ndjson"))
