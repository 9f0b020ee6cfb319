"""Which kind of source a path is, and the source that a `BuildSpec` names, opened for reading rows."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Iterator
from pathlib import Path

import msgspec

from claude_batch_tui.errors import SourceError
from claude_batch_tui.nesting import UNREADABLE
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
    ".json": "json",
    ".parquet": "parquet",
    ".py": "custom",
}
_HEAD_BYTES = 1 << 20


class _Ready(msgspec.Struct):
    custom_id: msgspec.Raw
    params: msgspec.Raw


def guess_kind(path: str) -> SourceKind:
    """The kind of source at `path`; text where nothing else is plain. A folder and a pattern are documents."""
    suffix = Path(path).suffix.lower()
    if suffix in {".jsonl", ".ndjson"}:
        return "jsonl" if _is_ready(path) else "json"
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if Path(path).is_dir() or (glob.has_magic(path) and not Path(path).exists()):
        return "documents"
    return "text"


def _is_ready(path: str) -> bool:
    """True where the first line is a ready request, or cannot be looked at."""
    try:
        with Path(path).open("rb") as file:
            line = file.readline(_HEAD_BYTES)
        if not line.strip() or len(line) == _HEAD_BYTES:
            return True
        msgspec.json.decode(line, type=_Ready)
    except msgspec.ValidationError:
        return False
    except (OSError, *UNREADABLE):
        pass
    return True


@contextlib.contextmanager
def open_rows(spec: BuildSpec, patience: Patience = USUAL) -> Iterator[RowSource]:
    """Rows of every kind but ready requests; a query has some `patience`. Raises SourceError or ConfigError where there are none to be had."""
    if spec.path == "-" and spec.kind in {"documents", "sqlite", "parquet", "custom"}:
        raise SourceError(
            f"standard input: a source of kind {spec.kind} is a path, not a stream. Name a file."
        )
    # Imported by kind: a CSV needs neither a database nor a JSON parser.
    if spec.kind == "documents":
        from claude_batch_tui.sources.documents import DocumentsSource

        yield DocumentsSource(spec.path)
    elif spec.kind == "parquet":
        from claude_batch_tui.sources.tables import ParquetSource

        yield ParquetSource(spec.path)
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
