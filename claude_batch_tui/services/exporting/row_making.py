"""Lines of a results file as rows for an export, where a row needs nothing but its line: here, or in another process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Final

import msgspec

from claude_batch_tui.domain.money.pricing import PriceTable
from claude_batch_tui.exports.table import RESPONSE, Column, Values
from claude_batch_tui.services.exporting.rows import Columns, RowReader, answer_columns

if TYPE_CHECKING:
    from claude_batch_tui.services.exporting.picking import Picked

CHUNK_ROWS: Final = 250
"""Few enough for what is made of them to stay in the processor's caches: with 2,000 a row takes a third more."""


class Wanted(msgspec.Struct, frozen=True):
    """What rows are made for: a format, all columns and, where some are named, these of them; what the answers hold, and the
    batch they are of.
    """

    form: str
    columns: tuple[Column, ...]
    names: tuple[str, ...]
    found: Columns
    csv_raw: bool
    batch_id: str

    def picked(self) -> Picked | None:
        """What takes the columns that are named out of whole rows; None where all are wanted. Raises ConfigError."""
        if not self.names:
            return None
        from claude_batch_tui.services.exporting.picking import Picked  # late: few name columns

        return Picked(self.names, self.columns, self.found.paths)


class Order(msgspec.Struct, frozen=True):
    """What a process does: rows of the lines in an open file, whose places stand in another one."""

    descriptor: int
    places: int
    wanted: Wanted
    prices: PriceTable


class RowMaking:
    """Makes the rows."""

    def __init__(self, wanted: Wanted, reader: RowReader, picked: Picked | None) -> None:
        self._wanted, self._reader, self._picked = wanted, reader, picked
        self._has_more = bool(wanted.found.answer) or picked is not None

    def rows(self, lines: Sequence[bytes]) -> Iterator[list[Values]]:
        """The rows of some lines, some hundreds at a time."""
        wanted = self._wanted
        for at in range(0, len(lines), CHUNK_ROWS):
            some = lines[at : at + CHUNK_ROWS]
            rows = self._reader.rows(some, repeat(wanted.batch_id))
            if self._has_more:
                rows = [
                    with_more(row, line, wanted.found, self._picked)
                    for row, line in zip(rows, some, strict=True)
                ]
            yield rows


def with_more(values: Values, line: bytes, found: Columns, picked: Picked | None) -> Values:
    """The values of an entry with the columns of its answer; of them those that were picked."""
    if found.answer:
        answer = answer_columns(values[RESPONSE])
        values += [answer.get(name) for name in found.answer]
    return values if picked is None else picked.values(values, line)
