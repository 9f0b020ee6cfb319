"""Results as a sheet of Excel, where XlsxWriter is installed: texts as texts, numbers as numbers, no cell a formula."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.errors import ConfigError, ExportError
from claude_batch_tui.exports.table import Column, Values, Writer

_EXACT = 2**53
"""Whole numbers up to here are exact in a cell; larger ones become texts."""
_encode = msgspec.json.Encoder().encode


class Xlsx(Writer):
    """One sheet, `results`: a head, and a row an entry. Rows wait in a temporary file, so memory stays flat."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column]) -> None:
        """Raises ConfigError where XlsxWriter is missing."""
        library = require()
        self._held = contextlib.ExitStack()
        folder = self._held.enter_context(tempfile.TemporaryDirectory(prefix="cbtui-xlsx-"))
        self._book = library.Workbook(out, {"constant_memory": True, "tmpdir": folder, "use_zip64": True})
        self._sheet = self._book.add_worksheet("results")
        self._held.callback(self._sheet.row_data_fh.close)
        self._sheet.freeze_panes(1, 0)
        self._names = [column.name for column in columns]
        self._put(0, self._names)
        self._rows = 0

    def write(self, rows: Sequence[Any]) -> None:
        """Write the rows. Raises ExportError where a sheet or a cell cannot hold them."""
        for row in rows:
            self._rows += 1
            self._put(self._rows, row)

    def finish(self) -> None:
        """Write the file. Raises OSError where the disk refuses."""
        from xlsxwriter.exceptions import FileCreateError

        try:
            self._book.close()
        except FileCreateError as error:
            raise error.args[0] if isinstance(error.args[0], OSError) else error from None

    def close(self) -> None:
        """Remove the temporary file."""
        self._held.close()

    def _put(self, at: int, row: Values) -> None:
        sheet = self._sheet
        for column, value in enumerate(row):
            match value:
                case None | "":
                    continue
                case str():
                    refused = sheet.write_string(at, column, value)
                case bool():
                    refused = sheet.write_boolean(at, column, value)
                case float() | int() if abs(value) <= _EXACT:
                    refused = sheet.write_number(at, column, value)
                case int():
                    refused = sheet.write_string(at, column, str(value))
                case _:
                    refused = sheet.write_string(at, column, _encode(value).decode())
            if refused:
                raise ExportError(self._too_much(refused, row, column))

    def _too_much(self, refused: int, row: Values, column: int) -> str:
        if refused == -1:
            return (
                "A sheet holds 1,048,576 rows of 16,384 columns, and these are more: choose fewer with --where, "
                "--limit or --columns, or another format, e.g. Parquet."
            )
        own_id = row[self._names.index("custom_id")] if "custom_id" in self._names else row[0]
        return (
            f"{self._names[column]!r} of {own_id} is longer than the 32,767 characters that a cell of a spreadsheet holds: "
            "export to another format, e.g. Parquet or SQLite, or leave the column out with --columns."
        )


def require() -> Any:
    """XlsxWriter. Raises ConfigError with what to do where it is missing."""
    try:
        import xlsxwriter  # an extra: most need no sheet
    except ImportError as error:
        raise ConfigError(
            "Writing Excel sheets needs XlsxWriter: pip install 'claude-batch-tui[spreadsheet]'."
        ) from error
    return xlsxwriter
