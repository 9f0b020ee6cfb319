"""Any table of the user as a rows file: its rows are joined by the column that holds the ids of the requests."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.errors import SourceError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.sources.custom_ids import clean_id
from claude_batch_tui.sources.open_rows import guess_kind, open_rows
from claude_batch_tui.sources.recipe import BuildSpec, SourceKind
from claude_batch_tui.sources.rows import BadRow, Row, as_cell, list_columns, text_of, written
from claude_batch_tui.store.files import cache_name, written_whole

_KINDS: Final[dict[SourceKind, SourceKind]] = {
    **{kind: kind for kind in ("csv", "json", "parquet", "spreadsheet", "sqlite")},
    "text": "csv",
}
_USUAL: Final = ("custom_id", "id")
"""What a column of ids is called, where several could be it."""
_encode = msgspec.json.Encoder(enc_hook=str).encode


def require_rows(path: Path) -> None:
    """Raise SourceError where there are no rows to be had: for whoever wants to know before the ids are there."""
    if _is_own(path):
        RowsFile(path)
        return
    with open_rows(_spec(path)) as source:
        _ = source.columns


def rows_of(path: Path, ids: Collection[str], cache: Path) -> Path:
    """A rows file with the rows of any table: `path` itself where it is one, else one that is made in `cache`.

    The column that holds most of `ids`, the custom_ids of requests or of results, says whose row each is: as it stands
    there, or as `cbtui build` cleans it. For a thread. Raises SourceError where none does, and where an id is there twice.
    """
    if _is_own(path):
        return path
    key = _id_column(path, ids)
    made = cache / f"{cache_name(f'rows 1 {key}', path)}.rows.jsonl"
    if not made.exists():
        _write(path, key, ids, made)
    return made


def rows_in_order(path: Path, ids: Collection[str], cache: Path) -> Path:
    """The same with one row for each of `ids`, in their order. Raises SourceError where one has none."""
    rows = RowsFile(rows_of(path, ids, cache))
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    ordered = cache / f"{digest[:32]}.ordered.rows.jsonl"
    with written_whole(ordered, SourceError) as file:
        for custom_id in ids:
            row = rows.find(custom_id)
            if row is None:
                raise SourceError(f"{path} has no row for {custom_id}. Every request needs one.")
            file.write(_encode(row) + b"\n")
    return ordered


def _is_own(path: Path) -> bool:
    """Whether a file begins as `cbtui build` writes rows. Raises SourceError where it cannot be read."""
    try:
        with path.open("rb") as file:
            first = next((line for line in file if line.strip()), b"")
    except OSError as error:
        raise SourceError(f"Cannot read the rows file {path}: {error.strerror}.") from error
    try:
        msgspec.json.decode(first, type=SourceRow)
    except UNREADABLE:
        return False
    return True


def _spec(path: Path) -> BuildSpec:
    """How to read a table. Raises SourceError for what is none."""
    kind = guess_kind(str(path))
    if kind == "jsonl" or kind not in _KINDS:
        what = "holds requests: name it with --sent" if kind == "jsonl" else "is no table"
        raise SourceError(f"{path} {what}. Rows are a CSV or JSON Lines file with a column of ids.")
    return BuildSpec(kind=_KINDS[kind], path=str(path))


def _row(path: Path, row: Row | BadRow) -> dict[str, Any]:
    """The values of a row. Raises SourceError where it is a bad one."""
    if not isinstance(row, Row):
        raise SourceError(f"{path}, line {row.line}: {row.message}.")
    return row.values


def _id_column(path: Path, ids: Collection[str]) -> str:
    """The column that holds most of `ids`. Raises SourceError where none holds any, or several do and differ."""
    found: dict[str, set[str]] = {}
    with open_rows(_spec(path)) as source:
        for row in source.rows():
            for name, value in _row(path, row).items():
                if custom_id := _custom_id(as_cell(value), ids):
                    found.setdefault(name, set()).add(custom_id)
        columns = source.columns
    if not found:
        first = next(iter(ids), None)
        looked_for = f" (the first is {first})" if first else ""
        raise SourceError(
            f"No column of {path} holds an id of these requests{looked_for}, so no row can be joined. "
            f"Its columns: {list_columns(columns)}."
        )
    most = max(map(len, found.values()))
    best = [name for name, held in found.items() if len(held) == most]
    named = [name for own in _USUAL for name in best if name.strip().casefold() == own]
    if not named and not _are_equal(path, best):
        raise SourceError(
            f"Several columns of {path} hold the ids of these requests, in other rows each: {list_columns(best)}. Name the "
            "one that says whose row it is `id`, or leave the others out."
        )
    return (named or best)[0]


def _are_equal(path: Path, columns: Sequence[str]) -> bool:
    """Whether these columns have one value in every row."""
    if len(columns) == 1:
        return True
    with open_rows(_spec(path)) as source:
        rows = (_row(path, row) for row in source.rows())
        return all(len({as_cell(values.get(name, "")) for name in columns}) == 1 for values in rows)


def _custom_id(own: str, ids: Collection[str]) -> str | None:
    """The custom_id that a value of the id column stands for; None where nobody has it."""
    if own in ids:
        return own
    return cleaned if own and (cleaned := clean_id(own)) in ids else None


def _write(path: Path, key: str, ids: Collection[str], made: Path) -> None:
    made.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines: dict[str, int] = {}
    with open_rows(_spec(path)) as source, written_whole(made, SourceError) as file:
        for row in source.rows():
            values = _row(path, row)
            own = text_of(values, key, f"{path}, line {row.line}")
            if not own:
                continue
            custom_id = _custom_id(own, ids) or clean_id(own)
            if (before := lines.setdefault(custom_id, row.line)) != row.line:
                raise SourceError(
                    f"{path}, line {row.line}: the id {own!r} is on line {before}, too. Ids are to be unique."
                )
            plain = {name: written(value) for name, value in values.items()}
            file.write(_encode(SourceRow(custom_id, own, path.name, row.line, plain)) + b"\n")
