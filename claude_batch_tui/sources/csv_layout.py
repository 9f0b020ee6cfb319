"""How a CSV file is laid out, found out from its beginning: the delimiter, lines above the header, the header itself."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

_DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r'"?sep=(.)"?[;,\t|]*\r?\n', re.IGNORECASE)
_NUMBER = re.compile(r"[\s$€£¥+\-(]*\d[\d.,:/\s\-()]*(?:[eE][+-]?\d+)?%?")
_QUOTED_NAMES = re.compile(r'"(?:[^"]|"")*+"(?:[ ,;\t|]+"(?:[^"]|"")*+")+')
_NO_NUMBERS = frozenset(("NA", "NaN", "nan", "."))
"""What statistics programs write for a number that is missing."""
_BESIDE_WORDS = frozenset("\"'.-_() \t\r\n,")
"""Signs that are not taken for an unknown delimiter; comma and tab would have been found."""
_MOST = 4
"""So many columns are no chance."""


class ExcelSep(NamedTuple):
    """Excel's first line `sep=;`: the delimiter it names, and how many characters the line has."""

    delimiter: str
    length: int


class Record(NamedTuple):
    """A record of the beginning: the 1-based line it starts on, and its cells."""

    line: int
    cells: list[str]

    @property
    def width(self) -> int:
        """How many cells it has, not counting empty ones at its end."""
        width = len(self.cells)
        while width and not self.cells[width - 1].strip():
            width -= 1
        return width


def excel_sep(head: str) -> ExcelSep | None:
    """The line by which Excel is told a delimiter, which is no header; None where there is none."""
    found = _SEP_LINE.match(head)
    return ExcelSep(found[1], found.end()) if found else None


def records_of(
    head: str, dialect: dict[str, Any], *, is_whole: bool, is_strict: bool = False
) -> list[Record]:
    """The records of `head`, blank ones too; the last is left out where the head may cut it.

    Where quotes are wrong, a strict reading ends, and any other takes them as they come.
    """
    reader = csv.reader(io.StringIO(head, newline=""), **{**dialect, "strict": is_strict})
    found: list[Record] = []
    line = 1
    try:
        for cells in reader:
            found.append(Record(line, cells))
            line = reader.line_num + 1
    except csv.Error:
        pass
    if not is_whole and len(found) > 2:
        found.pop()
    return found


def guess_delimiter(
    head: str, name: str, dialect: dict[str, Any] | None = None, *, is_whole: bool = False
) -> str:
    """The candidate by which most rows of `head` are of one width, and then the first; a file named `.tsv` has tabs.

    A file of one column is read as comma separated. (`csv.Sniffer` finds no delimiter there, nor where a column holds
    long texts.)
    """
    if name.lower().endswith((".tsv", ".tab")):
        return "\t"
    best, best_score = ",", (0.0, 1)
    for candidate in _DELIMITERS:
        rows = [
            row
            for row in records_of(head, {**(dialect or {}), "delimiter": candidate}, is_whole=is_whole)
            if any(row.cells)
        ]
        if not rows:
            continue
        place = header_place(rows) if len(rows[0].cells) == 1 else 0
        width = len(rows[place].cells)
        if width == 1:
            continue
        below = rows[place:]
        score = (sum(len(row.cells) == width for row in below) / len(below), width)
        if score > best_score:
            best, best_score = candidate, score
    if best_score[1] == 1 and _has_blanks_between(head, dialect or {}, is_whole=is_whole):
        return " "
    return best


def skips_blanks(head: str, dialect: dict[str, Any], *, is_whole: bool) -> bool:
    """True where quotes that stand behind a blank quote fields, as in `1, "a, b"`: with the blanks left out all is well."""
    quote = dialect.get("quotechar")
    if quote is None or "\0" in head:
        return False
    behind = rf"(^|{re.escape(dialect['delimiter'])}) +(?={re.escape(quote)})"
    marked_head, count = re.subn(behind, "\\1\0", head, flags=re.MULTILINE)
    marked = records_of(marked_head, dialect, is_whole=is_whole) if count else []
    if not any(cell.startswith("\0") for record in marked for cell in record.cells):
        return False
    skipping = {**dialect, "skipinitialspace": True}
    found = records_of(head, skipping, is_whole=is_whole, is_strict=True)
    return len(found) >= len(records_of(head, skipping, is_whole=is_whole)) - (not is_whole)


def has_row_names(head: str, header: Sequence[str], rows: Sequence[Record]) -> bool:
    """True for a table as R writes it: quoted names in the header, and before each row one more that has no column."""
    lines = head.splitlines()
    return (
        _QUOTED_NAMES.fullmatch(lines[0].strip()) is not None
        and {len(row.cells) for row in rows} == {len(header) + 1}
        and all(lines[row.line - 1].startswith('"') for row in rows)
        and not any(_QUOTED_NAMES.fullmatch(lines[row.line - 1].strip()) for row in rows)
    )


def header_place(records: Sequence[Record]) -> int:
    """The place of the header among the records: 0, or further down where titles and notes stand above a table."""
    widths = Counter(record.width for record in records if record.width > 1)
    if not widths:
        return 0
    width = max(widths, key=lambda one: (widths[one], one))
    place = next(number for number, record in enumerate(records) if record.width >= width)
    above, below = records[:place], [record for record in records[place + 1 :] if record.width]
    if not above or not below or any(record.width > width // 2 for record in above):
        return 0
    if not _names_columns(records[place].cells[:width]):
        return 0
    alike = sum(record.width == width or len(record.cells) == len(records[place].cells) for record in below)
    if alike < 0.8 * len(below):
        return 0
    is_apart = any(record.width == 0 for record in above) or (width >= _MOST and above[0].width == 1)
    return place if is_apart or _differs(records[place].cells, below, width) else 0


def looks_like_data(cells: Sequence[str]) -> bool:
    """True where a header has numbers in at least half of its cells."""
    return sum(is_number(cell) for cell in cells) * 2 >= len(cells) > 0


def shared_sign(head: str, *, is_whole: bool) -> str | None:
    """A sign that every line of a file of one column has, as often as its header: perhaps its delimiter."""
    lines = [line for line in head.splitlines()[: None if is_whole else -1] if line.strip()]
    if len(lines) < 2:
        return None
    signs = {one for one in lines[0] if not one.isalnum() and one not in _BESIDE_WORDS}
    shared = [one for one in sorted(signs) if len({line.count(one) for line in lines}) == 1]
    return shared[0] if shared else None


def is_number(cell: str) -> bool:
    """True for a number, an amount, a date or a time."""
    return _NUMBER.fullmatch(cell.strip()) is not None


def _has_blanks_between(head: str, dialect: dict[str, Any], *, is_whole: bool) -> bool:
    """True where blanks part equally many cells on every line: below quoted names, or numbers and nothing else."""
    blanks = {**dialect, "delimiter": " ", "skipinitialspace": True}
    found = [one for one in records_of(head, blanks, is_whole=is_whole) if any(one.cells)]
    if len(found) < 3 or found[0].width < 2:
        return False
    first, below = found[0], found[1:]
    widths = {record.width for record in below}
    if _QUOTED_NAMES.fullmatch(head.splitlines()[0].strip()):
        return widths in ({first.width}, {first.width + 1})
    cells = [cell for record in below for cell in record.cells if cell]
    return widths == {first.width} and all(cell in _NO_NUMBERS or is_number(cell) for cell in cells)


def _names_columns(cells: Sequence[str]) -> bool:
    names = [cell.strip() for cell in cells]
    return all(any(map(str.isalpha, name)) for name in names) and len(set(names)) == len(names)


def _differs(header: Sequence[str], below: Sequence[Record], width: int) -> bool:
    """True where a column below the header holds numbers."""
    for place in range(min(width, len(header))):
        cells = [
            record.cells[place]
            for record in below
            if place < len(record.cells) and record.cells[place].strip()
        ]
        if cells and sum(map(is_number, cells)) >= 0.8 * len(cells):
            return True
    return False
