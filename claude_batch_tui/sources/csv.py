"""CSV and TSV: a header, then a row per record; quoted fields may hold delimiters and newlines (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.rows import BadRow, Row
from claude_batch_tui.sources.source_file import SourceFile

MAX_FIELD_CHARACTERS = 32_000_000
"""No field can be longer: one request's body is at most 32 MB (platform overview, copy of 2026-09-26).

Without a limit a quote that is never closed would draw the rest of the file into memory.
"""
_TOO_LONG = f"a field of more than {MAX_FIELD_CHARACTERS:,} characters begins in this row"
_DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_LINE_END = re.compile(r"\r\n?|\n")


class CsvSource:
    """A CSV file as rows of strings."""

    def __init__(self, file: SourceFile, delimiter: str | None = None) -> None:
        self.file = file
        # The limit belongs to the whole process and is never lowered again, so that threads cannot race for it.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD_CHARACTERS))
        head = file.head()
        self.delimiter = named_delimiter(delimiter) if delimiter else guess_delimiter(head, file.label)
        # Lines end as the first one does, and are then counted as other programs count them: only a file of an old
        # Mac has \r. Where \n is the only end, reading them takes a fifth less time.
        first_end = _LINE_END.search(head)
        self._newline = "" if first_end and first_end[0] == "\r" else "\n"
        self._header_lines = 0
        self.columns = self._read_header()
        """The header; an empty cell of it is named `column_N` by its position."""

    def rows(self) -> Iterator[Row | BadRow]:
        """Every record below the header. Blank lines are skipped."""
        columns, width, delimiter = self.columns, len(self.columns), self.delimiter
        with self.file.text(newline=self._newline) as text:
            reader = csv.reader(islice(text, self._header_lines, None), delimiter=delimiter, strict=True)
            first = line = self._header_lines + 1
            at_end = False
            while not at_end:
                try:
                    for values in reader:
                        if len(values) == width:
                            yield Row(line, dict(zip(columns, values, strict=True)))
                        elif values:
                            yield self._ragged(line, values)
                        line = first + reader.line_num
                    at_end = True
                except csv.Error as error:
                    yield self._malformed(line, error)
                    line = first + reader.line_num

    def _read_header(self) -> tuple[str, ...]:
        with self.file.text(newline=self._newline) as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            try:
                cells = next((cells for cells in reader if any(map(str.strip, cells))), None)
            except csv.Error as error:
                raise SourceError(
                    f"{self.file.label}: the header line is not valid CSV: {_reason(error)}. Mend its quotes."
                ) from error
            self._header_lines = reader.line_num
        if not cells:
            raise SourceError(
                f"{self.file.label}: there is no header line. The first line names the columns."
            )
        columns = tuple(cell.strip() or f"column_{number}" for number, cell in enumerate(cells, 1))
        places: dict[str, int] = {}
        for number, name in enumerate(columns, 1):
            if name in places:
                raise SourceError(
                    f"{self.file.label}: columns {places[name]} and {number} are both named {name!r}. "
                    f"Rename one of them in the header."
                )
            places[name] = number
        return columns

    def _ragged(self, line: int, values: list[str]) -> BadRow:
        width = len(self.columns)
        if len(values) < width:
            hint = "some are missing"
        elif self.delimiter == ",":
            hint = "put text with commas in double quotes"
        else:
            hint = "put text with the delimiter in double quotes"
        shown = "1 column" if len(values) == 1 else f"{len(values)} columns"
        return BadRow(
            line,
            "ragged_row",
            f"the row has {shown} where the header has {width}: {hint}",
            dict(zip(self.columns, values, strict=False)),
        )

    def _malformed(self, line: int, error: csv.Error) -> BadRow:
        reason = _reason(error)
        if reason == _TOO_LONG:
            raise SourceError(
                f"{self.file.label}:{line}: {reason}. Look for a double quote that is never closed."
            ) from error
        return BadRow(line, "malformed_row", reason)


def _reason(error: csv.Error) -> str:
    """What is wrong with a row, in words."""
    words = str(error)
    if "field limit" in words:
        return _TOO_LONG
    if "end of data" in words:
        return "a double quote opened in this row is never closed"
    if "new-line character" in words:
        return "a carriage return in this row stands outside of double quotes"
    return "text follows a closing double quote: write quotes inside a field twice"


def named_delimiter(text: str) -> str:
    r"""The character that `--delimiter` means: itself, `tab`, `\t`, `comma`, `semicolon` or `pipe`."""
    delimiter = _DELIMITER_NAMES.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n\x00':
        raise ConfigError(
            f"--delimiter {text!r} cannot part columns. It is one character, or tab, comma, semicolon, pipe."
        )
    return delimiter


def guess_delimiter(head: str, name: str) -> str:
    """The candidate by which most rows of `head` are as wide as its first; a file named `.tsv` has tabs.

    `head` may end in the middle of a row. A file of one column is read as comma separated. (`csv.Sniffer` finds no
    delimiter there, nor where a column holds long texts.)
    """
    if name.lower().endswith((".tsv", ".tab")):
        return "\t"
    best, best_score = ",", (0.0, 1)
    for candidate in _DELIMITERS:
        rows = [row for row in csv.reader(io.StringIO(head, newline=""), delimiter=candidate) if row]
        if len(rows) > 2:
            rows.pop()  # it may be cut
        if not rows or len(rows[0]) == 1:
            continue
        width = len(rows[0])
        score = (sum(len(row) == width for row in rows) / len(rows), width)
        if score > best_score:
            best, best_score = candidate, score
    return best
