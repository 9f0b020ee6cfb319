"""Takes keys, tokens and passwords out of text that came from outside: servers, libraries, scripts.

Every error of ours passes through here when it is made, every log record when it is written, and the report of a
crash; so nothing that is shown, stored or logged from them holds a secret.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

SHORTEST = 8
"""Characters of a secret that is worth taking out: a shorter one is a placeholder, and may be a part of any word."""

_VALUE = r"[^\s'\"\\,;]"
_SHAPES = (
    r"(sk-ant-)[\w.~+/=%-]+",
    r"(?i)(\bbearer\s+)[\w.~+/=%-]+",
    (
        r"(?i)((?:\b|_)(?:proxy-authorization|authorization|(?:x-)?api[-_]key|(?:set-)?cookie)"
        rf"""(?:[\\'"]*\s*[:=]\s*|[\\'"]+\s*,\s*)b?[\\'"]*(?:\w+\s+(?={_VALUE}{{8}}))?){_VALUE}{{8,}}"""
    ),
    r"(://)[^\s/@'\"]+(?=@)",
)
"""What is a secret by its form: a key, a token, the value of a header that proves who calls, a password in an address. `re` compiles them when there is something to look through."""

_known: frozenset[str] = frozenset()
_known_pattern: re.Pattern[str] | None = None


def remember_secret(secret: str) -> None:
    """Have `redact` take this secret out from now on: as it is, as URLs and literals write it, and each of its words."""
    global _known, _known_pattern  # noqa: PLW0603  what must not be shown is one set a process
    literals = (
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        *(quote(secret, safe=safe, errors="surrogateescape") for safe in ("/", "")),
    )
    forms = {form for form in (secret, *literals, *secret.split()) if len(form) >= SHORTEST}
    if forms <= _known:
        return
    _known |= forms
    # the longest first: one may begin with another
    _known_pattern = re.compile("|".join(re.escape(each) for each in sorted(_known, key=len, reverse=True)))


def redact(text: str) -> str:
    """`text` with `…` for every secret that is known or has the form of one.

    All are looked for in the text as it came: one that is taken out first would hide the form of another it is a part of.
    """
    spans = [found.span() for found in _known_pattern.finditer(text)] if _known_pattern else []
    spans += [(found.end(1), found.end()) for shape in _SHAPES for found in re.finditer(shape, text)]
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if start >= at:
            pieces += text[at:start], "…"
        at = max(at, end)
    return "".join((*pieces, text[at:])) if spans else text
