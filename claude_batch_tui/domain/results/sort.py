"""The order entries are shown and written in: a column, upwards or downwards."""

from __future__ import annotations

from typing import NamedTuple

from claude_batch_tui.errors import ConfigError

FILE_ORDER = "#"
SORT_COLUMNS = (FILE_ORDER, "custom_id", "outcome", "class", "stop", "in", "out", "cost", "text")
"""What entries can be sorted by: the order of the file, the columns of the index, cost, and first words."""


class Sort(NamedTuple):
    """A column, upwards or downwards."""

    column: str = FILE_ORDER
    descending: bool = False

    def turned(self, column: str) -> Sort:
        """The order after a column was asked for: asked for again it is reversed. Figures begin with the largest."""
        if column == self.column:
            return Sort(column, not self.descending)
        return Sort(column, column in ("in", "out", "cost"))


def parse_sort(text: str) -> Sort:
    """`cost` or `cost:desc`. Raises ConfigError for anything else."""
    column, colon, direction = text.partition(":")
    if column == "id":
        column = "custom_id"
    if column not in SORT_COLUMNS or (colon and direction not in ("asc", "desc")):
        raise ConfigError(
            f"There is no order {text!r}: sort by one of {', '.join(SORT_COLUMNS[1:])}, with :desc for the largest first."
        )
    return Sort(column, direction == "desc")
