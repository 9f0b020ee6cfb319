"""What every source of rows gives: its columns, and its rows one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import msgspec

_SPACE, _BACKSLASH, _DELETE = b" \\\x7f"
_encode = msgspec.json.Encoder().encode
_decode_row = msgspec.json.Decoder(dict[str, str]).decode
_decode_texts = msgspec.json.Decoder(list[str]).decode


class Origin(Protocol):
    """Where rows come from. `label` names it in sentences; `size` and `bytes_read` tell how far reading is."""

    label: str
    size: int
    bytes_read: int

    def sha256(self) -> str:
        """The hash of all of it, in hex."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row as read. `line` is the 1-based line on which it starts; the number of the row where there are no lines."""

    line: int
    values: dict[str, Any]


class JsonRow(msgspec.Struct, frozen=True, gc=False):
    """A row of texts that are JSON already: what stands between the quotes of each, and all as an object."""

    line: int
    texts: list[bytes]
    json: bytes

    @property
    def values(self) -> dict[str, Any]:
        """The texts themselves, by column; made anew each time."""
        return _decode_row(self.json)


class JsonRows:
    """Makes rows of the same columns, of which there is one at least."""

    def __init__(self, columns: Sequence[str]) -> None:
        keys = [b'","' + _encode(column)[1:] + b':"' for column in columns]
        self._json = [b""] * (2 * len(keys)) + [b'"}']
        """The keys and, at odd places, the texts of the row made last."""
        self._json[:-1:2] = [b"{" + keys[0][2:], *keys[1:]]

    def row(self, line: int, texts: list[bytes]) -> JsonRow:
        """The row that starts on `line`, whose texts are as many as the columns."""
        self._json[1::2] = texts
        return JsonRow(line, texts, b"".join(self._json))


AnyRow = Row | JsonRow


def texts_of_json(texts: Sequence[bytes]) -> list[str]:
    """Texts given as what stands between the quotes of JSON strings."""
    return _decode_texts(b'["%b"]' % b'","'.join(texts))


def is_blank_json(text: bytes) -> bool:
    """True where a text is blank, given like those."""
    if not text:
        return True
    if _SPACE < text[0] < _DELETE and text[0] != _BACKSLASH:
        return False
    return texts_of_json([text])[0].isspace()


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot become a request; `code` and `message` are a problem's. `values` is what was read of it."""

    line: int
    code: str
    message: str
    values: dict[str, Any] = {}
    custom_id: str | None = None


class RowSource(Protocol):
    """Something of the user's as rows. Reading streams: memory is flat in its size."""

    @property
    def file(self) -> Origin:
        """Where the rows come from."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""

    def rows(self) -> Iterator[AnyRow | BadRow]:
        """All rows from the first; every call starts anew. Raises SourceError where reading cannot go on."""
