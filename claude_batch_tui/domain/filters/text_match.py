"""Looking for words in answers: what matches, and which bytes a matching line of JSON must hold.

A word without upper-case letters ignores case, any other is exact. A regular expression is exact unless it begins
with `(?i)`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.domain.filters.pattern import Pattern

if TYPE_CHECKING:
    from claude_batch_tui.domain.filters.tree import Condition

_ODD = {"\u0130": "\ue130", "\u212a": "\ue12a"}
"""İ and the Kelvin sign: the two characters beyond ASCII whose lower case is ASCII. Here they stay themselves."""
_PLAIN = re.compile(r"""[^\x00-\x1f\x7f"\\/<>&'=+`:]+""")
"""Runs of characters that JSON writers put down as they are, or as \\uXXXX where they are not ASCII; the others have
short escapes, or are escaped by some writers for the sake of HTML. A colon and a blank join the type of an error and its
message, which stand apart in a line."""
_CAPITALS = "".join(chr(c) for c in range(ord("A"), ord("Z") + 1))
FOLD = bytes(c | 0x20 if chr(c) in _CAPITALS else c for c in range(256))
"""A translation of bytes that ignores the case of ASCII letters."""
_MOST_VARIANTS = 8
_LONG_ENOUGH = 4
_ALONE = "AbBdDfnrsStvwWZ"
"""Letters that a backslash makes an escape without any more characters."""
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)


class Anchor(msgspec.Struct, frozen=True):
    r"""What every matching line holds: one of `raw`, or (where it has a `\u`) one of `escaped`.

    `escaped` and, with `folded`, `raw` are to be looked for after a translation by `FOLD`.
    """

    raw: tuple[bytes, ...]
    escaped: tuple[bytes, ...] = ()
    folded: bool = False


def fold(text: str) -> str:
    """The text with the case of its letters ignored, a character for a character."""
    if text.isascii():
        return text.lower()
    for odd, kept in _ODD.items():
        text = text.replace(odd, kept)
    return text.lower().replace("ς", "σ")


def ignores_case(word: str) -> bool:
    """Whether a word has no upper-case letter."""
    return not any(map(str.isupper, word))


def text_test(wanted: Condition) -> Callable[[str], bool]:
    """Whether a text is what a condition on `text` asks for: contains, is (blanks around it aside), or fits."""
    value = wanted.value
    match wanted.op:
        case "~":
            return Pattern(value).fits
        case "=":
            return lambda text: text.strip() == value.strip()
        case _ if ignores_case(value):
            needle = fold(value)
            return lambda text: needle in fold(text)
        case _:
            return lambda text: value in text


def name_test(op: str, value: str) -> Callable[[str], bool]:
    """Whether a name (an outcome, a class, a stop reason, an error type) is what a condition asks for."""
    if op == "~":
        return Pattern(value).fits
    if op == ":":
        return lambda name: value.lower() in name.lower()
    return (lambda name: name == value) if op == "=" else (lambda name: name != value)


def id_test(op: str, value: str) -> Callable[[str], bool]:
    """Whether a custom_id is what a condition asks for: fits a pattern, is, or (exactly) contains."""
    match op:
        case "~":
            return Pattern(value).fits
        case "glob":
            search = re.compile(fnmatch.translate(value)).match
        case "=":
            return value.__eq__
        case "!=":
            return value.__ne__
        case _:
            return lambda custom_id: value in custom_id
    return lambda custom_id: search(custom_id) is not None


def text_anchor(wanted: Condition) -> Anchor | None:
    """The anchor of a condition on `text`; None where any line may match."""
    if wanted.op == "~":
        ignoring = wanted.value.startswith("(?i)")
        literal = _literal_of(wanted.value)
        if ignoring:
            # `re` lets k, s and i match characters beyond ASCII too.
            literal = max(re.split(r"[kKsSiI]|[^\x00-\x7f]", literal), key=len)
        return _anchor(literal, folded=ignoring)
    value = wanted.value.strip() if wanted.op == "=" else wanted.value
    return _anchor(value, folded=wanted.op == ":" and ignores_case(value))


def word_anchor(word: str, *, folded: bool) -> Anchor | None:
    """The anchor of a word somewhere in a line, at any depth of JSON in JSON."""
    pieces = [piece for piece in re.findall(r"[A-Za-z0-9 _.,;-]+", word) if piece.strip()]
    return _anchor(max(pieces, key=len), folded=folded) if pieces else None


def _anchor(word: str, *, folded: bool) -> Anchor | None:
    """The most telling run of the word. Letters and digits of ASCII are taken to be written as they are."""
    runs = [run for each in _PLAIN.findall(fold(word) if folded else word) if (run := each.strip(" "))]
    if not runs:
        return None
    in_ascii = max((part for run in runs for part in re.findall(r"[\x20-\x7e]+", run)), key=len, default="")
    # ASCII is the better anchor where it is long enough: no escapes have to be looked for.
    piece = in_ascii if len(in_ascii.strip()) >= _LONG_ENOUGH else max(runs, key=len)
    if piece.isascii():
        return Anchor((piece.encode(),), folded=folded)
    forms = [_others(character) if folded else (character,) for character in piece]
    variants = 1
    for end, choices in enumerate(forms):
        variants *= len(choices)
        if variants > _MOST_VARIANTS:
            forms = forms[:end]
            break
    raw = tuple("".join(chosen).encode("utf-8", "surrogatepass") for chosen in product(*forms))
    escaped = {_escape(character) for choices in forms for character in choices if not character.isascii()}
    return Anchor(raw, tuple(sorted(escaped)), folded)


def _escape(character: str) -> bytes:
    """The first JSON escape of a character, its hex digits small."""
    unit = int.from_bytes(character.encode("utf-16-be", "surrogatepass")[:2], "big")
    return b"\\u%04x" % unit


@cache
def _cases() -> dict[str, tuple[str, ...]]:
    """Every character beyond ASCII that has another case, with all that fold to it."""
    found: dict[str, list[str]] = {}
    for code in range(0x80, 0x1F000):
        character = chr(code)
        small = fold(character) if character not in _ODD else character
        if small != character:
            found.setdefault(small, [small]).append(character)
    return {small: tuple(characters) for small, characters in found.items()}


def _others(character: str) -> tuple[str, ...]:
    back = next((odd for odd, kept in _ODD.items() if kept == character), None)
    return (back, character) if back else _cases().get(character, (character,))


def _literal_of(pattern: str) -> str:
    """The longest run of characters every match of a regular expression holds, as far as that is plain to see."""
    if _is_involved(pattern):
        return ""
    runs = [""]
    depth = 0
    at = 4 if pattern.startswith("(?i)") else 0
    while at < len(pattern):
        character = pattern[at]
        following = pattern[at + 1 : at + 2]
        literal = ""
        if character == "\\":
            literal = "" if following.isalnum() else following
            at += 1
        elif character == "[" and (members := _CLASS.match(pattern, at)):
            at = members.end() - 1
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character in "*?{":
            runs[-1] = runs[-1][:-1]
            if character == "{":
                at = max(pattern.find("}", at), at)
        elif character not in "+.^$":
            literal = character
        if literal and depth == 0:
            runs[-1] += literal
        else:
            runs.append("")
        at += 1
    return max(runs, key=len)


def _is_involved(pattern: str) -> bool:
    r"""Whether a regular expression has more than plain characters, classes and repeats: alternatives, look-around, or an
    escape to which the characters after it belong (`\x41`, `\p{L}`).
    """
    if "|" in pattern or "[:" in pattern or re.search(r"\(\?(?!i\)|:)|(?<!^)\(\?i\)", pattern):
        return True
    return any(each[1].isalnum() and each[1] not in _ALONE for each in re.findall(r"\\.", pattern))
