"""A file an answer in a folder, and `index.jsonl`, which says for every entry which file is its.

Names come from the user's own ids, made safe for every file system; the index turns them back.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.exports.formats import file_stem
from claude_batch_tui.exports.jsonl import FlatLines
from claude_batch_tui.exports.table import ID, RESPONSE, Column, Values, Writer
from claude_batch_tui.nesting import UNREADABLE

INDEX = "index.jsonl"


class AnswerFiles(Writer):
    """The folder, filled. Entries without an answer are in the index alone."""

    def __init__(self, folder: Path, columns: Sequence[Column]) -> None:
        self._folder = folder
        kept = [column for at, column in enumerate(columns) if at != RESPONSE]
        self._index = (folder / INDEX).open("xb")
        self._lines = FlatLines(self._index, [Column("file", "text"), *kept])
        self._taken: dict[str, int] = {}
        """Names that are taken, as file systems without case compare them, and the last number given to each."""

    def write(self, rows: Sequence[Any]) -> None:
        """Write a file for each answer, and its line of the index."""
        for row in rows:
            name = None
            if row[RESPONSE]:
                name = self._free_name(row)
                descriptor = os.open(
                    self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600
                )
                with os.fdopen(descriptor, "wb") as file:
                    file.write(row[RESPONSE].encode())
            self._lines.write([[name, *row[:RESPONSE], *row[RESPONSE + 1 :]]])

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _free_name(self, row: Values) -> str:
        stem, ending = file_stem(row[ID] or ""), ".json" if _is_json(row[RESPONSE]) else ".md"
        first = name = stem + ending
        while (key := unicodedata.normalize("NFC", name).casefold()) in self._taken:
            self._taken[first] = number = self._taken.get(first, 1) + 1
            name = f"{stem}-{number}{ending}"
        self._taken[key] = 1
        return name


def is_ours(folder: Path) -> bool:
    """True where a folder holds nothing but what an export put there: it may be replaced."""
    try:
        with (folder / INDEX).open("rb") as index:
            listed = {msgspec.json.decode(line, type=_Listed).file for line in index}
    except (OSError, *UNREADABLE):
        return False
    return all(name == INDEX or name in listed for name in (path.name for path in folder.iterdir()))


class _Listed(msgspec.Struct):
    file: str | None


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        msgspec.json.decode(text)
    except UNREADABLE:
        return False
    return True
