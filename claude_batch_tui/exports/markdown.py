"""Results to be read: a section an entry, with its figures, its source row and its answer as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.exports import table
from claude_batch_tui.exports.table import Column, Values, Writer

_encode = msgspec.json.Encoder().encode


class Markdown(Writer):
    """A title, and a section an entry."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column], *, title: str) -> None:
        self._out = out
        self._names = [_cell(column.name) for column in columns[len(table.OURS) :]]
        out.write(f"# {_cell(title)}\n".encode())

    def write(self, rows: Sequence[Any]) -> None:
        """Write the sections."""
        self._out.writelines(self._section(row).encode() for row in rows)

    def _section(self, row: Values) -> str:
        pieces = [f"## {_cell(row[table.ID] or row[table.CUSTOM_ID] or '(no custom_id)')}", _figures(row)]
        values = row[len(table.OURS) :]
        if any(value is not None for value in values):
            pieces.append(
                "\n".join(
                    ["| column | value |", "|---|---|"]
                    + [
                        f"| {name} | {_cell(value)} |"
                        for name, value in zip(self._names, values, strict=True)
                    ]
                )
            )
        if row[table.ERROR]:
            pieces.append("> " + row[table.ERROR].replace("\n", "\n> "))
        if row[table.RESPONSE]:
            pieces.append(row[table.RESPONSE])
        return "\n---\n\n" + "\n\n".join(pieces) + "\n"


def _figures(row: Values) -> str:
    figures = [row[table.STATUS], row[table.STOP_REASON], row[table.MODEL]]
    if row[table.INPUT_TOKENS] is not None:
        figures.append(f"{row[table.INPUT_TOKENS]:,} in")
    if row[table.OUTPUT_TOKENS] is not None:
        figures.append(f"{row[table.OUTPUT_TOKENS]:,} out")
    if row[table.COST]:
        figures.append(f"${row[table.COST]:.6f}")
    return " · ".join(clean_line(str(figure)) for figure in figures if figure)


def _cell(value: Any) -> str:
    """A value in one line of a table or a heading."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else _encode(value).decode()
    return clean_line(text.replace("\r\n", "\n").replace("\n", "<br>").replace("|", "\\|"))
