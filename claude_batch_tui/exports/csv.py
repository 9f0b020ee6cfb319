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

from claude_batch_tui.exports.table import Column, Values, Writer

_DANGEROUS = frozenset("=+-@\t\r\n\0＝＋－＠")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_encode = msgspec.json.Encoder().encode


class Csv(Writer):
    """A head, and a line an entry."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column], *, raw: bool, excel: bool = False) -> None:
        self._out = out
        self._pieces = _Pieces()
        # With \r\n both of them are quoted in cells, by every Python; of the ends of lines \r is taken off again.
        self._writer = csv.writer(self._pieces, lineterminator="\r\n")
        self._raw = raw
        if excel:
            out.write(codecs.BOM_UTF8)
        self._writer.writerow([column.name if raw else guarded(column.name) for column in columns])

    def write(self, rows: Sequence[Any]) -> None:
        """Write the rows."""
        self._writer.writerows(map(self._exact if self._raw else self._safe, rows))
        self._flush()

    def finish(self) -> None:
        """Write the head where there were no rows."""
        self._flush()

    def _flush(self) -> None:
        self._out.write("".join([f"{line[:-2]}\n" for line in self._pieces.held]).encode())
        self._pieces.held.clear()

    def _safe(self, row: Values) -> Values:
        for at, value in enumerate(row):
            if type(value) is str:
                if value and value[0] in _DANGEROUS:
                    row[at] = guarded(value)
                    self.guarded += row[at] is not value
                if "\0" in value:
                    row[at] = row[at].replace("\0", "␀")
            elif value is not None and type(value) is not int:
                row[at] = guarded(_cell(value))
        return row

    def _exact(self, row: Values) -> Values:
        return [value if type(value) in (str, int) else _cell(value) for value in row]


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
