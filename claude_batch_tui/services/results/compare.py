"""Two results files joined by custom_id: which answers agree, and what each side cost. For a thread.

The join takes flat memory, about 20 bytes an entry, however long the ids are: they are told apart by their hashes, which
are sorted; where two hashes are the same, the ids themselves are looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.domain.results.comparison import Agreement, Agreements, Totals, agreement
from claude_batch_tui.domain.results.result import Outcome, Result
from claude_batch_tui.services.results.browse import cost_of, tokens_of
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOWHERE = -1
"""The position of an entry that a side does not have."""
_LEFT_OUT = -2
_FIRST, _REPEATED, _NAMELESS, _JOINED = range(4)
"""What an entry is: the first with its id, a later one, without an id, or joined already."""
_AT_ONCE = 5_000
ORDER = tuple(Agreement)
"""Agreements by their number in a comparison."""
DIFFERENT = tuple(each for each in Agreement if each is not Agreement.SAME)
"""The ways in which two sides do not say the same."""
STEP = 2_000
"""Pairs between two reports of progress."""
_LOOKED_UP_EVERY = 20


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
        self.forget_order()

    def forget_order(self) -> None:
        """Give back what only finding in it needs."""
        self._order = self._sorted = None

    def _id(self, place: int) -> bytes:
        at = int(self._order[place]) if self._order is not None else 0
        return self._index.custom_id(self.positions[at]).encode()


class Pair(NamedTuple):
    """A request: where each side has its entry (or NOWHERE), and how they agree."""

    custom_id: str
    left: int
    right: int
    agreement: Agreement


class Comparison:
    """Pairs in the order of the left file, then what only the right one has. Grows while it is made.

    Where a custom_id came twice, its first entry counts. Lines without one are never joined.
    """

    def __init__(self, left: ResultsFile, right: ResultsFile, prices: PriceTable | None) -> None:
        self.prices = prices
        self.left_file = left
        self.right_file = right
        self.total = -1
        """Pairs there will be; -1 while that is not known yet."""
        self.left = array("i")
        self.right = array("i")
        self.agreements = bytearray()
        self.totals = [Totals(), Totals()]
        self._lock = Lock()
        self._is_closed = False

    @property
    def count(self) -> int:
        """Pairs so far."""
        return len(self.agreements)

    @property
    def is_whole(self) -> bool:
        """True when there are no more."""
        return self.count == self.total

    def pair(self, number: int) -> Pair:
        """A pair by its number."""
        left, right = self.left[number], self.right[number]
        file, position = (self.left_file, left) if left != NOWHERE else (self.right_file, right)
        return Pair(file.index.custom_id(position), left, right, ORDER[self.agreements[number]])

    @property
    def is_closed(self) -> bool:
        """True when nothing can be read any more."""
        return self._is_closed

    def read(self, file: ResultsFile, position: int) -> Result | None:
        """An entry of a side, from any thread; None where that side has none, or after `close`."""
        with self._lock:
            return None if position == NOWHERE or self._is_closed else file.read(position)

    def agreed(self) -> Agreements:
        """The counts so far."""
        counts = {each: self.agreements.count(number) for number, each in enumerate(ORDER)}
        return Agreements(counts, self.totals[0], self.totals[1])

    def close(self) -> None:
        """Close both files; what still reads them in a thread gets nothing more."""
        with self._lock:
            if not self._is_closed:
                self.left_file.close()
                if self.right_file is not self.left_file:
                    self.right_file.close()
            self._is_closed = True


def compare(
    left: ResultsFile,
    right: ResultsFile,
    *,
    prices: PriceTable | None,
    chosen: Sequence[int] | None = None,
) -> Iterator[Comparison]:
    """Join two files; the same growing comparison is given again and again. `chosen` positions of the left limit it.

    Entries that only the right file has are in it where nothing was chosen.
    """
    comparison = Comparison(left, right, prices)
    join = Join(left.index, right.index, chosen)
    for number, _ in enumerate(join.making()):
        if comparison.is_closed:
            return
        if number % _LOOKED_UP_EVERY == 0:
            yield comparison
    comparison.total = join.count
    yield comparison
    for number, (position, other) in enumerate(join.pairs(), 1):
        if comparison.is_closed:
            return
        _add(comparison, position, other)
        if number % STEP == 0:
            yield comparison
    yield comparison


def compare_entries(results: ResultsFile, first: int, second: int, prices: PriceTable | None) -> Comparison:
    """Two entries of one file as a comparison of one pair."""
    comparison = Comparison(results, results, prices)
    comparison.total = 1
    _add(comparison, first, second)
    return comparison


def _add(comparison: Comparison, left: int, right: int) -> None:
    first = comparison.read(comparison.left_file, left)
    second = comparison.read(comparison.right_file, right)
    if first is None:
        found = Agreement.ONLY_RIGHT
    elif second is None:
        found = Agreement.ONLY_LEFT
    else:
        found = agreement(first, second)
    comparison.totals = [
        total if result is None else _with(total, result, comparison.prices)
        for total, result in zip(comparison.totals, (first, second), strict=True)
    ]
    comparison.left.append(left)
    comparison.right.append(right)
    comparison.agreements.append(ORDER.index(found))


def _with(totals: Totals, result: Result, prices: PriceTable | None) -> Totals:
    cost = cost_of(result, prices)
    tokens_in, tokens_out = tokens_of(result)
    return Totals(
        totals.entries + 1,
        totals.succeeded + (result.outcome == Outcome.SUCCEEDED),
        totals.input_tokens + tokens_in,
        totals.output_tokens + tokens_out,
        totals.usd + (cost or 0.0),
        totals.priced + (cost is not None),
    )
