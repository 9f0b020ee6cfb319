"""What a virtual list shows: rows asked for one at a time, by number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar, runtime_checkable

from claude_batch_tui.tui.widgets.columns import Cell

Item = TypeVar("Item")

SEARCHED_ROWS = 10_000
"""How far around its old place a key is looked for when the source cannot find it."""


class RowSource(Protocol):
    """Rows by number, each with a key that stays its own when rows come, go and move.

    `cells` is called for visible rows only and gives one cell for each column of the list, hidden ones too.
    """

    def row_count(self) -> int:
        """How many rows there are now."""

    def key(self, index: int) -> str:
        """The key of a row."""

    def cells(self, index: int) -> Sequence[Cell | str]:
        """What the row shows."""


@runtime_checkable
class FindingRowSource(Protocol):
    """A source that knows where a key is; without it the list looks around the cursor's old place."""

    def find(self, key: str) -> int | None:
        """The row with that key, or None."""


class SequenceSource(Generic[Item]):
    """Rows of a sequence that changes as a whole, with functions for keys and cells."""

    def __init__(self, key: Callable[[Item], str], cells: Callable[[Item], Sequence[Cell | str]]) -> None:
        self._items: Sequence[Item] = ()
        self._index: dict[str, int] = {}
        self._key = key
        self._cells = cells

    def replace(self, items: Sequence[Item]) -> None:
        """Show these items from now on; tell the list with `rows_changed()`."""
        self._items = items
        self._index = {self._key(item): number for number, item in enumerate(items)}

    def item(self, key: str) -> Item | None:
        """The item with that key, or None."""
        index = self._index.get(key)
        return None if index is None else self._items[index]

    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self._items)

    def key(self, index: int) -> str:
        """The key of a row."""
        return self._key(self._items[index])

    def cells(self, index: int) -> Sequence[Cell | str]:
        """What the row shows."""
        return self._cells(self._items[index])

    def find(self, key: str) -> int | None:
        """The row with that key, or None."""
        return self._index.get(key)


class EmptySource:
    """No rows."""

    def row_count(self) -> int:
        """None."""
        return 0

    def key(self, index: int) -> str:
        """Never asked for."""
        raise IndexError(index)

    def cells(self, index: int) -> Sequence[Cell | str]:
        """Never asked for."""
        raise IndexError(index)


def find_row(source: RowSource, key: str, around: int) -> int | None:
    """The row of a key: as the source says, or searched outwards from a row."""
    if isinstance(source, FindingRowSource):
        return source.find(key)
    count = source.row_count()
    for distance in range(min(SEARCHED_ROWS, count + around)):
        for index in {around + distance, around - distance}:
            if 0 <= index < count and source.key(index) == key:
                return index
    return None
