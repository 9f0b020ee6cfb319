"""Results as CSV, guarded against formulas.

A cell that begins with = + - @, a tab or a newline is run by spreadsheets as a formula (OWASP ASVS 1.2.10): it gets a
leading apostrophe unless the exact text is asked for. Numbers are never guarded. Excel takes a file for UTF-8 only
where a byte order mark says so.

Cells that need quotes are left to the standard library. It looks at every character of every cell, which takes 1.5 µs a row of
labels: rows in which none needs any are joined instead (`CsvRows`), and a test holds them against it.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.exports.table import Column, Kind, Packed, Writer

_DANGEROUS = frozenset("=+-@\t\r\n\0＝＋－＠")
_QUOTED = '",\r\n'
"""A cell that has one of these is written in quotes."""
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORDS = frozenset((str, type(None)))
_FLOATS = frozenset((float, type(None)))
_PLAIN = frozenset((int, str, type(None)))
_FIRST = itemgetter(0)
_MOST_FLOATS = 50_000
_encode = msgspec.json.Encoder().encode


class CsvRows:
    """Packs rows as lines of CSV."""

    def __init__(self, columns: Sequence[Column], *, raw: bool) -> None:
        self._kinds = [column.kind for column in columns]
        self._pieces: list[str] = []
        # With \r\n both of them are quoted in cells, by every Python; of the ends of lines \r is taken off again.
        self._writer = csv.writer(_Pieces(self._pieces), lineterminator="\r\n")
        self._raw = raw
        self._floats = _FloatCells(raw=raw)
        self._guarded = 0

    def pack(self, rows: Sequence[Any]) -> Packed:
        """Rows as the lines they are in the file."""
        if not rows:
            return Packed(b"")
        cells = self._exact if self._raw else self._safe
        columns = [
            cells(values, kind) for values, kind in zip(zip(*rows, strict=True), self._kinds, strict=True)
        ]
        text = self._joined(columns) or self.lines(zip(*columns, strict=True))
        if not self._raw:
            text = text.replace("\0", "␀")
        guarded, self._guarded = self._guarded, 0
        return Packed(text.encode(), guarded)

    def _joined(self, columns: Sequence[Sequence[Any]]) -> str:
        """The same lines where no cell needs quotes, in a third of the time; else nothing."""
        texts = [
            _blank_filled(values) if kind == "text" else [*map(str, _blank_filled(values))]
            for values, kind in zip(columns, self._kinds, strict=True)
        ]
        everything = "".join(map("".join, texts))
        if len(texts) == 1 or any(character in everything for character in _QUOTED):
            return ""
        return "\n".join(map(",".join, zip(*texts, strict=True))) + "\n"

    def lines(self, cells: Iterable[Sequence[Any]]) -> str:
        """Cells as the standard library writes them, each line ended by a newline."""
        self._writer.writerows(cells)
        lines, count = "".join(self._pieces), len(self._pieces)
        if lines.count("\r") == count:
            lines = lines.replace("\r\n", "\n")
        else:
            lines = "".join([f"{line[:-2]}\n" for line in self._pieces])
        self._pieces.clear()
        return lines

    def _safe(self, values: Sequence[Any], kind: Kind) -> Sequence[Any]:
        """The cells of a column, where most columns have none to guard."""
        if kind == "int":
            return values
        kinds = _WORDS if kind == "text" else {*map(type, values)}
        if kinds <= _FLOATS:
            return self._float_cells(values)
        if kinds <= _WORDS and _DANGEROUS.isdisjoint(map(_FIRST, filter(None, values))):
            return values
        return [self._safe_cell(value) for value in values]

    def _safe_cell(self, value: Any) -> Any:
        if value is None or type(value) is int:
            return value
        if type(value) is not str:
            return guarded(_cell(value))
        cell = guarded(value)
        self._guarded += cell is not value
        return cell

    def _exact(self, values: Sequence[Any], kind: Kind) -> Sequence[Any]:
        kinds = _WORDS if kind in ("text", "int") else {*map(type, values)}
        if kinds <= _FLOATS:
            return self._float_cells(values)
        if kinds <= _PLAIN:
            return values
        return [value if type(value) in _PLAIN else _cell(value) for value in values]

    def _float_cells(self, values: Sequence[float | None]) -> Sequence[str]:
        """The cells of a column of fractions; the same few costs come over and over."""
        if len(self._floats) > _MOST_FLOATS:
            self._floats.clear()
        known = self._floats
        # -0.0 is equal to 0.0
        return [known[value] if value else _cell(value) for value in values]


class _FloatCells(dict[float, str]):
    """The cells of fractions that were met."""

    def __init__(self, *, raw: bool) -> None:
        super().__init__()
        self._raw = raw

    def __missing__(self, value: float) -> str:
        cell = self[value] = _cell(value) if self._raw else guarded(_cell(value))
        return cell


class Csv(Writer):
    """A head, and a line an entry."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column], *, raw: bool, excel: bool = False) -> None:
        self._out = out
        self._rows = CsvRows(columns, raw=raw)
        head = self._rows.lines([[column.name if raw else guarded(column.name) for column in columns]])
        out.write((codecs.BOM_UTF8 if excel else b"") + head.encode())

    def write(self, rows: Sequence[Any]) -> None:
        """Write the rows."""
        self.write_packed(self._rows.pack(rows))

    def write_packed(self, packed: Packed) -> None:
        """Write lines as they are."""
        self._out.write(packed.data)
        self.guarded += packed.guarded


class _Pieces:
    """What the standard writer writes, until it is encoded in one go: half the cost of a text stream."""

    def __init__(self, held: list[str]) -> None:
        self.write = held.append


def guarded(cell: str) -> str:
    """The cell with a leading apostrophe where a spreadsheet would run it; plain numbers stay numbers."""
    if cell[:1] in _DANGEROUS and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def _blank_filled(values: Sequence[Any]) -> Sequence[Any]:
    """The values with nothing in place of None."""
    return ["" if value is None else value for value in values] if None in values else values


def _cell(value: Any) -> str:
    """A value that is neither text nor a whole number: nothing as nothing, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, float):
        shown = repr(value)
        return f"{value:.12f}".rstrip("0") if "e-" in shown else shown
    return _encode(value).decode()
