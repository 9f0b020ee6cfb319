"""Plain text: a row per line, paragraph, or piece between separators, or the whole; in one column named `text`."""

from __future__ import annotations

from collections.abc import Iterator
from io import TextIOWrapper
from typing import Literal

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.rows import BadRow, Reading, Row
from claude_batch_tui.sources.source_file import SourceFile, encoding_reading

SplitBy = Literal["line", "paragraph", "separator", "whole"]

MAX_ROW_CHARACTERS = 32_000_000
"""One request's body is at most 32 MB (platform overview, copy of 2026-09-26)."""
_CHUNK_CHARACTERS = 1 << 16


class TextSource:
    """A text file as rows. Blank lines part paragraphs; what is blank is never a row."""

    columns = ("text",)

    def __init__(self, file: SourceFile, split_by: SplitBy = "line", separator: str | None = None) -> None:
        if (split_by == "separator") != bool(separator):
            raise ConfigError("--split-by separator and --separator TEXT belong together: say both.")
        self.file = file
        self._split_by = split_by
        self._separator = separator or ""
        self.reading = encoding_reading(file, Reading())

    def rows(self) -> Iterator[Row | BadRow]:
        """Every piece that is not blank, without the newline at its end; one with a zero byte is a bad row."""
        with self.file.text(newline=None) as text:
            for row in self._pieces_of(text):
                if self.file.has_zero_bytes and "\0" in row.values["text"]:
                    yield BadRow(
                        row.line, "zero_byte", "the text holds a zero byte: it is damaged", row.values
                    )
                else:
                    yield row

    def _pieces_of(self, text: TextIOWrapper) -> Iterator[Row]:
        match self._split_by:
            case "line":
                return self._lines(text)
            case "paragraph":
                return self._paragraphs(text)
            case "separator":
                return self._pieces(text)
            case "whole":
                return self._whole(text)

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

    def _pieces(self, text: TextIOWrapper) -> Iterator[Row]:
        """What stands between the separators, which are no part of it."""
        held, line = "", 1
        while chunk := text.read(_CHUNK_CHARACTERS):
            *pieces, held = (held + chunk).split(self._separator)
            for piece in pieces:
                yield from _piece(piece, line)
                line += piece.count("\n") + self._separator.count("\n")
            self._refuse_too_long(held, line, "--separator")
        yield from _piece(held, line)

    def _whole(self, text: TextIOWrapper) -> Iterator[Row]:
        whole = text.read(MAX_ROW_CHARACTERS + 1)
        self._refuse_too_long(whole, 1, "--split-by")
        yield from _piece(whole, 1)

    def _refuse_too_long(self, piece: str, line: int, option: str) -> None:
        if len(piece) > MAX_ROW_CHARACTERS:
            raise SourceError(
                f"{self.file.label}:{line}: a text of more than {MAX_ROW_CHARACTERS:,} characters begins here, "
                f"which no request can hold. Look at {option}."
            )


def _piece(text: str, line: int) -> Iterator[Row]:
    bare = text.strip("\n")
    if bare and not bare.isspace():
        yield Row(line + len(text) - len(text.lstrip("\n")), {"text": bare})
