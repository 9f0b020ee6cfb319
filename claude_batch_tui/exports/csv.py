"""Results as CSV, guarded against formulas.

A cell that begins with = + - @, a tab or a newline is run by spreadsheets as a formula (OWASP ASVS 1.2.10): it gets a
leading apostrophe unless the exact text is asked for. Numbers are never guarded. Excel takes a file for UTF-8 only
where a byte order mark says so.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.exports.table import Column, Writer

_DANGEROUS = frozenset("=+-@\t\r\n\0＝＋－＠")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBERS = frozenset((int, type(None)))
_WORDS = frozenset((str, type(None)))
_PLAIN = frozenset((int, str))
_MOST_COSTS = 50_000
_encode = msgspec.json.Encoder().encode


class Csv(Writer):
    """A head, and a line an entry."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column], *, raw: bool, excel: bool = False) -> None:
        self._out = out
        self._pieces = _Pieces()
        # With \r\n both of them are quoted in cells, by every Python; of the ends of lines \r is taken off again.
        self._writer = csv.writer(self._pieces, lineterminator="\r\n")
        self._raw = raw
        self._costs: dict[float, str] = {}
        if excel:
            out.write(codecs.BOM_UTF8)
        self._writer.writerow([column.name if raw else guarded(column.name) for column in columns])

    def write(self, rows: Sequence[Any]) -> None:
        """Write the rows."""
        cells = self._exact if self._raw else self._safe
        columns = [cells(values) for values in zip(*rows, strict=True)]
        self._writer.writerows(zip(*columns, strict=True))
        self._flush()

    def finish(self) -> None:
        """Write the head where there were no rows."""
        self._flush()

    def _flush(self) -> None:
        self._out.write("".join([f"{line[:-2]}\n" for line in self._pieces.held]).encode())
        self._pieces.held.clear()

    def _safe(self, values: Sequence[Any]) -> Sequence[Any]:
        """The cells of a column, where most columns have none to guard."""
        kinds = {*map(type, values)}
        if kinds <= _NUMBERS:
            return values
        if not kinds <= _WORDS:
            return [self._safe_cell(value) for value in values]
        words = {*filter(None, values)}
        if _DANGEROUS.isdisjoint([word[0] for word in words]) and "\0" not in "".join(words):
            return values
        return [self._safe_cell(value) for value in values]

    def _safe_cell(self, value: Any) -> Any:
        if value is None or type(value) is int:
            return value
        if type(value) is not str:
            return guarded(self._cell(value))
        cell = guarded(value)
        self.guarded += cell is not value
        return cell.replace("\0", "␀") if "\0" in cell else cell

    def _exact(self, values: Sequence[Any]) -> Sequence[Any]:
        if {*map(type, values)} <= _PLAIN:
            return values
        return [value if type(value) in _PLAIN else self._cell(value) for value in values]

    def _cell(self, value: Any) -> str:
        """A value as its cell; the same few costs come over and over."""
        if type(value) is not float or not value:  # -0.0 is equal to 0.0
            return _cell(value)
        cell = self._costs.get(value)
        if cell is None:
            if len(self._costs) >= _MOST_COSTS:
                self._costs.clear()
            cell = self._costs[value] = _cell(value)
        return cell


class _Pieces:
    """What the standard writer writes, until it is encoded in one go: half the cost of a text stream."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.write = self.held.append


def guarded(cell: str) -> str:
    """The cell with a leading apostrophe where a spreadsheet would run it; plain numbers stay numbers."""
    if cell[:1] in _DANGEROUS and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def _cell(value: Any) -> str:
    """A value that is neither text nor a whole number: nothing as nothing, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, float):
        shown = repr(value)
        return f"{value:.12f}".rstrip("0") if "e-" in shown else shown
    return _encode(value).decode()
