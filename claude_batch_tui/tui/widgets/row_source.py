"""What a virtual list shows: rows asked for one at a time, by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from claude_batch_tui.tui.widgets.columns import Cell

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
