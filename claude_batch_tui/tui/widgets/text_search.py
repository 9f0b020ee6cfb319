"""Where a searched text occurs, and which of the places the reader is at."""

from __future__ import annotations

import bisect
import re

MOST_MATCHES = 10_000
"""Matches counted and visited; the rest of a large text is still highlighted."""


class TextSearch:
    """Matches of plain words in a text, capitals or not."""

    def __init__(self) -> None:
        self.current = -1
        """The number of the current match in `matches`, or -1."""
        self.matches: list[int] = []
        """Where matches begin."""
        self.words = ""
        """What is searched."""
        self._pattern: re.Pattern[str] | None = None

    def look_for(self, words: str, text: str) -> None:
        """Search other words; nothing for an empty text."""
        self.words = words
        self._pattern = re.compile(re.escape(words), re.IGNORECASE) if words else None
        self.look_again(text)

    def look_again(self, text: str) -> None:
        """Search the same words in another text."""
        self.current = -1
        self.matches = []
        if self._pattern is None:
            return
        for match in self._pattern.finditer(text):
            self.matches.append(match.start())
            if len(self.matches) == MOST_MATCHES:
                return

    def first_from(self, offset: int) -> int:
        """The number of the first match at or after a place, else of the first of all."""
        return bisect.bisect_left(self.matches, offset) % len(self.matches)

    def within(self, text: str, start: int, end: int) -> list[tuple[int, int, bool]]:
        """Matches inside a part of the text: begin and end counted from its start, and whether it is the current."""
        if self._pattern is None:
            return []
        current = self.matches[self.current] if 0 <= self.current < len(self.matches) else -1
        found = self._pattern.finditer(text, start, end)
        return [(match.start() - start, match.end() - start, match.start() == current) for match in found]
