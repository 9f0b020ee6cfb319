"""The only writer of stdout. On a terminal text is cleaned; into a pipe or a file bytes go as they are."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, TextIO, cast

from claude_batch_tui.domain.plain_text import clean, escape_json

JSON_VERSION = 1
"""Of the objects that --json prints (docs/scripting.md): raised where a field is renamed, retyped or taken away."""


class Output:
    """Data of a command on its way to stdout."""

    def __init__(self, stream: TextIO | None = None, clear_line: Callable[[], None] = lambda: None) -> None:
        """`stream` is where it goes instead of stdout; `clear_line` takes away what stands on a terminal's line before."""
        self._stream = stream or sys.stdout
        self._clear_line = clear_line
        self.is_terminal = self._stream.isatty()
        self.has_written = False

    def line(self, text: str = "") -> None:
        """One line of text."""
        self._write((clean(text) if self.is_terminal else text) + "\n")

    def lines(self, texts: Iterable[str]) -> None:
        """Several lines of text."""
        for text in texts:
            self.line(text)

    def json(self, value: Any) -> None:
        """One JSON value on a line of its own."""
        from claude_batch_tui.domain.results.json_tree import encode_json  # late: on demand

        encoded = encode_json(value)
        self._write((escape_json(encoded.decode()) if self.is_terminal else encoded.decode()) + "\n")

    def binary(self) -> BinaryIO:
        """A stream for bytes: unchanged into a pipe or a file, cleaned text on a terminal."""
        self.has_written = True
        self._stream.flush()
        if self.is_terminal:
            self._clear_line()
            return cast("BinaryIO", io.BufferedWriter(_Cleaned(self._stream)))
        return self._stream.buffer

    def control(self, sequence: str) -> None:
        """A sequence of our own meant for the terminal; nothing from outside may come this way."""
        self._write(sequence)
        self._stream.flush()

    def _write(self, text: str) -> None:
        self.has_written = True
        if self.is_terminal:
            self._clear_line()
        self._stream.write(text)

    def flush(self) -> None:
        """Hand everything to the system, so that a reader of a pipe sees it now."""
        self._stream.flush()


class _Cleaned(io.RawIOBase):
    """Bytes on their way to a terminal, as cleaned text."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Clean and write."""
        text = self._decode(bytes(data))
        self._stream.write(clean(text))
        self._stream.flush()
        return len(data)
