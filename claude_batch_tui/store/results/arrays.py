"""Columns of an index as arrays of numpy, however wide their numbers are kept.

Importing this module imports numpy (60 to 90 ms): do it late.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def values(column: Any, first: int = 0, last: int = sys.maxsize) -> NDArray[Any]:
    """The values of a column from `first` up to `last`, to be read only. Of one that grows it is a copy, since a view would
    keep it from growing.
    """
    return np.asarray(memoryview(column[first:last]))


def picked(column: Any, places: NDArray[Any]) -> NDArray[Any]:
    """The values of a column at some places."""
    if not len(places):
        return np.zeros(0, np.uint8)
    first = int(places.min())
    found: NDArray[Any] = values(column, first, int(places.max()) + 1)[places - first]
    return found
