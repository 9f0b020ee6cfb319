"""What a word on the command line means where results are asked for."""

from __future__ import annotations

from pathlib import Path

_ENDINGS = (".jsonl", ".gz", ".incomplete", ".ndjson")


def results_file(word: str) -> Path | None:
    """The file a word means, or None where it means a batch, a run or a name."""
    path = Path(word).expanduser()
    return path if "/" in word or word.endswith(_ENDINGS) or path.is_file() else None
