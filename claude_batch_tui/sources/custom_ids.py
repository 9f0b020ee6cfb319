"""The custom_id of every request: from a column or a template, or from the position of the row.

A given id that is legal stays as it is. Any other is cleaned: what is not allowed becomes `_`, and the
first digits of the hash of the original follow, so that two ids that clean alike stay apart whatever their order,
and a rebuild gives the same. The rows file keeps the original, which is the way back.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Callable
from typing import Any

import msgspec

from claude_batch_tui.domain.requests.limits import CUSTOM_ID
from claude_batch_tui.domain.requests.param_rules import shown
from claude_batch_tui.sources.rows import RowRefusedError

_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]+")
_MAX_LENGTH = 64
_HASH_DIGITS = 8
TAG_LENGTH = 5
PREVIEW_TAG = "·" * TAG_LENGTH
"""Stands for the tag in a preview, which does not hash the whole source."""


class AssignedId(msgspec.Struct, frozen=True, gc=False):
    """What the API will see, and the user's own id."""

    custom_id: str
    id: str


def clean_id(raw: str, digits: int = _HASH_DIGITS) -> str:
    """`raw` where it is a legal custom_id, else a legal one made from it with `digits` of its hash."""
    if CUSTOM_ID.fullmatch(raw):
        return raw
    digest = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    stem = _ILLEGAL.sub("_", raw).strip("_")[: _MAX_LENGTH - 1 - digits]
    return f"{stem or 'id'}-{digest}"


class GivenIds:
    """Ids that the rows give. Remembers every id given, and the line it came from."""

    def __init__(self, origin: str, prefix: str = "") -> None:
        """`origin` names in sentences where the ids come from; `prefix` goes before every custom_id."""
        self.origin = origin
        self._prefix = prefix
        self._lines: dict[str, int] = {}
        self._originals: dict[str, str] = {}

    def assign(self, raw: str, line: int) -> AssignedId:
        """The id of the row on `line`. Raises RowRefusedError for an empty or repeated one."""
        if not raw or raw.isspace():
            raise RowRefusedError("empty_id", f"{self.origin} is empty in this row")
        wanted = self._prefix + raw
        custom_id = wanted if CUSTOM_ID.fullmatch(wanted) else self._clean_apart(wanted)
        first = self._lines.setdefault(custom_id, line)
        if first != line:
            raise RowRefusedError(
                "duplicate_custom_id", f"the id {shown(raw)} repeats that of line {first}", custom_id
            )
        return AssignedId(custom_id, raw)

    def _clean_apart(self, raw: str) -> str:
        """The cleaned id; longer than usual in the odd case that another id already has that form."""
        for digits in range(_HASH_DIGITS, _MAX_LENGTH - 3, 4):
            custom_id = clean_id(raw, digits)
            owner = self._originals.get(custom_id)
            if owner == raw or custom_id not in self._lines:
                break
        self._originals[custom_id] = raw
        return custom_id

    @property
    def cleaned(self) -> int:
        """How many ids had to be cleaned."""
        return len(self._originals)


class PositionIds:
    """Ids from the 1-based position of the row, with the tag of the build."""

    def __init__(self, tag: str, prefix: str = "") -> None:
        self._tag = tag
        self._prefix = prefix

    def assign(self, position: int) -> AssignedId:
        """The id of the row at `position`."""
        own = f"row-{position:06d}-{self._tag}"
        return AssignedId(clean_id(self._prefix + own) if self._prefix else own, own)


class ReadyIds:
    """The ids of ready requests made legal where they are not, with the way back."""

    def __init__(self, prefix: str = "", by_position: Callable[[], PositionIds] | None = None) -> None:
        """`by_position` makes ids for requests that have none; left out, those stay without, and numbers stay numbers."""
        self._given = GivenIds("custom_id", prefix)
        self._by_position = by_position
        self._filled = 0

    def cleaned_line(self, line: bytes, number: int) -> tuple[bytes, str | None]:
        """The request with a legal id, and its own one; as it is where nobody can read its id. Raises RowRefusedError."""
        try:
            given = _decode_id(line).custom_id
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return line, None  # the check says what is wrong with it
        if self._by_position is not None:
            given = str(given) if isinstance(given, int) else given
            if given is None or (isinstance(given, str) and not given.strip()):
                self._filled += 1
                own = self._by_position().assign(number)
                return _with_id(line, own.custom_id), own.id
        if not isinstance(given, str):
            return line, None
        assigned = self._given.assign(given, number)
        if assigned.custom_id == _decode_id(line).custom_id:
            return line, given
        return _with_id(line, assigned.custom_id), assigned.id

    @property
    def cleaned(self) -> int:
        """How many ids had to be made legal, or made."""
        return self._given.cleaned + self._filled


class _Identified(msgspec.Struct):
    custom_id: Any = None


_decode_id = msgspec.json.Decoder(_Identified).decode


def _with_id(line: bytes, custom_id: str) -> bytes:
    try:
        return msgspec.json.encode(
            {"custom_id": custom_id} | msgspec.json.decode(line) | {"custom_id": custom_id}
        )
    except msgspec.DecodeError:
        return line  # the check says what is wrong with it


def build_tag(source_sha256: str, recipe: bytes) -> str:
    """Five characters that stand for this source and this recipe: 25 bits, so a foreign batch has others."""
    digest = hashlib.sha256(source_sha256.encode() + b"\n" + recipe).digest()
    return b32encode(digest).decode().lower()[:TAG_LENGTH]
