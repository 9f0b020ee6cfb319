"""Where an export goes: a file or folder that gets its name when it is whole, a database, or a stream."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.errors import ExportError
from claude_batch_tui.exports import answer_files, parquet, xlsx
from claude_batch_tui.exports.csv import Csv
from claude_batch_tui.exports.formats import Format
from claude_batch_tui.exports.jsonl import FlatArray, FlatLines, UnchangedLines
from claude_batch_tui.exports.markdown import Markdown
from claude_batch_tui.exports.table import Column, Writer
from claude_batch_tui.store.files import (
    named_when_whole,
    refusals_told,
    remove_abandoned,
    written_whole,
)


class Options(msgspec.Struct, frozen=True):
    """How to export. `spread` makes columns of the keys of structured answers; `csv_raw` leaves cells exact.

    `excel` marks CSV as UTF-8 for Excel. `columns` are all there are, in their order, where some are named: columns of the export, or paths such as
    `json.label`. `force` replaces a file that is there; `title` is the first line of Markdown. `runs` are the batches of
    each run that has one answer for an id: a database keeps none of another of them.
    """

    form: Format
    spread: bool = False
    columns: tuple[str, ...] = ()
    csv_raw: bool = False
    excel: bool = False
    force: bool = False
    title: str = "Results"
    runs: tuple[tuple[str, ...], ...] = ()


def check_target(target: Path, options: Options, hint: str = "") -> None:
    """Raise ExportError where writing there would destroy something, ConfigError where a library is missing.

    `hint` says how to replace what is there.
    """
    name = options.form.name
    if name in _LIBRARIES:
        _LIBRARIES[name]()
    if not target.parent.is_dir():
        raise ExportError(f"There is no folder {target.parent}: create it first.")
    if name == "folder":
        _check_folder(target, hint, force=options.force)
    elif target.is_dir():
        raise ExportError(f"{target} is a folder: name a file in it.")
    elif target.exists() and name != "sqlite" and not options.force:
        raise ExportError(f"{target} is there already: choose another name{hint}.")


_LIBRARIES = {"parquet": parquet.require, "xlsx": xlsx.require}
"""What raises ConfigError where the library of a format is missing."""


@contextlib.contextmanager
def writer_to(target: Path | BinaryIO, options: Options, columns: Sequence[Column]) -> Iterator[Writer]:
    """A writer of the format. What it wrote is there at the end of the block, all of it or nothing.

    Raises ExportError where the disk refuses.
    """
    if not isinstance(target, Path):
        with contextlib.closing(_stream_writer(target, options, columns)) as writer:
            yield writer
        return
    check_target(target, options)
    with refusals_told(target, ExportError):
        remove_abandoned(target)
        match options.form.name:
            case "folder":
                opened = _folder(target, columns)
            case "sqlite":
                opened = _database(target, columns, options.runs)
            case _:
                opened = _file(target, options, columns)
        with opened as writer:
            yield writer


@contextlib.contextmanager
def _file(target: Path, options: Options, columns: Sequence[Column]) -> Iterator[Writer]:
    with (
        written_whole(target, ExportError) as file,
        contextlib.closing(_stream_writer(file, options, columns)) as writer,
    ):
        yield writer


@contextlib.contextmanager
def _folder(target: Path, columns: Sequence[Column]) -> Iterator[Writer]:
    with named_when_whole(target, ExportError, replaces_folder=_holds_something(target)) as part:
        part.mkdir(mode=0o700)
        with contextlib.closing(answer_files.AnswerFiles(part, columns)) as writer:
            yield writer
        os.sync()  # once for all: a sync for each of 100,000 files takes minutes


def _stream_writer(out: BinaryIO, options: Options, columns: Sequence[Column]) -> Writer:
    match options.form.name:
        case "jsonl":
            return UnchangedLines(out)
        case "flat":
            return FlatLines(out, columns)
        case "json":
            return FlatArray(out, columns)
        case "csv":
            return Csv(out, columns, raw=options.csv_raw, excel=options.excel)
        case "parquet":
            return parquet.Parquet(out, columns)
        case "xlsx":
            return xlsx.Xlsx(out, columns)
        case "markdown":
            return Markdown(out, columns, title=options.title)
        case name:
            raise ExportError(f"{name} needs a place of its own: say -o {name}{options.form.endings[0]}")


@contextlib.contextmanager
def _database(target: Path, columns: Sequence[Column], runs: Sequence[Sequence[str]]) -> Iterator[Writer]:
    """The table of a database that is there, or of a new one that gets its name when it is whole."""
    from claude_batch_tui.exports.sqlite import opened  # 10 ms that other formats need not pay

    if target.exists():
        with opened(target, columns, target, runs) as writer:
            yield writer
        return
    with named_when_whole(target, ExportError) as part:
        try:
            with opened(part, columns, target) as writer:
                yield writer
            part.chmod(0o600)
        finally:
            part.with_name(f"{part.name}-journal").unlink(missing_ok=True)


def _check_folder(target: Path, hint: str, *, force: bool) -> None:
    if not target.exists() or (target.is_dir() and not _holds_something(target)):
        return
    if not target.is_dir():
        raise ExportError(f"{target} is a file: name a folder.")
    if not answer_files.is_ours(target):
        raise ExportError(f"{target} holds files that no export has put there: name a new folder.")
    if not force:
        raise ExportError(f"{target} is there already: choose another name{hint}.")


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and next(folder.iterdir(), None) is not None
