"""Plain text: a row per line or per paragraph, in one column named `text`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources.rows import BadRow, Row
from claude_batch_tui.sources.source_file import SourceFile

SplitBy = Literal["line", "paragraph"]

MAX_ROW_CHARACTERS = 32_000_000
"""One request's body is at most 32 MB (platform overview, copy of 2026-09-26)."""


class TextSource:
    """A text file as rows. Blank lines part paragraphs and are never rows."""

    def __init__(self, file: SourceFile, split_by: SplitBy = "line") -> None:
        self.file = file
        self._split_by = split_by

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return ("text",)

    def rows(self) -> Iterator[Row | BadRow]:
        """Every line or paragraph that is not blank, without the newline at its end."""
        with self.file.text(newline=None) as text:
            yield from self._lines(text) if self._split_by == "line" else self._paragraphs(text)

    def _lines(self, text: Iterator[str]) -> Iterator[Row]:
        for number, line in enumerate(text, 1):
            if line and not line.isspace():
                yield Row(number, {"text": line.rstrip("\n")})

    def _paragraphs(self, text: Iterator[str]) -> Iterator[Row]:
        start, size = 0, 0
        lines: list[str] = []
        for number, line in enumerate(text, 1):
            if not line.isspace():
                start = start if lines else number
                lines.append(line)
                size += len(line)
                if size > MAX_ROW_CHARACTERS:
                    raise SourceError(
                        f"{self.file.label}:{start}: a paragraph of more than {MAX_ROW_CHARACTERS:,} characters "
                        f"begins here. Put blank lines between paragraphs, or use --split-by line."
                    )
            elif lines:
                yield Row(start, {"text": "".join(lines).rstrip("\n")})
                lines, size = [], 0
        if lines:
            yield Row(start, {"text": "".join(lines).rstrip("\n")})
