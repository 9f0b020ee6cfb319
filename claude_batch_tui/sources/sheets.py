"""Spreadsheets: the rows of one sheet of an Excel or OpenDocument workbook, below its header row.

Numbers are texts as the sheet shows them: 12 and not 12.0, 0.3 and not 0.30000000000000004, and in an .xlsx file `1,234.50`,
`50%` and `01234` where its format says so. Dates are written 2026-11-30. A formula is its value as it was saved. Needs
python-calamine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.cell_formats import cell_notes, shown_number
from claude_batch_tui.sources.rows import BadRow, Doubt, NoText, Reading, Row, list_columns, own_names
from claude_batch_tui.sources.source_file import WholeFile

_LOOKED_AT = 20
_SHOWN = 40
_EXCEL_DIGITS = 15
"""Significant digits that Excel and LibreOffice keep of a number."""


class SheetSource:
    """A sheet as rows of texts. `sheet` is its name or 1-based number; left out, it is the only visible one that has cells."""

    def __init__(self, path: str, sheet: str | None = None, skip_lines: int | None = None) -> None:
        """`skip_lines` is how many rows stand above the header; left out, titles above the table are found out and said."""
        self.file = WholeFile(path)
        try:
            import python_calamine as calamine  # an extra: few need it
        except ImportError as error:
            raise ConfigError(
                f"{path}: reading spreadsheets needs python-calamine: pip install 'claude-batch-tui[spreadsheet]'."
            ) from error
        try:
            self._workbook = calamine.load_workbook(path)
            self.sheet = self._chosen(sheet)
            """The name of the sheet."""
            self._cells: Any = self._workbook.get_sheet_by_name(self.sheet)
        except calamine.PasswordError as error:
            raise SourceError(f"{path}: this workbook is encrypted. Save it without a password.") from error
        except (calamine.CalamineError, OSError) as error:
            raise SourceError(f"{path}: this is no workbook that can be read: {error}.") from error
        doubts: list[Doubt] = []
        self._header, names = self._read_header(skip_lines, doubts)
        self.columns = own_names(names, doubts)
        others = [name for name in self._workbook.sheet_names if name != self.sheet]
        among = f" (others: {list_columns(others)})" if others else ""
        form = f"sheet {self.sheet!r}{among}, header in row {self._header}"
        self.reading = Reading(form=form, columns=len(self.columns), doubts=tuple(doubts))

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row below the header that has a cell; its line is its number in the sheet. Text beyond the header is an error."""
        first, width = self._header + 1, len(self.columns)
        total = self._cells.end[0] + 1
        notes = _Notes(self.file.label, self.sheet)
        for number, cells in enumerate(self._cells.iter_rows(), 1):
            if number < first:
                continue
            self.file.bytes_read = self.file.size * min(number, total) // total
            texts = [shown_cell(cell) for cell in cells]
            wrong = notes.apply(number, self._cells.start[1], cells, texts)
            if not any(texts) and not wrong:
                continue
            values: dict[str, Any] = dict(
                zip(self.columns, [*texts, *[""] * (width - len(texts))], strict=False)
            )
            for at, (shown, why) in wrong.items():
                if at < width:
                    name = self.columns[at]
                    values[name] = NoText("no_value", f"column {name!r} {why}", shown)
            if beyond := [text for text in texts[width:] if text]:
                values |= {f"column_{at}": text for at, text in enumerate(texts[width:], width + 1) if text}
                message = f"the row has text beyond the {width} columns of the header: {beyond[0][:_SHOWN]!r}"
                yield BadRow(number, "ragged_row", message, values)
            else:
                yield Row(number, values)
        self.file.bytes_read = self.file.size

    def close(self) -> None:
        """Close the workbook."""
        self._workbook.close()

    def _chosen(self, wanted: str | None) -> str:
        import python_calamine as calamine  # see above

        names = list(self._workbook.sheet_names)
        if wanted is not None:
            if wanted in names:
                return wanted
            if wanted.isdigit() and 1 <= int(wanted) <= len(names):
                return str(names[int(wanted) - 1])
            raise ConfigError(
                f"{self.file.label}: --sheet {wanted!r} is not there. Sheets: {list_columns(names)}."
            )
        shown = [
            one.name
            for one in self._workbook.sheets_metadata
            if one.visible == calamine.SheetVisibleEnum.Visible
            and one.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        filled = [name for name in shown if self._workbook.get_sheet_by_name(name).height > 1]
        if len(filled) == 1 or len(shown) == 1:
            return str((filled or shown)[0])
        if not filled:
            raise SourceError(f"{self.file.label}: no sheet has a header row and a row below it.")
        raise ConfigError(
            f"{self.file.label}: which sheet? Say --sheet NAME. Sheets: {list_columns(filled)}."
        )

    def _read_header(self, skip_lines: int | None, doubts: list[Doubt]) -> tuple[int, tuple[str, ...]]:
        """The number of the header's row, and the names in it. What is left out above it goes to `doubts`."""
        rows = (
            (number, [shown_cell(cell).strip() for cell in cells])
            for number, cells in enumerate(self._cells.iter_rows(), 1)
        )
        filled = [row for row in islice(rows, skip_lines or 0, None) if any(row[1])][:_LOOKED_AT]
        if not filled:
            raise SourceError(f"{self.file.label}: sheet {self.sheet!r} has no rows.")
        number, texts = filled[0]
        if skip_lines is None:
            widths = [sum(map(bool, texts)) for _, texts in filled]
            # A title has one cell or two, the header of a table more than half as many as its rows.
            number, texts = next(
                row for row, width in zip(filled, widths, strict=True) if 2 * width > max(widths)
            )
            if number != filled[0][0]:
                message = (
                    f"row {number} is taken for the header, and what stands above it is left out. "
                    f"If not, say --skip-lines {filled[0][0] - 1}"
                )
                doubts.append(Doubt("title_lines", message, is_guess=True))
        # A column without a name is one where a row of the beginning has text in it.
        named = max(len(_without_blanks(row)) for at, row in filled if at >= number)
        texts = [*texts, *[""] * named][:named]
        return number, tuple(text or f"column_{at}" for at, text in enumerate(texts, 1))


def _without_blanks(texts: list[str]) -> list[str]:
    """The texts of a row, but for empty ones at its end."""
    filled = [at for at, text in enumerate(texts, 1) if text]
    return texts[: filled[-1] if filled else 0]


class _Notes:
    """What is to be known of the cells of a sheet, row by row beside the rows."""

    def __init__(self, path: str, sheet: str) -> None:
        self._notes = cell_notes(path, sheet)
        self._next = next(self._notes, None)

    def apply(
        self, row: int, start: int, cells: Sequence[Any], texts: list[str]
    ) -> dict[int, tuple[str, str]]:
        """Show the numbers of a row by their formats; what shows no value, by column: what it shows, and why."""
        while self._next is not None and self._next[0] < row:
            self._next = next(self._notes, None)
        if self._next is None or self._next[0] != row:
            return {}
        wrong: dict[int, tuple[str, str]] = {}
        for column, note in self._next[1].items():
            at = column - start
            if not 0 <= at < len(texts):
                continue
            cell = cells[at]
            if note.code and isinstance(cell, int | float) and not isinstance(cell, bool):
                texts[at] = shown_number(cell, note.code) or texts[at]
            elif note.error:
                wrong[at] = note.error, f"shows the error {note.error}"
            elif note.has_no_value:
                wrong[at] = "", "has a formula without a saved value: open the workbook once and save it"
        return wrong


def shown_cell(cell: Any) -> str:
    """A cell as text, as a sheet shows it without a format of its own."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < 10**_EXCEL_DIGITS
        return str(int(cell)) if whole else f"{cell:.{_EXCEL_DIGITS}g}".replace("e", "E")
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.timedelta):
        seconds = round(cell.total_seconds())
        hours, rest = divmod(abs(seconds), 3600)
        return f"{'-' if seconds < 0 else ''}{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)
