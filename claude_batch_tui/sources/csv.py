"""CSV and TSV: a header, then a row per record; quoted fields may hold delimiters and newlines (RFC 4180)."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources.delimiter import guess_delimiter, named_delimiter
from claude_batch_tui.sources.fast_csv import PeculiarError, fast_records
from claude_batch_tui.sources.rows import AnyRow, BadRow, JsonRows, Row, texts_of_json
from claude_batch_tui.sources.source_file import SourceFile

MAX_FIELD_CHARACTERS = 32_000_000
"""No field can be longer: one request's body is at most 32 MB (platform overview, copy of 2026-09-26).

Without a limit a quote that is never closed would draw the rest of the file into memory.
"""


class CsvSource:
    """A CSV file as rows of strings."""

    def __init__(self, file: SourceFile, delimiter: str | None = None) -> None:
        self.file = file
        # The limit belongs to the whole process and is never lowered again, so that threads cannot race for it.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD_CHARACTERS))
        self.delimiter = named_delimiter(delimiter) if delimiter else guess_delimiter(file.head(), file.label)
        self._header_records = 0
        self._columns = self._read_header()

    @property
    def columns(self) -> tuple[str, ...]:
        """The header; an empty cell of it is named `column_N` by its position."""
        return self._columns

    def rows(self) -> Iterator[AnyRow | BadRow]:
        """Every record below the header. Blank lines are skipped."""
        width, made = len(self._columns), JsonRows(self._columns).row
        records = fast_records(self.file, self.delimiter, MAX_FIELD_CHARACTERS)
        passed = 0
        try:
            while passed < self._header_records and next(records, None):
                passed += 1
            for line, texts in records:
                if len(texts) == width:
                    yield made(line, texts)
                else:
                    yield self._ragged(line, texts_of_json(texts))
        except PeculiarError as peculiar:
            yield from self._slow_rows(peculiar, self._header_records - passed)

    def _slow_rows(self, start: PeculiarError, header_records: int) -> Iterator[Row | BadRow]:
        """The rest of the records as `csv` reads them, which knows what to say of malformed ones."""
        columns, width = self._columns, len(self._columns)
        skip = start.skip + header_records
        with self.file.text(newline="", start=start.offset) as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            line = start.line
            at_end = False
            while not at_end:
                try:
                    for values in reader:
                        if values and skip:
                            skip -= 1
                        elif len(values) == width:
                            yield Row(line, dict(zip(columns, values, strict=True)))
                        elif values:
                            yield self._ragged(line, values)
                        line = start.line + reader.line_num
                    at_end = True
                except csv.Error as error:
                    yield self._malformed(line, error)
                    line = start.line + reader.line_num

    def _read_header(self) -> tuple[str, ...]:
        with self.file.text(newline="") as text:
            cells = self._header_of(csv.reader(text, delimiter=self.delimiter, strict=True))
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

    def _header_of(self, reader: Iterator[list[str]]) -> list[str]:
        self._header_records = 0
        try:
            for cells in reader:
                self._header_records += bool(cells)
                if any(map(str.strip, cells)):
                    return cells
            return []
        except csv.Error as error:
            raise SourceError(
                f"{self.file.label}: the header line is not valid CSV: {error}. Mend its quotes."
            ) from error

    def _ragged(self, line: int, values: list[str]) -> BadRow:
        width = len(self._columns)
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
            dict(zip(self._columns, values, strict=False)),
        )

    def _malformed(self, line: int, error: csv.Error) -> BadRow:
        words = str(error)
        if "field limit" in words:
            raise SourceError(
                f"{self.file.label}:{line}: a field of more than {MAX_FIELD_CHARACTERS:,} characters begins in "
                f"this row. Look for a double quote that is never closed."
            ) from error
        if "end of data" in words:
            message = "a double quote opened in this row is never closed"
        else:
            message = "text follows a closing double quote: write quotes inside a field twice"
        return BadRow(line, "malformed_row", message)
