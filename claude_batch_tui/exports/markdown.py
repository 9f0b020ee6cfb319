"""Results to be read: a section an entry, with its figures, its source row and its answer as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.exports.table import (
    COST,
    CUSTOM_ID,
    ERROR,
    ID,
    INPUT_TOKENS,
    MODEL,
    OURS,
    OUTPUT_TOKENS,
    RESPONSE,
    STATUS,
    STOP_REASON,
    Column,
    Values,
    Writer,
)

_encode = msgspec.json.Encoder().encode


class Markdown(Writer):
    """A title, and a section an entry."""

    def __init__(self, out: BinaryIO, columns: Sequence[Column], *, title: str) -> None:
        self._out = out
        self._names = [_cell(column.name) for column in columns[len(OURS) :]]
        out.write(f"# {_cell(title)}\n".encode())

    def write(self, rows: Sequence[Any]) -> None:
        """Write the sections."""
        self._out.writelines(self._section(row).encode() for row in rows)

    def _section(self, row: Values) -> str:
        pieces = [f"## {_cell(row[ID] or row[CUSTOM_ID] or '(no custom_id)')}", _figures(row)]
        values = row[len(OURS) :]
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
        if row[ERROR]:
            pieces.append("> " + row[ERROR].replace("\n", "\n> "))
        if row[RESPONSE]:
            pieces.append(row[RESPONSE])
        return "\n---\n\n" + "\n\n".join(pieces) + "\n"


def _figures(row: Values) -> str:
    figures = [row[STATUS], row[STOP_REASON], row[MODEL]]
    if row[INPUT_TOKENS] is not None:
        figures.append(f"{row[INPUT_TOKENS]:,} in")
    if row[OUTPUT_TOKENS] is not None:
        figures.append(f"{row[OUTPUT_TOKENS]:,} out")
    if row[COST]:
        figures.append(f"${row[COST]:.6f}")
    return " · ".join(clean_line(str(figure)) for figure in figures if figure)


def _cell(value: Any) -> str:
    """A value in one line of a table or a heading."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else _encode(value).decode()
    return clean_line(text.replace("\r\n", "\n").replace("\n", "<br>").replace("|", "\\|"))
