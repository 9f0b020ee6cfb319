"""Taking results away: a selection of entries as JSON lines or CSV, to a file written whole or to a stream."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.domain.result import Result
from claude_batch_tui.errors import ExportError
from claude_batch_tui.exports import csv, jsonl
from claude_batch_tui.services.browse import RowsFile
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results_file import ResultsFile, decode

FORMATS = ("jsonl", "csv")


class Exported(msgspec.Struct, frozen=True):
    """How many entries were written, and how many CSV cells were guarded against formulas."""

    entries: int
    guarded: int = 0


def export(
    results: ResultsFile,
    positions: Sequence[int],
    out: BinaryIO,
    *,
    kind: str,
    rows: RowsFile | None = None,
    raw: bool = False,
) -> Exported:
    """Write the entries at `positions` in that order; CSV in the source's order where the rows are known."""
    if kind == "jsonl":
        return Exported(jsonl.write((results.line(position) for position in positions), out))
    columns: tuple[str, ...] = ()
    if rows is not None:
        positions = _in_source_order(results, positions, rows)
        columns = rows.columns()
    written, guards = csv.write(_rows(results, positions, rows), out, source_columns=columns, raw=raw)
    return Exported(written, guards)


@contextlib.contextmanager
def opened(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file to export to, which gets its name when it is whole. Raises ExportError with what to do."""
    if path.is_dir():
        raise ExportError(f"{path} is a folder: name a file in it.")
    if path.exists() and not force:
        raise ExportError(f"{path} is there already: choose another name, or overwrite it with --force.")
    try:
        with written_whole(path) as file:
            yield file
    except OSError as error:
        raise ExportError(f"Cannot write {path}: {error.strerror or error}.") from error


def _rows(results: ResultsFile, positions: Sequence[int], rows: RowsFile | None) -> Iterator[csv.ExportedRow]:
    for position in positions:
        result = decode(results.line(position))
        custom_id = results.index.custom_id(position)
        row = rows.find(custom_id) if rows is not None else None
        yield csv.ExportedRow(
            _values(result, custom_id, row.id if row else custom_id), row.row if row else {}
        )


def _values(result: Result, custom_id: str, own_id: str) -> tuple[str | int, ...]:
    usage = result.message.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    kind, message = result.error
    return (
        own_id,
        custom_id,
        result.outcome,
        result.text,
        f"{kind}: {message}" if kind or message else "",
        str(result.message.get("stop_reason") or ""),
        _tokens(usage, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
        _tokens(usage, "output_tokens"),
    )


def _tokens(usage: dict[str, object], *names: str) -> str | int:
    numbers = [value for name in names if isinstance(value := usage.get(name), int)]
    return sum(numbers) if numbers else ""


def _in_source_order(results: ResultsFile, positions: Sequence[int], rows: RowsFile) -> list[int]:
    """Positions sorted by the line of their row; entries without a row come last, in file order."""
    place = {custom_id: number for number, custom_id in enumerate(rows.order)}
    last = len(place)
    return sorted(positions, key=lambda position: place.get(results.index.custom_id(position), last))
