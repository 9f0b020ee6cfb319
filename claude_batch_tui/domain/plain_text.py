"""Text from outside, made inert: what a file, a model or a server wrote must not act on the terminal.

C0 controls become their Unicode pictures, DEL `␡`, C1 controls and lone surrogates `�`, and characters that
reorder or hide text (bidi overrides, zero width, tags, line separators) a visible `·`. Newline and tab stay where
the caller wants them. Nothing else changes, and no character becomes wider than one cell.
"""

from __future__ import annotations

import re

_INVISIBLE = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Two of these are left to `re` to compile when they are first used, as each takes half a millisecond.
_UNSAFE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff" + _INVISIBLE + "]"
_UNSAFE_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff" + _INVISIBLE + "]")
_JSON_UNSAFE = "[\x7f-\x9f\ud800-\udfff" + _INVISIBLE + "]"


def clean(text: str, limit: int | None = None) -> str:
    """`text` with newlines and tabs kept and everything else that could act on a terminal made visible.

    A carriage return before a newline goes. `limit` cuts to that many characters and marks the cut with `…`.
    """
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return re.sub(_UNSAFE, _visible, text.replace("\r\n", "\n"))


def clean_line(text: str, limit: int | None = None) -> str:
    """`text` as one line: newlines and tabs become spaces, the rest as in `clean`."""
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return _UNSAFE_IN_LINE.sub(_visible_in_line, text)


def escape_json(encoded: str) -> str:
    r"""JSON text with every character that could act on a terminal as `\uXXXX`; it decodes to the same value.

    Only for JSON whose control characters are already escaped, as every encoder leaves them.
    """
    return re.sub(_JSON_UNSAFE, _escaped, encoded)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code <= 0x9F or 0xD800 <= code <= 0xDFFF:
        return "�"
    return "·"


def _visible_in_line(match: re.Match[str]) -> str:
    return " " if match[0] in "\t\n\r" else _visible(match)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
