"""Lines of an open results file by their places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from operator import add
from typing import NamedTuple


class LinePlaces(NamedTuple):
    """Where some lines begin in a file, and how many bytes each has."""

    offsets: Sequence[int]
    lengths: Sequence[int]


def read_places(descriptor: int, places: LinePlaces) -> list[bytes]:
    """The lines at some places of a file; those that lie beside one another are read at once."""
    offsets, lengths = places
    low, high = offsets[0], offsets[-1] + lengths[-1]
    if high - low > 2 * sum(lengths) or [*offsets] != sorted(offsets):
        return [os.pread(descriptor, length, offset) for offset, length in zip(*places, strict=True)]
    data = os.pread(descriptor, high - low, low)
    if high - low == sum(lengths) + len(lengths) - 1:
        lines = data.split(b"\n")
        if [*map(len, lines)] == [*lengths]:
            return lines
    begins = [offset - low for offset in offsets]
    return [*map(data.__getitem__, map(slice, begins, map(add, begins, lengths)))]
