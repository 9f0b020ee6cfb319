"""The only writer of stdout. On a terminal text is cleaned; into a pipe or a file bytes go as they are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from claude_batch_tui.domain.plain_text import clean, escape_json


class Output:
    """Data of a command on its way to stdout."""

    def __init__(self) -> None:
        self._stream = sys.stdout
        self.is_terminal = self._stream.isatty()

    def line(self, text: str = "") -> None:
        """One line of text."""
        self._stream.write((clean(text) if self.is_terminal else text) + "\n")

    def lines(self, texts: Iterable[str]) -> None:
        """Several lines of text."""
        for text in texts:
            self.line(text)

    def json(self, value: Any) -> None:
        """One JSON value on a line of its own."""
        encoded = msgspec.json.encode(value)
        self._stream.write((escape_json(encoded.decode()) if self.is_terminal else encoded.decode()) + "\n")

    def raw(self, data: bytes) -> None:
        """Bytes unchanged; on a terminal, cleaned text."""
        if self.is_terminal:
            self._stream.write(clean(data.decode("utf-8", "replace")))
            return
        self._stream.flush()
        self._stream.buffer.write(data)

    def control(self, sequence: str) -> None:
        """A sequence of our own meant for the terminal; nothing from outside may come this way."""
        self._stream.write(sequence)
        self._stream.flush()

    def flush(self) -> None:
        """Hand everything to the system, so that a reader of a pipe sees it now."""
        self._stream.flush()
