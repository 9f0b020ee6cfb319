"""Results as CSV, joined with the columns of their source, guarded against formulas.

A cell that begins with = + - @, a tab or a newline is run by spreadsheets as a formula (OWASP ASVS 1.2.10): it gets a
leading apostrophe unless the exact text is asked for. Numbers are never guarded.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import msgspec

COLUMNS = (
    "id",
    "custom_id",
    "status",
    "response",
    "error",
    "stop_reason",
    "input_tokens",
    "output_tokens",
)
_DANGEROUS = tuple("=+-@\t\r\n\0＝＋－＠")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


class ExportedRow(msgspec.Struct, frozen=True):
    """One line: our columns, and those of the source row where it is known."""

    values: tuple[str | int, ...]
    source: dict[str, Any]


def write(
    rows: Iterable[ExportedRow], out: BinaryIO, *, source_columns: Sequence[str], raw: bool
) -> tuple[int, int]:
    """Write a head and the rows; how many rows, and how many cells were guarded.

    A source column that is called like one of ours is written as `source.NAME`.
    """
    text = io.TextIOWrapper(out, encoding="utf-8", errors="backslashreplace", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    heads = [f"source.{name}" if name in COLUMNS else name for name in source_columns]
    writer.writerow([*COLUMNS, *(head if raw else guarded(head) for head in heads)])
    count = guards = 0
    for row in rows:
        cells = [
            _cell(value) for value in (*row.values, *(row.source.get(name, "") for name in source_columns))
        ]
        if not raw:
            safe = [guarded(cell) if isinstance(cell, str) else cell for cell in cells]
            guards += sum(a != b for a, b in zip(cells, safe, strict=True))
            cells = safe
        writer.writerow(cells)
        count += 1
    text.flush()
    text.detach()
    return count, guards


def guarded(cell: str) -> str:
    """The cell with a leading apostrophe where a spreadsheet would run it; plain numbers stay numbers."""
    if cell.startswith(_DANGEROUS) and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def _cell(value: Any) -> str | int:
    if isinstance(value, str):
        return value.replace("\0", "␀")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
