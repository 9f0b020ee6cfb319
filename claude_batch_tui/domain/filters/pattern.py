r"""Regular expressions that users type, over text that others wrote: no match takes longer than it may.

They are those of the library `regex`: the syntax of Python's `re`, look-around and back-references too, and a time limit
inside the match, during which other threads run. Engines that take linear time have neither of the two, and their `\b`
and `\w` know ASCII alone.
"""

from __future__ import annotations

from claude_batch_tui.errors import ConfigError

MATCH_SECONDS = 0.25
"""Processor time that one text may take. Of a 2 kB answer a usual expression takes some microseconds."""
MOST_CHARACTERS = 1_000
"""The longest expression: making one ready is not under a limit of time."""


class FilterError(ConfigError):
    """A filter that cannot be understood, or gave up; the sentence names the place."""


class Pattern:
    """A regular expression, ready to be looked for."""

    def __init__(
        self, text: str, *, place: str = "", ignores_case: bool = False, seconds: float = MATCH_SECONDS
    ) -> None:
        """Raise FilterError for what is none; `place` says where it stands."""
        import regex  # late, 35 ms: few filters have one

        self._text = text
        self._seconds = seconds
        if len(text) > MOST_CHARACTERS:
            raise FilterError(
                f"Filter: the regular expression{place} has {len(text):,} characters; it may have {MOST_CHARACTERS:,}."
            )
        try:
            self._compiled = regex.compile(text, regex.IGNORECASE if ignores_case else 0)
        except (regex.error, RecursionError, OverflowError, ValueError) as error:
            raise FilterError(f"Filter: {text!r}{place} is not a regular expression: {error}.") from error

    def fits(self, text: str) -> bool:
        """Whether it is found in a text. Raises FilterError where that takes longer than it may."""
        try:
            return self._compiled.search(text, timeout=self._seconds) is not None
        except TimeoutError as error:
            raise FilterError(
                f"Filter: gave up, as {self._text!r} takes more than {self._seconds:g} s on one text of "
                f"{len(text):,} characters. Repeat less inside of what is repeated, or look for words with ':'."
            ) from error
