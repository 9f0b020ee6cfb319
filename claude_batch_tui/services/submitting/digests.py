"""Digests of what was sent, request by request: equal for requests that ask the same, whatever file, order, blanks and
custom_id they came in.

Beside each body of the spool is a file of them, made again from the body where it is missing or damaged.
"""

from __future__ import annotations

import contextlib
import mmap
import zlib
from array import array
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.domain.requests.limits import BODY_HEAD
from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.files import written_whole

# numpy (60 to 90 ms) is imported when requests are frozen or compared: what only reads places does without it.
if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_BYTES_A_REQUEST = 8 + 8 + 4 + 4
_EXACT = 2**53
"""Below it every whole number is the same as an integer and as a fraction."""


class _Request(msgspec.Struct):
    custom_id: str
    params: Any


class _Body(msgspec.Struct):
    requests: list[msgspec.Raw]


class SentDigests(msgspec.Struct, frozen=True):
    """What the requests of one body are known by, in the order of `digests`.

    `ids` are digests of their custom_ids; `offsets` and `lengths` say where they stand in the body.
    """

    digests: npt.NDArray[np.uint64]
    ids: npt.NDArray[np.uint64]
    offsets: npt.NDArray[np.uint32]
    lengths: npt.NDArray[np.uint32]


def _number(text: str) -> float | str:
    """A number with a point or an exponent: 1.0 is the integer 1, and what no float can hold stays as it is written."""
    value = float(text)
    if value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value if abs(value) < float("inf") else text


_decode = msgspec.json.Decoder(_Request, float_hook=_number).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(line: bytes) -> tuple[str, bytes] | None:
    """The custom_id of a request, and its params with sorted keys and without blanks; None where it cannot be read."""
    try:
        request = _decode(line)
        return request.custom_id, _encode(request.params)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def id_digest(custom_id: str) -> int:
    """The number that a custom_id has in `SentDigests.ids`."""
    return int.from_bytes(_digest(custom_id.encode()), "little")


def asks_the_same(line: bytes, sent: bytes) -> bool:
    """Whether two requests of equal digests are the same but for the custom_id.

    Where what was sent no longer has its digest, the spool is damaged, and the digest is believed.
    """
    mark = b'"params"'
    if line.partition(mark)[2] == sent.partition(mark)[2] != b"":
        return True
    ours, theirs = canonical(line), canonical(sent)
    if ours is None or theirs is None or ours[1] == theirs[1]:
        return True
    return _digest(ours[1]) != _digest(theirs[1])


class DigestsWriter:
    """Takes the requests of one body, and writes the file of their digests."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._ids = bytearray()
        self._offsets = array("I")
        self._lengths = array("I")

    def add(self, line: bytes, offset: int) -> None:
        """Take a request that stands at `offset`; one that cannot be read is equal to none but itself."""
        custom_id, params = canonical(line) or ("", line)
        self._digests += _digest(params)
        self._ids += _digest(custom_id.encode())
        self._offsets.append(offset)
        self._lengths.append(len(line))

    def known(self) -> SentDigests:
        """All that were taken."""
        import numpy as np

        digests = np.frombuffer(bytes(self._digests), "<u8")
        order = np.argsort(digests, kind="stable")
        return SentDigests(
            digests[order],
            np.frombuffer(bytes(self._ids), "<u8")[order],
            np.array(self._offsets, "<u4")[order],
            np.array(self._lengths, "<u4")[order],
        )

    def write(self, body: Path) -> None:
        """Write the file that belongs to that body. Raises StoreError where the disk refuses."""
        known = self.known()
        columns = b"".join(
            each.tobytes() for each in (known.digests, known.ids, known.offsets, known.lengths)
        )
        with written_whole(digests_path(body)) as file:
            file.write(columns)
            file.write(zlib.crc32(columns).to_bytes(4, "little"))


def digests_path(body: Path) -> Path:
    """Where the digests of a spooled body are.

    A column after the other, least byte first: the digests of 8 bytes, sorted; those of the custom_ids, of 8 bytes;
    offsets and lengths, of 4 bytes; then the CRC-32 of all that.
    """
    return body.with_name(body.name.replace(".body.json", ".digests"))


def read(body: Path, requests: int) -> SentDigests | None:
    """What the so many requests of a body are known by, from their file, or made again from the body.

    None where both are lost. Blocks.
    """
    return _stored(digests_path(body), requests) or _made_again(body)


def _stored(path: Path, requests: int) -> SentDigests | None:
    """The file's columns, or None where it is missing or damaged."""
    import numpy as np

    try:
        content = path.read_bytes()
    except OSError:
        return None
    size = requests * _BYTES_A_REQUEST
    if len(content) != size + 4 or zlib.crc32(memoryview(content)[:size]) != int.from_bytes(
        content[size:], "little"
    ):
        return None
    return SentDigests(
        np.frombuffer(content, "<u8", requests),
        np.frombuffer(content, "<u8", requests, 8 * requests),
        np.frombuffer(content, "<u4", requests, 16 * requests),
        np.frombuffer(content, "<u4", requests, 20 * requests),
    )


def _made_again(body: Path) -> SentDigests | None:
    """Those of all requests in a body, written beside it where the disk takes them; None where it is lost or damaged."""
    writer = DigestsWriter()
    try:
        for line, offset in _requests_of(body):
            writer.add(line, offset)
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return None
    with contextlib.suppress(StoreError):
        writer.write(body)
    return writer.known()


def _requests_of(body: Path) -> Iterator[tuple[bytes, int]]:
    """Every request of a body, and where it stands."""
    offset = len(BODY_HEAD)
    # The elements are views of the file, which is not read into memory, and is closed with the last of them.
    with body.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for element in msgspec.json.decode(content, type=_Body).requests:
        line = bytes(element)
        yield line, offset
        offset += len(line) + 1


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()
