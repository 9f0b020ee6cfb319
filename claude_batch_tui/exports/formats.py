"""The formats results are exported in, which one a file's ending asks for, and ids as names of files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from claude_batch_tui.errors import ConfigError

_UNSAFE = re.compile(r"[^\w.-]+")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|index)(?:\..*)?", re.IGNORECASE)
"""Names Windows keeps for devices, and that of the index."""
_LONGEST = 100
"""Bytes of a name before its ending; file systems take 255, archives and clouds less."""


class Format(msgspec.Struct, frozen=True):
    """One format. `streams` is False where it needs a place of its own on disk; `is_table` is True where any columns
    do. The first ending is the usual one.
    """

    name: str
    endings: tuple[str, ...]
    words: str
    streams: bool = True
    is_text: bool = True
    is_table: bool = False


FORMATS = (
    Format("jsonl", (".jsonl",), "the API's own lines, unchanged"),
    Format(
        "flat",
        (".flat.jsonl", ".ndjson"),
        "JSON lines: id, status, response, error, tokens, cost",
        is_table=True,
    ),
    Format("json", (".json",), "the same objects as one JSON array", is_table=True),
    Format("csv", (".csv",), "a table, guarded against formulas", is_table=True),
    Format(
        "sqlite", (".sqlite", ".sqlite3", ".db"), "the table batch_results; again: replaced", streams=False
    ),
    Format("parquet", (".parquet",), "typed columns (needs pyarrow)", is_text=False, is_table=True),
    Format("xlsx", (".xlsx",), "a sheet of Excel (needs XlsxWriter)", is_text=False, is_table=True),
    Format("markdown", (".md", ".markdown"), "to read: a section an answer"),
    Format("folder", ("/",), "a file an answer, and index.jsonl", streams=False),
)
NAMES = tuple(one.name for one in FORMATS)
_BY_ENDING = dict(
    sorted(((ending, one) for one in FORMATS for ending in one.endings), key=lambda pair: -len(pair[0]))
)
"""The longest endings first: `.flat.jsonl` is no `.jsonl`."""


def format_called(name: str) -> Format:
    """The format of that name."""
    return next(one for one in FORMATS if one.name == name)


def with_ending_of(target: str, form: Format) -> str:
    """The path with the ending of a format in place of the one it has."""
    ending = next((ending for ending in _BY_ENDING if target.lower().endswith(ending)), "")
    return target[: len(target) - len(ending)] + form.endings[0]


def format_of(target: str) -> Format:
    """The format the ending of a path asks for. Raises ConfigError with the endings there are."""
    lower = target.lower()
    for ending, one in _BY_ENDING.items():
        if lower.endswith(ending):
            return one
    if Path(target).is_dir():
        return format_called("folder")
    usual = ", ".join(one.endings[0] for one in FORMATS)
    raise ConfigError(f"{target}: no format has this ending. Use one of {usual}, or say --format.")


def file_stem(own_id: str) -> str:
    """An id as the name of a file: letters, digits, `_`, `.` and `-`, never hidden, reserved or too long."""
    stem = _UNSAFE.sub("-", own_id).strip(".-")
    if len(stem.encode()) > _LONGEST:
        tag = hashlib.sha256(own_id.encode("utf-8", "replace")).hexdigest()[:8]
        stem = stem.encode()[: _LONGEST - 9].decode("utf-8", "ignore") + "-" + tag
    if not stem:
        return "entry"
    return f"{stem}_" if _RESERVED.fullmatch(stem) else stem
