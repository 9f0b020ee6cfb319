"""Rows packed for a format where they are made, which may be another process than that which writes the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from claude_batch_tui.exports.csv import CsvRows
from claude_batch_tui.exports.jsonl import FlatRows
from claude_batch_tui.exports.table import Column, Packed, Values, packed_values


def packing(form: str, columns: Sequence[Column], *, csv_raw: bool) -> Callable[[Sequence[Values]], Packed]:
    """What packs rows of these columns for the writer of the format of that name."""
    if form == "csv":
        return CsvRows(columns, raw=csv_raw).pack
    if form in ("flat", "json"):
        return FlatRows(columns).pack
    return packed_values
