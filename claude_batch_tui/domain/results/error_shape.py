"""Error messages that say the same of different requests: their shape, and the filter that finds them all."""

from __future__ import annotations

import re

_VARYING = re.compile(
    r"""(?P<quoted>"[^"]*"|`[^`]*`|'[^']*(?<!\w)'(?!\w)|(?<!\w)'[^']*')
    | (?P<id>\b(?:req|msg|msgbatch|toolu|file|org|wrkspc)_[A-Za-z0-9]+)
    | (?P<number>\d[\d,._]*(?<![,._])|\d)""",
    re.VERBOSE,
)
_SIGNS = {"quoted": "“…”", "id": "…", "number": "#"}
_PATTERNS = {"quoted": r"""["`'].*["`']""", "id": r"\w+", "number": r"\d[\d,._]*"}
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
_MOST_CHARACTERS = 200


def shape_of(message: str) -> str:
    """A message with numbers, ids and quoted words made equal: `prompt is too long: # tokens > # maximum`."""
    return _VARYING.sub(lambda match: _SIGNS[match.lastgroup or ""], _shortened(message))


def filter_of(kind: str, message: str) -> str:
    """The filter for all errors of that type whose message has the shape of this one."""
    short = _shortened(message)
    pattern = ["^", _escaped(f"{kind}: ")]
    end = 0
    for match in _VARYING.finditer(short):
        pattern += [_escaped(short[end : match.start()]), _PATTERNS[match.lastgroup or ""]]
        end = match.end()
    ending = "$" if short == message else "\\n" if message.startswith(f"{short}\n") else ""
    pattern += [_escaped(short[end:]), ending]
    quoted = "".join(pattern).replace("\\", "\\\\").replace('"', '\\"')
    return f'outcome=errored and text~"{quoted}"'


def _shortened(message: str) -> str:
    """The first line of a message, as far as a list shows it."""
    return message.partition("\n")[0][:_MOST_CHARACTERS]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match.group(), text)
