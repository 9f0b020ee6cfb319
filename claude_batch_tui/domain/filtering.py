"""The filter language: `FIELD OP VALUE` joined by and, or, not and parentheses; a bare word means `id:word`.

Fields: id, outcome, class (of the ledger), stop, error (words) and in, out (tokens). Operators: = != : (contains) ~ (regular expression)
for words, and < <= > >= too for numbers. A value with blanks or parentheses stands in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from claude_batch_tui.errors import ConfigError

WORD_FIELDS = ("id", "outcome", "class", "stop", "error")
NUMBER_FIELDS = ("in", "out")
_FIELDS = WORD_FIELDS + NUMBER_FIELDS
_OUTCOME_ALIASES = {
    "ok": "succeeded",
    "success": "succeeded",
    "err": "errored",
    "error": "errored",
    "exp": "expired",
    "cancelled": "canceled",
    "bad": "unparsed",
}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\))
    | (?P<field>[A-Za-z_]+)\s*(?P<op>!=|<=|>=|=|<|>|:|~)\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<value>[^\s()"]+))
    | "(?P<phrase>(?:[^"\\]|\\.)*)"
    | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)


class FilterError(ConfigError):
    """A filter that cannot be understood; the sentence names the place."""


class Comparison(msgspec.Struct, frozen=True):
    """One condition."""

    field: str
    op: str
    value: str


class Not(msgspec.Struct, frozen=True):
    """Everything the inner filter leaves out."""

    inner: Filter


class Both(msgspec.Struct, frozen=True):
    """What both sides let through."""

    left: Filter
    right: Filter


class Either(msgspec.Struct, frozen=True):
    """What either side lets through."""

    left: Filter
    right: Filter


Filter = Comparison | Not | Both | Either


class Language(NamedTuple):
    """What can be compared: the field a bare word is looked for in, and how a condition is understood.

    `comparison` takes field, operator and value as they were typed and raises FilterError.
    """

    bare: str
    comparison: Callable[[str, str, str], Comparison]


class _Token(NamedTuple):
    kind: str
    value: Comparison | str
    at: int


def parse(text: str, language: Language | None = None) -> Filter | None:
    """The filter a text means, or None for an empty one. Raises FilterError with the place of the trouble.

    `language` says what can be compared; left out, it is the one for results.
    """
    parser = _Parser(text, language or Language("id", _comparison))
    if parser.ended():
        return None
    found = parser.either()
    if not parser.ended():
        raise FilterError(f"Filter: {parser.here()} is one too many.")
    return found


class _Parser:
    def __init__(self, text: str, language: Language) -> None:
        self._tokens = list(_tokens(text, language))
        self._next = 0

    def ended(self) -> bool:
        return self._next >= len(self._tokens)

    def here(self) -> str:
        if self.ended():
            return "the end"
        token = self._tokens[self._next]
        return f"{token.value!r} at character {token.at + 1}"

    def either(self) -> Filter:
        found = self.both()
        while self._take("or"):
            found = Either(found, self.both())
        return found

    def both(self) -> Filter:
        found = self.single()
        while not self.ended() and self._tokens[self._next].kind not in ("or", ")"):
            self._take("and")
            found = Both(found, self.single())
        return found

    def single(self) -> Filter:
        if self._take("not"):
            return Not(self.single())
        if self._take("("):
            found = self.either()
            if not self._take(")"):
                raise FilterError(f"Filter: a closing parenthesis is missing before {self.here()}.")
            return found
        if not self.ended() and isinstance(value := self._tokens[self._next].value, Comparison):
            self._next += 1
            return value
        raise FilterError(f"Filter: a condition is missing before {self.here()}.")

    def _take(self, kind: str) -> bool:
        if not self.ended() and self._tokens[self._next].kind == kind:
            self._next += 1
            return True
        return False


def _tokens(text: str, language: Language) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(f"Filter: a quote is not closed at character {at + 1}.")
        start = match.start(match.lastgroup or 0)
        at = match.end()
        if match["open"] or match["close"]:
            symbol = match["open"] or match["close"]
            yield _Token(symbol, symbol, start)
        elif match["field"]:
            quoted = match["quoted"]
            value = match["value"] if quoted is None else _unquoted(quoted)
            yield _Token(
                "condition", language.comparison(match["field"], match["op"], value), match.start("field")
            )
        elif match["phrase"] is not None:
            yield _Token("condition", Comparison(language.bare, ":", _unquoted(match["phrase"])), start)
        elif match["word"].lower() in ("and", "or", "not"):
            yield _Token(match["word"].lower(), match["word"], start)
        else:
            yield _Token("condition", Comparison(language.bare, ":", match["word"]), start)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _comparison(field: str, op: str, value: str) -> Comparison:
    name = field.lower()
    if name not in _FIELDS:
        raise FilterError(f"Filter: there is no field {field!r}; there are {', '.join(_FIELDS)}.")
    if name in NUMBER_FIELDS:
        if op in (":", "~"):
            raise FilterError(f"Filter: {name} is a number: compare it with = != < <= > >=.")
        if not re.fullmatch(r"\d+", value):
            raise FilterError(f"Filter: {name} is compared with a whole number, not {value!r}.")
    elif op in ("<", "<=", ">", ">="):
        raise FilterError(f"Filter: {name} is a word: compare it with = != : ~.")
    if op == "~":
        try:
            re.compile(value)
        except re.error as error:
            raise FilterError(f"Filter: {value!r} is not a regular expression: {error}.") from error
    if name == "outcome" and op in ("=", "!="):
        value = _OUTCOME_ALIASES.get(value.lower(), value.lower())
    return Comparison(name, op, value)
