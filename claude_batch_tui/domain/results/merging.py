"""Which line of several attempts stands for a request: the newest good answer, else the newest line of any kind.

Done over whole columns, so that a million entries take about a second; numpy is imported with the first run that is
merged (60 to 90 ms).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ATTEMPTS = 255
"""The number that all further attempts have."""


class Kept(NamedTuple):
    """Of entries, oldest attempt first: which of them stand for their request, and each one's attempt, from 1."""

    mask: NDArray[Any]
    attempts: NDArray[Any]


def choose(
    hashes: NDArray[Any],
    good: NDArray[Any],
    named: NDArray[Any],
    is_same: Callable[[int, int], bool],
    *,
    keeps_nameless: bool,
) -> Kept:
    """Choose one entry for every id.

    `hashes` are those of the ids and `good` whether an answer is whole, of all entries in the order in which they were
    made; `named` is false for lines without an id, which stand for themselves or, unless `keeps_nameless`, for nothing.
    `is_same` says of two entries with one hash whether they have one id.
    """
    import numpy as np  # late: 60 to 90 ms

    count = len(hashes)
    attempts = np.ones(count, np.uint8)
    mask = ~named if keeps_nameless else np.zeros(count, bool)
    entries: NDArray[Any] = np.flatnonzero(named)
    if not len(entries):
        return Kept(mask, attempts)
    order: NDArray[Any] = entries[np.argsort(hashes[entries], kind="stable")]
    begins = np.ones(len(order), bool)
    begins[1:] = hashes[order[1:]] != hashes[order[:-1]]
    order = _apart(order, begins, is_same)
    starts: NDArray[Any] = np.flatnonzero(begins)
    places = np.arange(len(order))
    ranks = places - np.repeat(starts, np.diff(starts, append=len(order)))
    attempts[order] = np.minimum(ranks + 1, MOST_ATTEMPTS)
    # A good answer beats every other line of its group, and of two alike the later one wins.
    best = np.maximum.reduceat(places + good[order] * len(order), starts) % len(order)
    mask[order[best]] = True
    return Kept(mask, attempts)


def _apart(order: NDArray[Any], begins: NDArray[Any], is_same: Callable[[int, int], bool]) -> NDArray[Any]:
    """Tell different ids with one hash apart: `begins` is corrected, and the order within such a group."""
    import numpy as np  # late: 60 to 90 ms

    starts: NDArray[Any] = np.flatnonzero(begins)
    sizes = np.diff(starts, append=len(order))
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        first = int(order[start])
        group = order[start : start + size].tolist()
        if all(is_same(first, each) for each in group[1:]):
            continue
        ids: list[list[int]] = []
        for each in group:
            known = next((one for one in ids if is_same(one[0], each)), None)
            if known is None:
                ids.append([each])
            else:
                known.append(each)
        at = start
        for one in ids:
            order[at : at + len(one)] = one
            begins[at] = True
            at += len(one)
    return order
