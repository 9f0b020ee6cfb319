"""A key that waits for a letter: the choices stand in the status line, any other key does what it always does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from textual import events

from claude_batch_tui.tui.widgets.status_line import StatusLine


class LetterMenu:
    """For a screen some of whose keys wait for a letter."""

    _letters: Mapping[str, Callable[[], None]] | None = None

    def ask_letter(self, sentence: str, letters: Mapping[str, Callable[[], None]]) -> None:
        """Say which letters there are, and do what the next one means."""
        self._letters = letters
        self._line().say(sentence, seconds=10.0)

    def on_key(self, event: events.Key) -> None:
        """The letter, or a key that ends the waiting."""
        if self._letters is None:
            return
        chosen = self._letters.get(event.character or "")
        self._letters = None
        self._line().clear()
        if chosen is not None:
            event.prevent_default()
            event.stop()
            chosen()

    def _line(self) -> StatusLine:
        screen: Any = self
        line: StatusLine = screen.query_one(StatusLine)
        return line
