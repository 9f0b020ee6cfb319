"""A key that waits for a letter: the choices stand in the status line, any other key does what it always does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual import events
from textual.screen import Screen

from claude_batch_tui.tui.widgets.status_line import StatusLine

_SECONDS = 10.0


class LetterMenu:
    """The letters that a screen waits for, if any. The screen holds one, and gives `take` every key that reaches it."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._letters: Mapping[str, Callable[[], None]] | None = None

    def ask(self, sentence: str, letters: Mapping[str, Callable[[], None]]) -> None:
        """Say which letters there are, and do what the next one means."""
        self._letters = letters
        self._screen.query_one(StatusLine).say(sentence, seconds=_SECONDS)

    def take(self, event: events.Key) -> None:
        """Do what a letter means; any key ends the waiting."""
        if self._letters is None:
            return
        chosen = self._letters.get(event.character or "")
        self._letters = None
        self._screen.query_one(StatusLine).clear()
        if chosen is not None:
            event.prevent_default()
            event.stop()
            chosen()
