"""Params with templates in their strings, made ready: constant JSON with holes, and what fills each hole from a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from claude_batch_tui.sources.media import MediaKind, media_source
from claude_batch_tui.sources.template import Fill, PlainFill, is_constant

Values = Mapping[str, Any]
Hole = Callable[[Values], bytes]
"""Makes the JSON that belongs in one place. Raises RowRefusedError or TemplateFailedError."""
Piece = bytes | Hole

_encode = msgspec.json.Encoder().encode
_SPOKEN = frozenset({"content", "text"})
"""Keys whose string is what is said to the model; an empty one is refused by the API."""
_MEDIA: dict[str, MediaKind] = {"image": "image", "document": "document"}


class RowRefusedError(Exception):
    """A row that no request can be made from; `code` is a problem's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ParamsTemplate:
    """A JSON text with holes."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        form, self._holes = [], []
        for piece in pieces:
            if isinstance(piece, bytes):
                form.append(piece.replace(b"%", b"%%"))
            else:
                form.append(b"%b")
                self._holes.append(piece)
        self._form = b"".join(form)
        self._spoken = [hole for hole in self._holes[1:] if isinstance(hole, Spoken)]
        self.takes_encoded = len(self._spoken) == len(self._holes) - 1 and all(
            hole.takes_encoded for hole in self._spoken
        )
        """True where rows of texts that are JSON already can be filled in; see `fill_encoded`."""

    def fill(self, first: bytes, values: Values) -> bytes:
        """The text with `first` in its first hole and what the row gives in the others."""
        return self._form % (first, *[hole(values) for hole in self._holes[1:]])

    def fill_encoded(self, first: bytes, encoded: Mapping[str, bytes], values: Values) -> bytes:
        """The same where all values are texts and known as JSON too, so that none is encoded twice."""
        return self._form % (first, *[hole.of_encoded(encoded, values) for hole in self._spoken])


class Spoken:
    """A text for the model as JSON; an empty one refuses the row with the sentence `what`."""

    def __init__(self, fill: Fill, what: str = "the user message is empty") -> None:
        self._fill = fill
        self._what = what
        self._columns: tuple[str, ...] = ()
        self._form = b""
        self._is_never_blank = False
        self.takes_encoded = isinstance(fill, PlainFill)
        if isinstance(fill, PlainFill):
            texts = [_encode(text)[1:-1].replace(b"%", b"%%") for text in fill.texts]
            self._columns, self._form = fill.columns, b'"' + b"%b".join(texts) + b'"'
            self._is_never_blank = any(text.strip() for text in fill.texts)

    def __call__(self, values: Values) -> bytes:
        """The text of a row."""
        text = self._fill(values)
        if not text or text.isspace():
            raise RowRefusedError("empty_prompt", self._what)
        return _encode(text)

    def of_encoded(self, encoded: Mapping[str, bytes], values: Values) -> bytes:
        """The text of a row whose values are JSON texts too: what is escaped in parts is escaped as a whole."""
        if not self._is_never_blank and all(
            not text or text.isspace() for text in map(values.get, self._columns)
        ):
            raise RowRefusedError("empty_prompt", self._what)
        return self._form % tuple([encoded[column][1:-1] for column in self._columns])


def pieces_of(
    value: Any, compiled: Callable[[str, str], Fill], folder: str, where: str = "params"
) -> list[Piece]:
    """A JSON value whose strings may be templates, and whose media sources may be files (`"type": "path"`).

    `compiled` makes a template ready, given its text and the place `where` it stands; `folder` is what relative
    paths of files start from.
    """
    if isinstance(value, str):
        if is_constant(value):
            return [_encode(value)]
        fill = compiled(value, where)
        if where.rpartition(".")[2] in _SPOKEN:
            return [Spoken(fill, f"{where} is empty in this row")]
        return [lambda values: _encode(fill(values))]
    if isinstance(value, Mapping):
        source = value.get("source")
        kind = _MEDIA.get(str(value.get("type")))
        media = kind and isinstance(source, Mapping) and source.get("type") == "path"
        members: list[list[Piece]] = []
        for key, held in value.items():
            if media and kind and key == "source":
                path = compiled(str(held.get("path", "")), f"{where}.source.path")
                pieces: list[Piece] = [media_hole(path, kind, folder)]
            else:
                pieces = pieces_of(held, compiled, folder, f"{where}.{key}")
            members.append([_encode(key) + b":", *pieces])
        return joined(b"{", members, b"}")
    if isinstance(value, list):
        items = [pieces_of(item, compiled, folder, f"{where}[{at}]") for at, item in enumerate(value)]
        return joined(b"[", items, b"]")
    return [_encode(value)]


def media_hole(path: Fill, kind: MediaKind, folder: str) -> Hole:
    """The `source` of an image or a document that a column or template names."""

    def hole(values: Values) -> bytes:
        try:
            return _encode(media_source(path(values), kind, folder))
        except ValueError as error:
            raise RowRefusedError("missing_file", str(error)) from error

    return hole


def joined(start: bytes, members: Sequence[Sequence[Piece]], end: bytes) -> list[Piece]:
    """Members between brackets, commas between them."""
    pieces: list[Piece] = [start]
    for place, member in enumerate(members):
        if place:
            pieces.append(b",")
        pieces += member
    pieces.append(end)
    return pieces
