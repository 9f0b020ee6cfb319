"""The rows that requests were made from: found by custom_id, or in the order of their source."""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.errors import SourceError
from claude_batch_tui.nesting import UNREADABLE


class _Head(msgspec.Struct):
    custom_id: str
    # Not 2**64 - 1, which the array holds: findings/msgspec-has-no-bounds-beyond-64-bits.sh
    line: Annotated[int, msgspec.Meta(le=2**62)] = 0


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_row = msgspec.json.Decoder(SourceRow).decode


class RowsFile:
    """A rows file, a row by its number or custom_id. `lines` are of the source, from 1.

    The places of all rows are read once, about 1 µs a row; they take 16 bytes, and their custom_ids about 100 more.
    Raises SourceError where it cannot be read or is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data: bytes | mmap.mmap = b""
        self._starts = array("Q")
        self.lines = array("Q")
        self._numbers: dict[str, int] = {}
        try:
            with path.open("rb") as file:
                start = 0
                for line in file:
                    if line.strip():
                        head = _decode_head(line)
                        self._numbers[head.custom_id] = len(self._starts)
                        self._starts.append(start)
                        self.lines.append(max(head.line, 0))
                    start += len(line)
                if start:
                    self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise SourceError(f"Cannot read the rows file {path}: {error.strerror}.") from error
        except UNREADABLE as error:
            raise SourceError(f"{path} is no rows file, as `cbtui build` writes them: {error}.") from error
        self._starts.append(start)
        if not self.lines:
            raise SourceError(
                f"{path} is empty: a rows file, as `cbtui build` writes it, has a line a request."
            )
        self.row(0)  # a file of requests has custom_ids as well

    def __len__(self) -> int:
        return len(self.lines)

    def custom_ids(self) -> list[str]:
        """The custom_ids of all rows, in their order."""
        return list(self._numbers)

    def find(self, custom_id: str) -> SourceRow | None:
        """The row a request was made from, or None. Raises SourceError where the file says something else by now."""
        number = self._numbers.get(custom_id)
        return None if number is None else self.row(number)

    def row(self, number: int) -> SourceRow:
        """One row, by its number from 0. Raises SourceError where the file says something else by now."""
        try:
            return _decode_row(self._data[self._starts[number] : self._starts[number + 1]])
        except UNREADABLE as error:
            raise SourceError(
                f"{self._path} is no rows file, as `cbtui build` writes them: row {number + 1}: {error}."
            ) from error

    def in_order(
        self, positions: Sequence[int], ids: Iterable[str], *, keeps: bool = False
    ) -> tuple[array[int], array[int]]:
        """Positions of entries sorted by their rows, and the number of each one's row; -1, and last, without a row.

        With `keeps` they stay as they are. `ids` are the custom_ids at `positions`.
        """
        find = self._numbers.get
        rows = array("q", (find(custom_id, -1) for custom_id in ids))
        if keeps:
            return array("Q", positions), rows
        last = len(self.lines)
        order = sorted(range(len(rows)), key=[last if row < 0 else row for row in rows].__getitem__)
        return array("Q", (positions[at] for at in order)), array("q", (rows[at] for at in order))

    def forget_ids(self) -> None:
        """Give back what only finding rows by custom_id needs."""
        self._numbers = {}
