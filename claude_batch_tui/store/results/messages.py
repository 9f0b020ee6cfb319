"""What processes that share a work tell one another by pipes: messages, each with its size before it."""

from __future__ import annotations

from typing import Any, BinaryIO, Final, TypeVar

import msgspec

_SIZE_BYTES: Final = 8
"""Before each message stands how many bytes it has."""
_T = TypeVar("_T")


def read_message(pipe: BinaryIO, kind: type[_T]) -> _T:
    """The next message, after its size. Raises OSError or MsgspecError where it is not whole, and
    OverflowError or MemoryError where something else was written.
    """
    size = int.from_bytes(pipe.read(_SIZE_BYTES), "little")
    return msgspec.msgpack.decode(pipe.read(size), type=kind)


def tell_message(pipe: BinaryIO, message: Any) -> None:
    """Write a message with its size before it. Raises OSError where nobody listens."""
    data = msgspec.msgpack.encode(message)
    pipe.write(len(data).to_bytes(_SIZE_BYTES, "little"))
    pipe.write(data)
    pipe.flush()
