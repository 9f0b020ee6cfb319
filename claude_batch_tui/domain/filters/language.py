"""The filter language: `FIELD OP VALUE` joined by and, or, not and parentheses; a bare word means `id:word`.

Fields are in `fields`. Operators: = != : (contains) ~ (regular expression) for words and text, = != < <= > >=
for numbers, all of them for `json.path` (or `json:$.path`), which alone means that the path is there. A value with blanks or
parentheses stands in double quotes. `id=T-9*` is a glob unless it is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from claude_batch_tui.domain.filters.fields import OPS, condition, path_condition, refuse_unfinished, unquoted
from claude_batch_tui.domain.filters.json_path import STEP
from claude_batch_tui.domain.filters.pattern import FilterError
from claude_batch_tui.domain.filters.tree import Both, Condition, Either, Filter, Not
from claude_batch_tui.nesting import MOST_LEVELS

__all__ = ["Both", "Condition", "Either", "Filter", "FilterError", "Not", "parse"]

MOST_CHARACTERS = 100_000
"""The longest filter: a list of a thousand ids has 30,000."""
MOST_CONDITIONS = 2_000
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<open>\() | (?P<close>\))
    | (?P<json>[Jj][Ss][Oo][Nn])(?::(?P<path>\$(?:{STEP})*)|(?P<steps>(?:{STEP})+))
      (?:\s*(?P<json_op>{OPS})\s*(?:"(?P<json_quoted>(?:[^"\\]|\\.)*)"|(?P<json_value>[^\s()"]+))
        | (?=[\s()]|$))
    | (?P<field>[A-Za-z_]+)\s*(?P<op>{OPS})\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<value>[^\s()"]+))
    | "(?P<phrase>(?:[^"\\]|\\.)*)"
    | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)


class Language(NamedTuple):
    """What can be compared: the field a bare word is looked for in, and how a condition is understood.

    `comparison` takes field, operator and value as they were typed and raises FilterError.
    """

    bare: str
    comparison: Callable[[str, str, str], Condition]


class _Token(NamedTuple):
    """A piece of a filter: what kind it is, how it is spelled, where, and the condition it makes."""

    kind: str
    text: str
    at: int
    condition: Filter | None = None


def parse(text: str, language: Language | None = None) -> Filter | None:
    """The filter a text means, or None for an empty one. Raises FilterError with the place of the trouble.

    `language` says what can be compared; left out, it is the one for results.
    """
    parser = _Parser(text, language)
    if parser.ended():
        return None
    found = parser.either()
    if not parser.ended():
        raise FilterError(f"Filter: {parser.here()} is one too many.")
    return found


class _Parser:
    def __init__(self, text: str, language: Language | None) -> None:
        if len(text) > MOST_CHARACTERS:
            raise FilterError(
                f"Filter: it has {len(text):,} characters; the longest has {MOST_CHARACTERS:,}. Name ids by a pattern: id=T-9*."
            )
        self._tokens = list(_tokens(text, language))
        if (count := sum(token.condition is not None for token in self._tokens)) > MOST_CONDITIONS:
            raise FilterError(f"Filter: it has {count:,} conditions; the most are {MOST_CONDITIONS:,}.")
        self._next = 0
        self._level = 0

    def ended(self) -> bool:
        return self._next >= len(self._tokens)

    def here(self) -> str:
        if self.ended():
            return "the end"
        token = self._tokens[self._next]
        return f"{token.text!r} at character {token.at + 1}"

    def either(self) -> Filter:
        found = [self.both()]
        while self._take("or"):
            found.append(self.both())
        return _joined(Either, found)

    def both(self) -> Filter:
        found = [self.single()]
        while not self.ended() and self._tokens[self._next].kind not in ("or", ")"):
            self._take("and")
            found.append(self.single())
        return _joined(Both, found)

    def single(self) -> Filter:
        self._level += 1
        try:
            if self._level > MOST_LEVELS:
                raise FilterError(
                    f"Filter: {self.here()} is nested more than {MOST_LEVELS} levels deep. Leave out parentheses."
                )
            return self._single()
        finally:
            self._level -= 1

    def _single(self) -> Filter:
        if self._take("not"):
            return Not(self.single())
        if self._take("("):
            inside = self.either()
            if not self._take(")"):
                raise FilterError(f"Filter: a closing parenthesis is missing before {self.here()}.")
            return inside
        if not self.ended() and (found := self._tokens[self._next].condition) is not None:
            self._next += 1
            return found
        raise FilterError(f"Filter: a condition is missing before {self.here()}.")

    def _take(self, kind: str) -> bool:
        if not self.ended() and self._tokens[self._next].kind == kind:
            self._next += 1
            return True
        return False


def _joined(kind: type[Both | Either], parts: Sequence[Filter]) -> Filter:
    """Many parts as a tree that is hardly deep, however many they are."""
    if len(parts) == 1:
        return parts[0]
    half = (len(parts) + 1) // 2
    return kind(_joined(kind, parts[:half]), _joined(kind, parts[half:]))


def _tokens(text: str, language: Language | None) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            quote = text.index('"', at) + 1
            raise FilterError(f"Filter: a quote is not closed at character {quote}.")
        spelled = match.group().strip()
        at = match.end()
        start = at - len(spelled)
        if match["open"] or match["close"]:
            yield _Token(spelled, spelled, start)
        elif match["json"] and language is None:
            yield _Token("condition", spelled, start, path_condition(match))
        elif match["field"] or match["path"]:
            yield _Token("condition", spelled, start, _condition(match, language))
        elif match["phrase"] is not None:
            phrase = Condition(language.bare if language else "id", ":", unquoted(match["phrase"]))
            yield _Token("condition", spelled, start, phrase)
        elif spelled.lower() in ("and", "or", "not"):
            yield _Token(spelled.lower(), spelled, start)
        else:
            if language is None:
                refuse_unfinished(spelled, start, text[at : at + 1])
                word = Condition("id", ":", spelled)
            else:
                word = language.comparison(language.bare, ":", spelled)
            yield _Token("condition", spelled, start, word)


def _condition(match: re.Match[str], language: Language | None) -> Filter:
    if language is None:
        return condition(match)
    if match["json"]:
        return language.comparison(match["json"], ":", match["path"])
    value = match["value"] if match["quoted"] is None else unquoted(match["quoted"])
    return language.comparison(match["field"], match["op"], value)
