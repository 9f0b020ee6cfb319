"""Which column is meant: by its name, by its 1-based number, or by a guess."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from claude_batch_tui.errors import SourceError

PROMPT_NAMES = ("prompt", "content", "text")
"""Columns taken for the prompt where none is named, in this order."""


def find_column(wanted: str, columns: Sequence[str], option: str, file: str) -> str:
    """The name of the column `wanted` means; a name wins over a number. Raises SourceError with all columns."""
    if wanted in columns:
        return wanted
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(columns):
        return columns[int(wanted) - 1]
    raise SourceError(f"{file}: {option} {wanted!r}: there is no such column.{nearest(wanted, columns)}")


def guess_prompt_column(columns: Sequence[str]) -> str | None:
    """`prompt`, `content` or `text` in any case, or the only column there is; else None."""
    lowered = {name.lower(): name for name in reversed(columns)}
    for name in PROMPT_NAMES:
        if name in lowered:
            return lowered[name]
    return columns[0] if len(columns) == 1 else None


def nearest(wanted: str, columns: Sequence[str]) -> str:
    """` Did you mean 'x'? Columns: …`, or the columns alone where none is near."""
    lowered = {name.lower(): name for name in columns}
    near = difflib.get_close_matches(wanted.lower(), lowered, 1)
    return (f" Did you mean {lowered[near[0]]!r}?" if near else "") + f" Columns: {list_columns(columns)}."


def list_columns(columns: Sequence[str]) -> str:
    """The columns as a user can name them; of very many the first forty."""
    shown = ", ".join(columns[:40])
    return shown if len(columns) <= 40 else f"{shown} and {len(columns) - 40} more"
