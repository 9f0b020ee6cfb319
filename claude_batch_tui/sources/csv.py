"""CSV and TSV: a header, then a row per record; quoted fields may hold delimiters and newlines (RFC 4180)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.csv_layout import (
    Record,
    excel_sep,
    guess_delimiter,
    has_row_names,
    header_place,
    looks_like_data,
    records_of,
    shared_sign,
    skips_blanks,
)
from claude_batch_tui.sources.recipe import Ragged
from claude_batch_tui.sources.rows import BadRow, Doubt, NoText, Reading, Row, own_names
from claude_batch_tui.sources.source_file import SourceFile, encoding_reading

MAX_FIELD_CHARACTERS = 32_000_000
"""No field can be longer: one request's body is at most 32 MB (platform overview, copy of 2026-09-26).

Without a limit a quote that is never closed would draw the rest of the file into memory.
"""
_TOO_LONG = f"a field of more than {MAX_FIELD_CHARACTERS:,} characters begins in this row"
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_SPOKEN = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe", " ": "space"}
_LINE_END = re.compile(r"\r\n?|\n")
_NOT_CSV = (
    (re.compile(r"\s*<(?:!doctype html|html|table|\?xml|head|body)\b", re.IGNORECASE), "HTML or XML"),
    (re.compile(r"ID;P"), "SYLK, an old format of spreadsheets"),
)
_SHAPES = ((re.compile(r"[^\W\d_]+"), "a"), (re.compile(r"\d+"), "0"))
_UNREAD = "unread"
"""What a left-out row's text is called where its columns cannot be told apart."""
_MAX_UNREAD = 1_000_000


class CsvSource:
    """A CSV file as rows of strings. What is None is found out; `reading` says what it was taken for.

    `quote` is a character or `none`, `escape` the character before a quote that is none, `skip_lines` how many lines
    stand above the header. `ragged` says what becomes of rows that are too short: an error, or filled with empty cells.
    """

    def __init__(
        self,
        file: SourceFile,
        delimiter: str | None = None,
        *,
        quote: str | None = None,
        escape: str | None = None,
        skip_lines: int | None = None,
        no_header: bool = False,
        ragged: Ragged = "error",
    ) -> None:
        self.file = file
        # The limit belongs to the whole process and is never lowered again, so that threads cannot race for it.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD_CHARACTERS))
        head, is_whole = file.head(), file.is_all_head
        _refuse_others(head, file.label)
        self._dialect = _dialect_of(quote, escape)
        self._ragged_rows = ragged
        self._doubts: list[Doubt] = []
        sep = excel_sep(head)
        if sep is not None and not delimiter:
            delimiter = sep.delimiter
        below_sep = head[sep.length :] if sep else head
        if skip_lines is None:
            self._skipped = 1 if sep else 0
        elif skip_lines < 0:
            raise ConfigError(f"--skip-lines is a number of lines, not {skip_lines}.")
        else:
            self._skipped = skip_lines
            below_sep = "".join(head.splitlines(keepends=True)[skip_lines:])
        self.delimiter = self._find_delimiter(below_sep, delimiter, is_whole=is_whole)
        above = self._skipped
        if skip_lines is None and not no_header:
            self._find_titles(below_sep, is_whole=is_whole)
        # Lines end as the first one does, and are then counted as other programs count them: only a file of an old
        # Mac has \r. Where \n is the only end, reading them takes a fifth less time.
        first_end = _LINE_END.search(head)
        self._newline = "" if first_end and first_end[0] == "\r" else "\n"
        self._header_lines = self._skipped
        cells, header_line = self._read_header(no_header=no_header)
        samples = records_of(below_sep, self._dialect, is_whole=is_whole)
        if not no_header:
            below = [one for one in samples if one.line + above > header_line and one.width]
            is_first = header_line == above + 1
            cells = self._with_row_names(cells, below, below_sep if is_first else "", header_line)
        self.columns = self._named(cells, [one.cells for one in samples], no_header=no_header)
        """The header; an empty cell of it is named `column_N` by its position."""
        self._doubt_columns(below_sep, header_line, is_whole=is_whole, no_header=no_header)
        self.reading = encoding_reading(
            file,
            Reading(
                delimiter=_SPOKEN.get(self.delimiter, self.delimiter),
                quote=self._dialect.get("quotechar", "none"),
                header_line=None if no_header else header_line,
                columns=len(self.columns),
                doubts=tuple(self._doubts),
            ),
        )
        self._lagging: Iterator[str] | None = None
        self._lagging_line = 1

    def rows(self) -> Iterator[Row | BadRow]:
        """Every record below the header. Blank lines are skipped."""
        columns, width, file = self.columns, len(self.columns), self.file
        delimiter, place = self.delimiter, 0
        self._lagging = None
        with file.text(newline=self._newline) as text:
            reader = csv.reader(islice(text, self._header_lines, None), **self._dialect)
            first = line = self._header_lines + 1
            at_end = False
            while not at_end:
                try:
                    for values in reader:
                        after = first + reader.line_num
                        if len(values) == width:
                            row = Row(line, dict(zip(columns, values, strict=True)))
                            if after - line > 1:
                                # What swallowed rows has a line with their delimiters; a look at one line is cheap,
                                # and it is mostly in the column that had several lines before.
                                begin = values[place].find("\n") + 1
                                if not begin:
                                    place = _place_of_lines(values)
                                    begin = values[place].find("\n") + 1
                                end = values[place].find("\n", begin)
                                wanted = place if end < 0 else width - 1
                                if (
                                    wanted
                                    and values[place].count(delimiter, begin, end if end > 0 else None)
                                    == wanted
                                ):
                                    row = Row(line, row.values, self._doubt_of(values, line))
                            yield self._without_zeros(row) if file.has_zero_bytes else row
                        elif values:
                            yield self._without_zeros(self._ragged(line, after, values))
                        line = after
                    at_end = True
                except csv.Error as error:
                    after = first + reader.line_num
                    yield self._malformed(line, after, error)
                    line = after

    def _find_delimiter(self, head: str, said: str | None, *, is_whole: bool) -> str:
        """What parts columns; the dialect has it then, and whether blanks behind it are left out."""
        found = (
            named_delimiter(said)
            if said
            else guess_delimiter(head, self.file.label, self._dialect, is_whole=is_whole)
        )
        self._dialect["delimiter"] = found
        if found == " " or skips_blanks(head, self._dialect, is_whole=is_whole):
            self._dialect["skipinitialspace"] = True
        if found == " " and not said:
            message = "blanks were taken for what parts columns. If lines are texts, say --delimiter ','"
            self._doubt("blanks", message, is_guess=True)
        return found

    def _with_row_names(
        self, cells: list[str], below: Sequence[Record], head: str, header_line: int
    ) -> list[str]:
        """The cells of the header, with one more before them where rows have a name; a header that is narrower is doubted."""
        if not below or min(one.width for one in below) <= len(cells):
            return cells
        if head and has_row_names(head, cells, below):
            message = "rows have a name before their first column, as R writes them: it is column_1 here"
            self._doubt("row_names", message)
            return ["", *cells]
        counted = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
        message = (
            f"line {header_line}, taken for the header, has {counted}, and every row of the beginning has more. "
            f"Is it one? See --skip-lines and --no-header"
        )
        self._doubt("narrow_header", message)
        return cells

    def _doubt_columns(self, head: str, header_line: int, *, is_whole: bool, no_header: bool) -> None:
        if len(self.columns) == 1 and (sign := shared_sign(head, is_whole=is_whole)):
            self._doubt(
                "one_column",
                f"there is one column, and every line of the beginning has as many {sign!r}: if they part columns, "
                f"say --delimiter '{sign}'",
            )
        if not no_header and looks_like_data(self.columns) and len(self.columns) > 1:
            self._doubt(
                "header_is_data",
                f"line {header_line} was taken for the header and looks like a row: {', '.join(self.columns[:5])}. "
                f"If it is one, say --no-header",
            )

    def _find_titles(self, head: str, *, is_whole: bool) -> None:
        """Leave out the lines of titles and notes above the table, where there are such."""
        records = records_of(head, self._dialect, is_whole=is_whole)
        place = header_place(records)
        if place:
            above = self._skipped + records[place].line - 1
            self._doubt(
                "title_lines",
                f"the header was taken to be line {above + 1}: the {above} line{'s' * (above > 1)} above it "
                f"look{'s' * (above == 1)} like titles. If not, say --skip-lines 0",
                is_guess=True,
            )
            self._skipped = above

    def _read_header(self, *, no_header: bool) -> tuple[list[str], int]:
        """The cells of the header and its line; of the first row where there is none."""
        with self.file.text(newline=self._newline) as text:
            reader = csv.reader(islice(text, self._skipped, None), **self._dialect)
            line, cells = self._skipped + 1, None
            try:
                for found in reader:
                    if any(map(_bare, found)):
                        cells = found
                        break
                    line = self._skipped + reader.line_num + 1
            except csv.Error as error:
                raise SourceError(
                    f"{self.file.label}:{line}: the header line is not valid CSV: {_reason(error)}. "
                    f"Fix its quotes, or say --quote none."
                ) from error
            if not no_header:
                self._header_lines = self._skipped + reader.line_num
        if not cells:
            raise SourceError(
                f"{self.file.label}: there is no header line. The first line names the columns."
            )
        return cells, line

    def _named(self, cells: list[str], samples: list[list[str]], *, no_header: bool) -> tuple[str, ...]:
        """The names of the columns: each its own; empty ones at the end are no columns where no row has text there."""
        names = [""] * len(cells) if no_header else [_bare(cell) for cell in cells]
        named = len(names)
        if not no_header:
            while named and not names[named - 1]:
                named -= 1
            if any(any(map(str.strip, row[named:])) for row in samples if len(row) <= len(names)):
                named = len(names)
        return own_names(
            [name or f"column_{number}" for number, name in enumerate(names[:named], 1)], self._doubts
        )

    def _doubt(self, code: str, message: str, *, is_guess: bool = False) -> None:
        self._doubts.append(Doubt(code, message, is_guess))

    def _ragged(self, line: int, after: int, values: list[str]) -> Row | BadRow:
        """A row of another width than the header: what is empty at its end is no matter, all else is an error."""
        columns, width = self.columns, len(self.columns)
        if len(values) > width and not any(map(str.strip, values[width:])):
            return Row(line, dict(zip(columns, values, strict=False)))
        if len(values) < width and self._ragged_rows == "fill":
            return Row(line, dict(zip(columns, [*values, *[""] * (width - len(values))], strict=True)))
        if len(values) < width:
            hint = "some are missing. --ragged fill reads them as empty"
        elif self.delimiter == ",":
            hint = "put text with commas in double quotes"
        else:
            hint = "put text with the delimiter in double quotes"
        shown = "1 column" if len(values) == 1 else f"{len(values)} columns"
        kept = dict(zip(columns, values, strict=False))
        kept |= {f"column_{number}": value for number, value in enumerate(values[width:], width + 1)}
        message = f"the row has {shown} where the header has {width}: {hint}"
        if after - line > 1:
            message += f"; it goes from line {line} to line {after - 1}: look for a stray quote"
        return BadRow(line, "ragged_row", message, kept, lines=after - line)

    def _malformed(self, line: int, after: int, error: csv.Error) -> BadRow:
        reason = _reason(error)
        if reason == _TOO_LONG:
            raise SourceError(
                f"{self.file.label}:{line}: {reason}. Look for a double quote that is never closed; "
                f"where quotes are plain text, say --quote none."
            ) from error
        raw = self._text_of(line, after)
        if after - line > 1:
            reason += f", and the row goes from line {line} to line {after - 1}"
        if '\\"' in raw and "escapechar" not in self._dialect:
            reason += r". Quotes with a backslash before them are read by --escape '\'"
        elif "carriage return" not in reason:
            reason += ". Where quotes are plain text, say --quote none"
        return BadRow(line, "malformed_row", reason, {_UNREAD: raw[:_MAX_UNREAD]}, lines=after - line)

    def _text_of(self, line: int, after: int) -> str:
        """The lines from `line` to before `after`, as they stand. Reads on from where it stood for the error before."""
        if self._lagging is None:
            self._lagging, self._lagging_line = self.file.text_apart(self._newline), 1
        before = islice(self._lagging, line - self._lagging_line, after - self._lagging_line)
        self._lagging_line = after
        return "".join(before).rstrip("\r\n")

    def _without_zeros(self, row: Row | BadRow) -> Row | BadRow:
        """The row, in which a cell with a zero byte is no text."""
        if isinstance(row, BadRow) or not any("\0" in value for value in row.values.values()):
            return row
        values = {
            name: NoText("zero_byte", f"column {name!r} holds a zero byte: the row is damaged", value)
            if "\0" in value
            else value
            for name, value in row.values.items()
        }
        return Row(row.line, values, row.doubt)

    def _doubt_of(self, values: Sequence[str], line: int) -> str | None:
        """Why a row over several lines may have swallowed rows: one cell of it is made like whole lines of the file."""
        delimiter, parts = self.delimiter, len(values) - 1
        for place, cell in enumerate(values):
            ends = cell.count("\n") if parts else 0
            if not ends or place == 0 or cell.count(delimiter) != ends * parts:
                continue
            _, *swallowed = cell.split("\n")
            shape = _shape(values[0])
            if all(_shape(one.partition(delimiter)[0]) == shape for one in swallowed):
                return (
                    f"the row goes from line {line} to line {line + ends}, and the lines in it look like rows of "
                    f"their own: look for a stray quote; where quotes are plain text, say --quote none"
                )
        return None


def _refuse_others(head: str, label: str) -> None:
    """Raise SourceError for what is no CSV, whatever its name says."""
    for pattern, kind in _NOT_CSV:
        if pattern.match(head):
            raise SourceError(
                f"{label}: this is {kind}, whatever its name says. Open it in a spreadsheet and save it as CSV."
            )


def _place_of_lines(values: Sequence[str]) -> int:
    """The place of the first cell that has several lines."""
    return next((place for place, cell in enumerate(values) if "\n" in cell), 0)


def _dialect_of(quote: str | None, escape: str | None) -> dict[str, Any]:
    """What `csv.reader` is told of quotes."""
    dialect: dict[str, Any] = {"strict": True}
    if quote is not None and quote.lower() == "none":
        dialect["quoting"] = csv.QUOTE_NONE
    else:
        dialect["quotechar"] = _one_character(quote or '"', "--quote", "a character, or none")
    if escape is not None:
        dialect["escapechar"] = _one_character(escape, "--escape", "a character, mostly \\")
    return dialect


def _one_character(text: str, option: str, what: str) -> str:
    if len(text) != 1 or text in "\r\n\x00":
        raise ConfigError(f"{option} {text!r}: it is {what}.")
    return text


def _bare(cell: str) -> str:
    """A name without what nobody sees: white space, and byte order marks of files that were joined."""
    return cell.strip().strip("\ufeff\u200b").strip()


def _shape(text: str) -> str:
    for pattern, sign in _SHAPES:
        text = pattern.sub(sign, text)
    return text


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
