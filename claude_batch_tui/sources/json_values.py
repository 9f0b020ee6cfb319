"""JSON values of a file as the bytes they are: the items of an array, those of a list in an object, or values that stand one
behind the other, as `jq .` prints them. No value is decoded, and one at a time is in memory.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from claude_batch_tui.errors import SourceError
from claude_batch_tui.nesting import UNREADABLE, require_shallow
from claude_batch_tui.sources.jsonl import NumberedLine, numbered_lines
from claude_batch_tui.sources.source_file import SourceFile

JsonForm = Literal["lines", "array", "body", "values"]
FORMS: dict[JsonForm, str] = {
    "lines": "JSON Lines",
    "array": "a JSON array",
    "body": "the body of a create, with its `requests`",
    "values": "JSON values one behind the other",
}

_READ_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16
_LONGEST_LINE = 33_000_000
"""More than one request may have; a longer first line is no line of JSON Lines."""
_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\]]', re.DOTALL)
"""A whole string, a bracket, or the quote of a string that goes on in the next piece."""
_REQUESTS_KEY = re.compile(rb'"requests"\s*:\s*\Z')
_DEPTHS: dict[JsonForm, int] = {"values": 0, "array": 1, "body": 2}
_LIST_FOLLOWS = re.compile(rb"\s*:\s*\[")
_OUTSIDE_BYTES = 1 << 16
_BETWEEN = b" \t\r\n,\x1e"
_decode = msgspec.json.Decoder().decode
_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode


def form_of(file: SourceFile) -> JsonForm:
    """In which form JSON stands in a file; lines where nothing else is plain, so that each can be said to be wrong."""
    file.handle.seek(0)
    head = file.read(_HEAD_BYTES).removeprefix(_BOM).lstrip()
    if head[:1] not in {b"{", b"["}:
        return "lines"
    if head[:1] == b"[" and b"\n" not in head:
        return "array"
    if head[:1] == b"{" and begins_a_body(head):
        return "body"
    first, second = _first_lines(file)
    try:
        _decode_raw(first)
    except msgspec.DecodeError as error:
        if head[:1] == b"[":
            return "array"
        goes_on = "truncated" in str(error) or "trailing" in str(error)
        return "values" if goes_on and not _is_object(second) else "lines"
    except RecursionError:
        return "lines"
    return "array" if head[:1] == b"[" and not second else "lines"


class JsonValues:
    """The values of one file, each on a line of its own, with the line it begins on: objects, arrays and texts.
    Anything else is given as it stands. `outside` is what a body says besides its requests,
    once all were read.
    """

    def __init__(self, file: SourceFile, form: JsonForm) -> None:
        self._file = file
        self._form: JsonForm = form
        self._target = _DEPTHS.get(form, 0)
        self.outside = b""

    def __iter__(self) -> Iterator[NumberedLine]:
        """Raises SourceError where the file breaks off."""
        return numbered_lines(self._file) if self._form == "lines" else self._values()

    def _values(self) -> Iterator[NumberedLine]:
        file = self._file
        file.handle.seek(0)
        file.bytes_read = 0
        if file.read(len(_BOM)) != _BOM:
            file.handle.seek(0)
        self.outside = b""
        self._data, self._line, self._depth = b"", 1, 0
        self._gap = 0  # where that begins which stands between values
        self._begin: int | None = None  # of the value that is being read
        self._begin_line = 1
        self._counted = 0  # up to where lines were counted
        self._is_inside = self._form != "body"
        at, at_end = 0, False
        while not at_end:
            chunk = file.read(_READ_BYTES)
            at_end = not chunk
            file.bytes_read += len(chunk)
            self._data += chunk
            for token in _TOKEN.finditer(self._data, at):
                mark, start = token[0], token.start()
                if mark == b'"':
                    break
                at = token.end()
                if mark in {b"{", b"["}:
                    yield from self._opened(start, mark)
                elif len(mark) == 1:
                    yield from self._closed(start)
                elif self._begin is None and self._depth == self._target and self._form != "body":
                    yield from self._between(start)
                    yield NumberedLine(self._line_at(start), mark)
                    self._gap = at
            at -= self._forget()
        if self._begin is not None or self._depth > 0:
            raise SourceError(
                f"{file.label}:{self._begin_line}: the JSON that begins here is not closed before the file ends. Fix the file."
            )
        if self._form == "body":
            self.outside += self._data
        else:
            yield from self._between(len(self._data))

    def _opened(self, start: int, mark: bytes) -> Iterator[NumberedLine]:
        """A bracket opens: that of a value, or that of the list of values."""
        if self._begin is None:
            if self._is_inside and self._depth == self._target:
                yield from self._between(start)
                self._begin, self._begin_line = start, self._line_at(start)
            elif self._form == "body" and self._depth == self._target - 1 and mark == b"[":
                self._is_inside = _REQUESTS_KEY.search(self._data, self._gap, start) is not None
            if self._is_inside and self._depth == self._target - 1:
                self._leave_out(start + 1)
        self._depth += 1

    def _closed(self, start: int) -> Iterator[NumberedLine]:
        """A bracket closes: that of a value, or that of the list of values."""
        self._depth -= 1
        if self._begin is not None and self._depth == self._target:
            value = _on_one_line(self._data[self._begin : start + 1])
            yield NumberedLine(self._begin_line, value)
            self._begin, self._gap = None, start + 1
        elif self._begin is None and self._is_inside and self._depth == self._target - 1:
            yield from self._between(start)
            self._leave_out(start + (self._form != "body"))
            self._is_inside = self._form != "body"

    def _leave_out(self, end: int) -> None:
        """What stands there belongs to no value."""
        if len(self.outside) < _OUTSIDE_BYTES:
            self.outside += self._data[self._gap : end]
        self._gap = end

    def _forget(self) -> int:
        """Drop what is done with, and keep its lines counted; so many bytes."""
        done = self._gap if self._begin is None else self._begin
        self._line_at(done)
        self._data, self._gap, self._counted = self._data[done:], 0, max(self._counted - done, 0)
        self._begin = None if self._begin is None else 0
        return done

    def _line_at(self, position: int) -> int:
        """The line of a position; each is asked for after those before it, so that no line end is counted twice."""
        if position > self._counted:
            self._line += self._data.count(b"\n", self._counted, position)
            self._counted = position
        return self._line

    def _between(self, end: int) -> Iterator[NumberedLine]:
        """What stands between values where white space and a comma would: it is no object, and that has to be said."""
        data, self._gap = self._data[self._gap : end], end
        if bare := data.strip(_BETWEEN):
            yield NumberedLine(self._line_at(end - len(data) + data.index(bare)), _on_one_line(bare))


def _on_one_line(value: bytes) -> bytes:
    """The value without line ends; what is no JSON keeps its words for the sentence that says so."""
    if b"\n" not in value:
        return value
    with contextlib.suppress(*UNREADABLE):
        require_shallow(value)
        return msgspec.json.format(value, indent=-1)
    return b" ".join(value.split())


def begins_a_body(head: bytes) -> bool:
    """True where the first object has a list named `requests` among the keys that its beginning shows."""
    depth = 0
    for token in _TOKEN.finditer(head):
        mark = token[0]
        if mark in {b"{", b"["}:
            depth += 1
        elif mark in {b"}", b"]"}:
            depth -= 1
            if depth == 0:
                return False
        elif depth == 1 and mark == b'"requests"' and _LIST_FOLLOWS.match(head, token.end()):
            return True
    return False


def _first_lines(file: SourceFile) -> tuple[bytes, bytes]:
    """The first two lines that are not blank, as far as lines may go."""
    file.handle.seek(0)
    found: list[bytes] = []
    while len(found) < 2 and (line := file.handle.readline(_LONGEST_LINE)):
        if bare := line.removeprefix(_BOM).strip():
            found.append(bare)
    return found[0], found[1] if len(found) > 1 else b""


def _is_object(line: bytes) -> bool:
    if line[:1] != b"{":
        return False
    with contextlib.suppress(*UNREADABLE):
        require_shallow(line)
        _decode(line)
        return True
    return False
