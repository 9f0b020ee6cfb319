"""Where an export goes: a file or folder that gets its name when it is whole, a database, or a stream."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from claude_batch_tui.errors import ExportError
from claude_batch_tui.exports import answer_files
from claude_batch_tui.exports.csv import Csv
from claude_batch_tui.exports.formats import Format
from claude_batch_tui.exports.jsonl import FlatArray, FlatLines, UnchangedLines
from claude_batch_tui.exports.markdown import Markdown
from claude_batch_tui.exports.parquet import Parquet, require
from claude_batch_tui.exports.table import Column, Writer
from claude_batch_tui.store.files import folder_written_whole, sync_folder, written_whole


class Options(msgspec.Struct, frozen=True):
    """How to export. `spread` makes columns of the keys of structured answers; `csv_raw` leaves cells exact.

    `force` replaces a file that is there; `title` is the first line of Markdown.
    """

    form: Format
    spread: bool = False
    csv_raw: bool = False
    force: bool = False
    title: str = "Results"


def check_target(target: Path, options: Options, hint: str = "") -> None:
    """Raise ExportError where writing there would destroy something, ConfigError where a library is missing.

    `hint` says how to replace what is there.
    """
    name = options.form.name
    if name == "parquet":
        require()
    if not target.parent.is_dir():
        raise ExportError(f"There is no folder {target.parent}: create it first.")
    if name == "folder":
        _check_folder(target, hint, force=options.force)
    elif target.is_dir():
        raise ExportError(f"{target} is a folder: name a file in it.")
    elif target.exists() and name != "sqlite" and not options.force:
        raise ExportError(f"{target} is there already: choose another name{hint}.")


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
    try:
        _sweep(target)
        match options.form.name:
            case "folder":
                with (
                    folder_written_whole(target, replaces=_holds_something(target)) as folder,
                    contextlib.closing(answer_files.AnswerFiles(folder, columns)) as writer,
                ):
                    yield writer
            case "sqlite":
                with _database(target, columns) as writer:
                    yield writer
            case _:
                with (
                    written_whole(target) as file,
                    contextlib.closing(_stream_writer(file, options, columns)) as writer,
                ):
                    yield writer
    except OSError as error:
        raise ExportError(f"Cannot write {target}: {error.strerror or error}.") from error


def _stream_writer(out: BinaryIO, options: Options, columns: Sequence[Column]) -> Writer:
    match options.form.name:
        case "jsonl":
            return UnchangedLines(out)
        case "flat":
            return FlatLines(out, columns)
        case "json":
            return FlatArray(out, columns)
        case "csv":
            return Csv(out, columns, raw=options.csv_raw)
        case "parquet":
            return Parquet(out, columns)
        case "markdown":
            return Markdown(out, columns, title=options.title)
        case name:
            raise ExportError(f"{name} needs a place of its own: say -o {name}{options.form.endings[0]}")


@contextlib.contextmanager
def _database(target: Path, columns: Sequence[Column]) -> Iterator[Writer]:
    """The table of a database that is there, or of a new one that gets its name when it is whole."""
    from claude_batch_tui.exports.sqlite import opened  # 10 ms that other formats need not pay

    if target.exists():
        with opened(target, columns) as writer:
            yield writer
        return
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        with opened(part, columns) as writer:
            yield writer
        part.chmod(0o600)
        part.replace(target)
        sync_folder(target.parent)
    except BaseException:
        for path in (part, part.with_name(f"{part.name}-journal")):
            path.unlink(missing_ok=True)
        raise


def _sweep(target: Path) -> None:
    """Remove what exports of the same name have left whose processes were killed."""
    ours = re.compile(rf"{re.escape(target.name)}\.(\d+)\.part(?:-journal)?")
    for part in target.parent.iterdir():
        found = ours.fullmatch(part.name)
        if found and not _lives(int(found[1])):
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


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
