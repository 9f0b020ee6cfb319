"""The items of a JSON file one by one, each decoded by itself, so that one bad item is one bad row.

A JSON parser ends at the first byte it dislikes (an integer of twenty digits in yajl), and all rows after it are lost.
Python's scanner reads a value from a place in a text; where it fails, brackets tell where the value ends.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from claude_batch_tui.errors import SourceError
from claude_batch_tui.nesting import TooDeepError, require_shallow
from claude_batch_tui.sources.rows import NoText

_NOT_SPACE = re.compile(r"[^ \t\r\n\x1e]")
_BEHIND = re.compile(r"[ \t\r\n]*([,\]}])")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*+"\s*:', re.DOTALL)
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\],]', re.DOTALL)
_CHUNK_BYTES = 1 << 18
_LONGEST_ITEM = 256_000_000
_DEEPEST = 4
"""Levels that are searched for rows where nobody says where they are."""
_SHOWN = 60
_SEARCHED_BYTES = 16 << 20

Read = Callable[[int], bytes]
Pairs = Callable[[list[tuple[str, Any]]], dict[str, Any]]
NOT_A_NUMBER = "not_a_number"
"""The code of a value like NaN, which JSON does not have."""


class Broken(NamedTuple):
    """What stands in the place of a value that is no JSON: its text, and what is wrong with it."""

    text: str
    reason: str


class Item(NamedTuple):
    """One item: its value, or what is broken of it. `key` is that of an item of an object."""

    value: Any
    key: str = ""


class Container(NamedTuple):
    """An array or an object in a file: the keys that lead to it, and how many items of each kind it has."""

    path: tuple[str, ...]
    is_array: bool
    objects: int = 0
    arrays: int = 0
    scalars: int = 0

    @property
    def at(self) -> str:
        """Its path as `--at` says it."""
        return ".".join(self.path)

    def with_item(self, first: str) -> Container:
        """The same with one more item, which begins with that character."""
        if first == "{":
            return self._replace(objects=self.objects + 1)
        if first == "[":
            return self._replace(arrays=self.arrays + 1)
        return self._replace(scalars=self.scalars + 1)


def decoder(*, nan_is_null: bool = False, pairs: Pairs | None = None) -> json.JSONDecoder:
    """Python's decoder, in which NaN and Infinity are null or no text; `pairs` makes an object of its keys and values."""

    def constant(name: str) -> NoText | None:
        if nan_is_null:
            return None
        return NoText(NOT_A_NUMBER, f"{name} is no JSON: --nan null reads it as null", name)

    return json.JSONDecoder(parse_constant=constant, object_pairs_hook=pairs)


def broken(text: str, error: Exception | None = None) -> Broken:
    """What is wrong with a text that is no JSON, by Python's decoder."""
    if error is None:
        try:
            json.loads(text)
        except (ValueError, RecursionError) as found:
            error = found
    if isinstance(error, json.JSONDecodeError):
        beside = text[max(error.pos - 12, 0) : error.pos + 12].replace("\n", " ")
        return Broken(text, f"{error.msg}, near {beside!r}")
    return Broken(text, str(TooDeepError()) if isinstance(error, RecursionError) else str(error))


class JsonCursor:
    """A place in a JSON file, read in pieces by `read`. Raises SourceError where the file breaks off."""

    def __init__(
        self, read: Read, label: str, *, nan_is_null: bool = False, pairs: Pairs | None = None
    ) -> None:
        self._read = read
        self._label = label
        # Reads a value at a place, and says where it ends; `raw_decode` is that with an error of its own.
        self._scan = decoder(nan_is_null=nan_is_null, pairs=pairs).raw_decode
        # What is no UTF-8 becomes half of a surrogate pair, which is found in the one row that has it.
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._buffer = ""
        self._at = 0
        self._read_bytes = 0
        self.is_searched = False
        """True where a search for rows ended before the file did: what is largest by then is large."""

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while (found := _NOT_SPACE.search(self._buffer, self._at)) is None:
            self._at = len(self._buffer)
            if not self._grow():
                return ""
        self._at = found.start()
        return found[0]

    def items_at(self, at: str) -> Iterator[Item]:
        """The items of the array or object at a path; none where it is not there."""
        if self._goes_to(at, ()):
            yield from self.items()

    def values(self) -> Iterator[Item]:
        """The objects and arrays of a file in which they follow each other."""
        while first := self.peek():
            if first in "{[":
                yield Item(self._value(has_end=False))
            elif first == ",":
                self._at += 1
            else:
                raise self._broken(f"{first!r} stands between its objects")

    def items(self) -> Iterator[Item]:
        """The items of the array or object that begins here."""
        is_array = self._opened()
        while not self._closed(is_array=is_array):
            key = ""
            if not is_array:
                key = self._key()
                self.peek()
            yield Item(self._value(), key)

    def contents(self, path: tuple[str, ...] = (), *, searched: int = _SEARCHED_BYTES) -> Iterator[Container]:
        """The container that begins here and those in it that do not lie inside of arrays, inner ones first.

        Ends after so many bytes; then counts are of what was read.
        """
        is_array = self._opened()
        found = Container(path, is_array)
        while not self.is_searched and not self._closed(is_array=is_array):
            key = "" if is_array else self._key()
            first = self.peek()
            found = found.with_item(first)
            self.is_searched = self._read_bytes > searched
            if first and first in "{[" and not is_array and len(path) < _DEEPEST:
                yield from self.contents((*path, key), searched=searched)
            else:
                self._value()
        yield found

    def _goes_to(self, at: str, path: tuple[str, ...]) -> bool:
        """Go to the container at a path, from one that may hold it, which is read to its end where it does not."""
        first = self.peek()
        if ".".join(path) == at:
            return first in ("{", "[")
        if first != "{":
            self._value()
            return False
        self._opened()
        while not self._closed(is_array=False):
            below = (*path, self._key())
            joined = ".".join(below)
            self.peek()
            if at != joined and not at.startswith(f"{joined}."):
                self._value()
            elif self._goes_to(at, below):
                return True
        return False

    def _opened(self) -> bool:
        """Step into the container that begins here; True where it is an array."""
        first = self.peek()
        self._at += 1
        return first == "["

    def _closed(self, *, is_array: bool) -> bool:
        """Step over commas; True where the container ends here, and then out of it."""
        while (first := self.peek()) == ",":
            self._at += 1
        if not first:
            raise self._broken("it ends within brackets")
        if first not in "]}":
            return False
        if (first == "]") != is_array:
            raise self._broken("a bracket closes what none opened")
        self._at += 1
        return True

    def _key(self) -> str:
        while (found := _KEY.match(self._buffer, self._at)) is None:
            if not self._grow():
                raise self._broken("a key is missing in an object")
        self._at = found.end()
        try:
            return str(json.loads(found[0][:-1]))
        except ValueError as error:
            raise self._broken(f"the key {found[0][:_SHOWN]!r} is no text") from error

    def _value(self, *, has_end: bool = True) -> Any:
        """The value that begins here. `has_end` is False where nothing has to stand behind it."""
        while True:
            error: Exception | None = None
            try:
                value, end = self._scan(self._buffer, self._at)
            except (ValueError, RecursionError) as found:
                error = found
            else:
                start = self._at
                if not has_end:
                    self._at = end
                    return self._shallow(value, start, end)
                if behind := _BEHIND.match(self._buffer, end):
                    self._at = behind.end() if behind[1] == "," else behind.start(1)
                    return self._shallow(value, start, end)
            place = self._end(has_end=has_end)
            if place is not None:
                text, self._at = self._buffer[self._at : place].strip(), place
                return broken(text, error if not isinstance(error, json.JSONDecodeError) else None)
            if not self._grow():
                raise self._broken("it ends within brackets")

    def _shallow(self, value: Any, start: int, end: int) -> Any:
        """The value, or what is wrong with it where it nests too deep."""
        if type(value) not in {dict, list}:
            return value
        text = self._buffer[start:end]
        try:
            require_shallow(text)
        except TooDeepError as error:
            return Broken(text, str(error))
        return value

    def _end(self, *, has_end: bool) -> int | None:
        """Where the value ends that begins here; None where that is not read yet."""
        depth = 0
        for found in _TOKEN.finditer(self._buffer, self._at):
            first = found[0][0]
            if first == '"':
                if not found[1]:
                    return None
            elif first in "{[":
                depth += 1
            elif has_end and depth == 0:
                return found.start()
            elif first != ",":
                depth -= 1
                if not has_end and depth == 0:
                    return found.end()
        return None

    def _grow(self) -> bool:
        """Read on; False at the end of the file."""
        rest = self._buffer[self._at :]
        if len(rest) > _LONGEST_ITEM:
            raise self._broken("one item is longer than a whole batch may be")
        chunk = self._read(max(_CHUNK_BYTES, len(rest)))
        self._read_bytes += len(chunk)
        self._buffer, self._at = rest + self._decode(chunk, not chunk), 0
        return bool(chunk)

    def _broken(self, how: str) -> SourceError:
        return SourceError(f"{self._label}: the JSON breaks off or is damaged: {how}. Fix the file.")
