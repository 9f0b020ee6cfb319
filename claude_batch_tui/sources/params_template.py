"""Params with templates in their strings, made ready: constant JSON with holes, and what fills each hole from a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from claude_batch_tui.sources.media import MediaKind, media_source
from claude_batch_tui.sources.rows import is_blank_json
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
        self._pieces = pieces
        self._spoken = [hole for hole in self._holes[1:] if isinstance(hole, Spoken)]
        self.takes_encoded = len(self._spoken) == len(self._holes) - 1 and all(
            hole.takes_encoded for hole in self._spoken
        )
        """True where a row's texts can be filled in as JSON; see `for_encoded`."""

    def fill(self, first: bytes, values: Values) -> bytes:
        """The text with `first` in its first hole and what the row gives in the others."""
        return self._form % (first, *[hole(values) for hole in self._holes[1:]])

    def for_encoded(self, columns: Sequence[str]) -> EncodedFill:
        """The same for rows of those columns whose values are all texts and known as JSON."""
        return EncodedFill(self._pieces, self._spoken, columns)


class EncodedFill:
    """Fills rows whose values are JSON texts already, so that none is encoded twice."""

    def __init__(self, pieces: Sequence[Piece], spoken: Sequence[Spoken], columns: Sequence[str]) -> None:
        places = {column: place for place, column in enumerate(columns)}
        texts, held, first_is_open = [b""], list[int](), True
        for piece in pieces:
            if isinstance(piece, bytes):
                texts[-1] += piece
            elif isinstance(piece, Spoken):
                begun, *others = piece.json_texts
                texts[-1] += b'"' + begun
                texts += others
                texts[-1] += b'"'
                held += [places[column] for column in piece.columns]
            elif first_is_open:
                texts.append(b"")
                first_is_open = False
        self._texts: list[bytes] = [b""] * (2 * len(texts) - 1)
        self._texts[::2] = texts
        self._held: Callable[[Sequence[bytes]], Sequence[bytes]]
        # `itemgetter` is faster than a loop, but gives no tuple for a single place.
        self._held = itemgetter(*held) if len(held) > 1 else lambda texts: [texts[place] for place in held]
        self._may_be_blank = [
            (hole.what, [places[column] for column in hole.columns]) for hole in spoken if hole.may_be_blank
        ]

    def __call__(self, first: bytes, encoded: Sequence[bytes]) -> bytes:
        """`encoded` are what stands between the quotes of the values as JSON, in the order of the columns.

        What is escaped in parts is escaped as a whole. Raises RowRefusedError.
        """
        for what, places in self._may_be_blank:
            if all(is_blank_json(encoded[place]) for place in places):
                raise RowRefusedError("empty_prompt", what)
        texts = self._texts
        texts[1] = first
        texts[3::2] = self._held(encoded)
        return b"".join(texts)


class Spoken:
    """A text for the model as JSON; an empty one refuses the row with the sentence `what`."""

    def __init__(self, fill: Fill, what: str = "the user message is empty") -> None:
        self._fill = fill
        self.what = what
        self.columns: tuple[str, ...] = ()
        self.json_texts: list[bytes] = []
        """What stands before, between and after the columns, escaped for JSON."""
        self.may_be_blank = True
        self.takes_encoded = isinstance(fill, PlainFill)
        if isinstance(fill, PlainFill):
            self.columns = fill.columns
            self.json_texts = [_encode(text)[1:-1] for text in fill.texts]
            self.may_be_blank = not any(text.strip() for text in fill.texts)

    def __call__(self, values: Values) -> bytes:
        """The text of a row."""
        text = self._fill(values)
        if not text or text.isspace():
            raise RowRefusedError("empty_prompt", self.what)
        return _encode(text)


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
