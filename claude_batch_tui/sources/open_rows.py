"""The source that a `BuildSpec` names, opened for reading rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources.csv import CsvSource
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.rows import RowSource
from claude_batch_tui.sources.source_file import open_source
from claude_batch_tui.sources.text import TextSource


@contextlib.contextmanager
def open_rows(spec: BuildSpec) -> Iterator[RowSource]:
    """Rows of every kind but ready requests. Raises SourceError or ConfigError where there are none to be had."""
    if spec.path == "-" and spec.kind in {"documents", "sqlite", "parquet", "custom"}:
        raise SourceError(
            f"standard input: a source of kind {spec.kind} is a path, not a stream. Name a file."
        )
    # Imported by kind: a CSV needs neither a database nor a JSON parser.
    if spec.kind == "documents":
        from claude_batch_tui.sources.documents import DocumentsSource

        yield DocumentsSource(spec.path)
    elif spec.kind == "parquet":
        from claude_batch_tui.sources.parquet import ParquetSource

        yield ParquetSource(spec.path)
    elif spec.kind == "sqlite":
        from claude_batch_tui.sources.sqlite import SqliteSource

        with contextlib.closing(SqliteSource(spec.path, spec.query)) as database:
            yield database
    else:
        with open_source(spec.path, spec.encoding, guess=spec.kind != "json") as file:
            if spec.kind == "json":
                from claude_batch_tui.sources.json import JsonSource

                yield JsonSource(file, spec.at)
            elif spec.kind == "text":
                yield TextSource(file, spec.split_by, spec.separator)
            else:
                yield CsvSource(file, spec.delimiter)
