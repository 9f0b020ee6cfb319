"""Results as JSON lines: the API's own bytes, unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO


def write(lines: Iterable[bytes], out: BinaryIO) -> int:
    """Write the lines as they are, each with a newline; how many there were."""
    count = 0
    for line in lines:
        out.write(line.rstrip(b"\r\n") + b"\n")
        count += 1
    return count
