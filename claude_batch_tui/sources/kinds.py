"""Which kind of source a path is, by its name and, for JSON Lines, its first line."""

from __future__ import annotations

import glob
from pathlib import Path

import msgspec

from claude_batch_tui.sources.recipe import SourceKind

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
    except (OSError, msgspec.DecodeError):
        pass
    return True
