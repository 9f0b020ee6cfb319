"""Which kind of source a path is, and the source that a `BuildSpec` names, opened for reading rows."""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from claude_batch_tui.errors import CbtuiError, SourceError
from claude_batch_tui.sources.csv import CsvSource
from claude_batch_tui.sources.patience import USUAL, Patience
from claude_batch_tui.sources.recipe import BuildSpec, SourceKind
from claude_batch_tui.sources.rows import RowSource
from claude_batch_tui.sources.source_file import as_utf8, open_source
from claude_batch_tui.sources.text import TextSource

_BY_SUFFIX: dict[str, SourceKind] = {
    **dict.fromkeys((".csv", ".tsv", ".tab"), "csv"),
    **dict.fromkeys((".txt", ".md", ".text", ".log"), "text"),
    **dict.fromkeys((".db", ".sqlite", ".sqlite3"), "sqlite"),
    **dict.fromkeys((".pdf", ".png", ".jpg", ".jpeg", ".gif", ".webp"), "documents"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), "spreadsheet"),
    **dict.fromkeys((".html", ".htm", ".docx"), "documents"),
    ".parquet": "parquet",
    ".py": "custom",
}
_LOOKED_AT = 50
_PARTITION = re.compile(r"\w+=.*")
"""A folder of a partitioned table: `year=2026`."""


def guess_kind(path: str) -> SourceKind:
    """The kind of source at `path`; text where nothing else is plain. A folder and a pattern are documents, but for Parquet."""
    suffix = Path(path).suffix.lower()
    if suffix in {".jsonl", ".ndjson", ".json"}:
        return "jsonl" if _is_ready(path) else "json"
    if suffix == ".parquet" or is_parquet_folder(path):
        return "parquet"
    if glob.has_magic(path) and not Path(path).exists():
        return "documents"
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    return "documents" if Path(path).is_dir() else "text"


def names_text(path: str) -> bool:
    """Whether a name says by its ending that it is text; `guess_kind` takes for text what says nothing, too."""
    return _BY_SUFFIX.get(Path(path).suffix.lower()) == "text"


def is_parquet_folder(path: str) -> bool:
    """True where the first files of a folder are Parquet files, as Spark and others write tables."""
    try:
        with os.scandir(path) as entries:
            names = [entry.name for entry in islice(entries, _LOOKED_AT) if entry.name[:1] not in {".", "_"}]
    except OSError:
        return False
    return bool(names) and all(name.endswith(".parquet") or _PARTITION.fullmatch(name) for name in names)


def _is_ready(path: str) -> bool:
    """True where the file holds ready requests, or request lines of another platform, or cannot be looked at."""
    from claude_batch_tui.sources.ready import holds_requests  # only JSON is looked into

    try:
        with open_source(path) as file:
            return holds_requests(file)
    except (CbtuiError, OSError):
        return Path(path).suffix.lower() != ".json"


@contextlib.contextmanager
def open_rows(spec: BuildSpec, patience: Patience = USUAL) -> Iterator[RowSource]:
    """Rows of every kind but ready requests; a query has some `patience`. Raises SourceError or ConfigError where there are none to be had."""
    if spec.path == "-" and spec.kind in {"documents", "sqlite", "parquet", "spreadsheet", "custom"}:
        raise SourceError(
            f"standard input: a source of kind {spec.kind} is a path, not a stream. Name a file."
        )
    # Imported by kind: a CSV needs neither a database nor a JSON parser.
    if spec.kind == "documents":
        from claude_batch_tui.sources.documents import DocumentsSource

        yield DocumentsSource(spec.path, spec.encoding)
    elif spec.kind == "parquet":
        from claude_batch_tui.sources.tables import ParquetSource

        yield ParquetSource(spec.path)
    elif spec.kind == "spreadsheet":
        from claude_batch_tui.sources.sheets import SheetSource

        with contextlib.closing(SheetSource(spec.path, spec.sheet, spec.skip_lines)) as workbook:
            yield workbook
    elif spec.kind == "sqlite":
        from claude_batch_tui.sources.tables import SqliteSource

        with contextlib.closing(SqliteSource(spec.path, spec.query, patience)) as database:
            yield database
    else:
        with open_source(spec.path, spec.encoding, guess=True) as file:
            if spec.kind == "json":
                from claude_batch_tui.sources.json import JsonSource

                with as_utf8(file) as converted:
                    yield JsonSource(converted, spec.at, nan=spec.nan, surrogates=spec.surrogates)
            elif spec.kind == "text":
                yield TextSource(file, spec.split_by, spec.separator)
            else:
                yield CsvSource(
                    file,
                    spec.delimiter,
                    quote=spec.quote,
                    escape=spec.escape,
                    skip_lines=spec.skip_lines,
                    no_header=spec.no_header,
                    ragged=spec.ragged,
                )
