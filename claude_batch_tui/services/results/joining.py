"""Two indexes joined by custom_id in flat memory: about 20 bytes an entry, however long the ids are.

Ids are told apart by their hashes, which are sorted; where two hashes are the same, the ids themselves are looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from claude_batch_tui.store.results.index import ResultsIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOWHERE = -1
"""The position of an entry that a side does not have."""
_LEFT_OUT = -2
_FIRST, _REPEATED, _NAMELESS, _JOINED = range(4)
"""What an entry is: the first with its id, a later one, without an id, or joined already."""
_AT_ONCE = 5_000


class Join:
    """The pairs of two files: in the order of the left one, then what only the right one has.

    Where a custom_id came twice, its first entry counts. Entries without one are never joined. `chosen` positions limit
    the left side, and then what only the right one has is left out.
    """

    def __init__(self, left: ResultsIndex, right: ResultsIndex, chosen: Sequence[int] | None = None) -> None:
        self._left = _Side(left, range(left.count) if chosen is None else chosen)
        self._right = _Side(right, range(right.count))
        self._takes_all = chosen is None
        self._partners = array("i")
        """For each entry of the left side a position of the right one, NOWHERE, or _LEFT_OUT."""
        self.count = 0
        """How many pairs there are, once it is made."""

    def making(self) -> Iterator[None]:
        """Join, a step at a time; for a thread."""
        left, right = self._left, self._right
        yield from left.sorting()
        left.forget_order()
        yield from right.sorting()
        for start in range(0, len(left.positions), _AT_ONCE):
            self._partners.extend(self._partners_of(start, min(start + _AT_ONCE, len(left.positions))))
            yield
        left.forget()
        right.forget()
        self.count = len(self._partners) - self._partners.count(_LEFT_OUT)
        if self._takes_all:
            self.count += right.kinds.count(_FIRST) + right.kinds.count(_NAMELESS)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """The position on each side, or NOWHERE."""
        for position, partner in zip(self._left.positions, self._partners, strict=True):
            if partner != _LEFT_OUT:
                yield position, partner
        if not self._takes_all:
            return
        for kind in (_FIRST, _NAMELESS):
            at = self._right.kinds.find(kind)
            while at >= 0:
                yield NOWHERE, at
                at = self._right.kinds.find(kind, at + 1)

    def _partners_of(self, start: int, end: int) -> Iterator[int]:
        left, right = self._left, self._right
        places = right.places(left.hashes[start:end])
        for at, custom_id, place in zip(range(start, end), left.ids(start, end), places, strict=True):
            kind = left.kinds[at]
            if kind == _FIRST:
                found = right.find(custom_id, left.hashes[at], place)
                if found != NOWHERE:
                    right.kinds[found] = _JOINED
                yield found
            else:
                yield NOWHERE if kind == _NAMELESS else _LEFT_OUT


class _Side:
    """Entries of an index, the hashes of their ids, and what each of them is."""

    def __init__(self, index: ResultsIndex, positions: Sequence[int]) -> None:
        self.positions = positions
        self.hashes = array("q")
        self.kinds = bytearray(len(positions))
        self._index = index
        self._order: NDArray[Any] | None = None
        self._sorted: NDArray[Any] | None = None

    def ids(self, start: int, end: int) -> list[bytes]:
        """The ids of some entries."""
        if isinstance(self.positions, range):
            return self._index.ids_between(start, end)
        return [self._index.custom_id(position).encode() for position in self.positions[start:end]]

    def sorting(self) -> Iterator[None]:
        """Hash the ids, sort the hashes, and find what each entry is."""
        import numpy as np  # late: 60 to 90 ms

        for start in range(0, len(self.positions), _AT_ONCE):
            ids = self.ids(start, min(start + _AT_ONCE, len(self.positions)))
            self.hashes.extend(map(hash, ids))
            self.kinds[start : start + len(ids)] = bytes([_FIRST if each else _NAMELESS for each in ids])
            yield
        hashes = np.array(self.hashes, np.int64)
        self._order = np.argsort(hashes, kind="stable").astype(np.uint32)
        yield
        self._sorted = hashes[self._order]
        again = (np.flatnonzero(self._sorted[1:] == self._sorted[:-1]) + 1).tolist()
        yield
        known: set[bytes] = set()
        before = NOWHERE
        for number, place in enumerate(again):
            if place != before + 1:
                known = {self._id(place - 1)}
            before, at = place, int(self._order[place])
            custom_id = self._id(place)
            if custom_id in known and self.kinds[at] != _NAMELESS:
                self.kinds[at] = _REPEATED
            known.add(custom_id)
            if number % _AT_ONCE == 0:
                yield

    def places(self, hashes: array[int]) -> list[int]:
        """For each hash the first place in the order that does not come before it."""
        import numpy as np  # late: 60 to 90 ms

        places: list[int] = np.searchsorted(self._sorted, np.array(hashes, np.int64)).tolist()  # type: ignore[arg-type]
        return places

    def find(self, custom_id: bytes, hashed: int, place: int) -> int:
        """The first entry with that id, from its place in the order on; NOWHERE where there is none."""
        order, hashes = self._order, self._sorted
        if order is None or hashes is None:
            return NOWHERE
        while place < len(order) and hashes[place] == hashed:
            if self._id(place) == custom_id:
                return int(order[place])
            place += 1
        return NOWHERE

    def forget(self) -> None:
        """Give back what only finding needs."""
        self.hashes = array("q")
        self._order = self._sorted = None

    def forget_order(self) -> None:
        """Give back what only finding in it needs."""
        self._order = self._sorted = None

    def _id(self, place: int) -> bytes:
        at = int(self._order[place]) if self._order is not None else 0
        return self._index.custom_id(self.positions[at]).encode()
