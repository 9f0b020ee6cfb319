"""The one limit on how deep anything nests that others wrote: JSON, TOML, filters, paths.

Whoever parses such a text asks here first, so that depth costs neither memory nor Python's stack, wherever the text is
walked later.
"""

from __future__ import annotations

import re
from typing import Any

MOST_LEVELS = 128
"""Levels of arrays and objects, or of parentheses. Many JSON servers stop there; people stop at twenty."""
MOST_DIGITS = 4_300
"""Digits of a whole number that Python reads: reading takes a time that grows with the square."""

UNREADABLE = (ValueError, RecursionError)
"""What decoding of JSON raises, msgspec's own errors and those of characters included."""

_BRACKETS = b"[]{}"
_ALL_BYTES = bytes(range(256))
_NOT_TOLD = bytes(code for code in _ALL_BYTES if code not in b'[]{}"')
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STEPS = {code: 1 if code in b"[{" else -1 for code in _BRACKETS}
_TOML_TEXTS = (
    r"(?ms)'''.*?(?:'''|\Z)"
    r'|"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'[^'\n]*+(?:'|$)"
    r'|"(?:[^"\\\n]++|\\.)*+(?:"|$)'
    r"|\#[^\n]*+"
)
_DOTTED = r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+)++"


class TooDeepError(ValueError):
    """A text nests deeper than the limit."""

    def __init__(self, most: int = MOST_LEVELS) -> None:
        super().__init__(f"it is nested more than {most} levels deep")


class Nesting:
    """How deep a JSON text nests, piece by piece as it is read."""

    def __init__(self, most: int = MOST_LEVELS) -> None:
        self._most = most
        self._level = 0
        self._in_string = False
        self._escapes = False

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the text. Raises TooDeepError as soon as it is too deep."""
        if self._escapes:
            piece = piece[1:]
        self._escapes = False
        if b"\\" in piece:
            piece = _ESCAPED.sub(b"", piece)
            self._escapes = piece.endswith(b"\\")
        for part in piece.translate(None, _NOT_TOLD).split(b'"'):
            if not self._in_string and part:
                self._count(part)
            self._in_string = not self._in_string
        self._in_string = not self._in_string

    def _count(self, brackets: bytes) -> None:
        level, most, steps = self._level, self._most, _STEPS
        for code in brackets:
            level += steps[code]
            if level > most:
                raise TooDeepError(most)
        self._level = level


def require_shallow(text: bytes | str, most: int = MOST_LEVELS) -> None:
    """Raise TooDeepError where a JSON text nests deeper. Most texts are let through for the count of their brackets."""
    if isinstance(text, str):
        if text.count("[") + text.count("{") <= most:
            return
        text = text.encode("utf-8", "replace")
    elif text.count(b"[") + text.count(b"{") <= most:
        return
    Nesting(most).feed(text)


def read_toml(text: str) -> dict[str, Any]:
    """The table a TOML text describes.

    Raises ValueError, whose text ends a sentence: what is no TOML, what nests too deep, a number that is too long.
    """
    import tomllib  # late: most runs read none

    bare = re.sub(_TOML_TEXTS, "q", text)
    if any(found.count(".") > MOST_LEVELS for found in re.findall(_DOTTED, bare)):
        raise TooDeepError
    require_shallow(bare)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise TooDeepError from error
    except ValueError as error:  # the standard library's own words speak of a setting of Python's
        raise ValueError(f"a number in it has more than {MOST_DIGITS:,} digits") from error
