"""Simple JSON paths: `$`, `.name`, `["name"]`, `[0]`, `[-1]`, and `[*]` or `.*` for every member.

They are the steps of RFC 9535 that need no recursion and no filter of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from claude_batch_tui.domain.filters.pattern import Pattern
from claude_batch_tui.domain.filters.text_match import fold, ignores_case
from claude_batch_tui.domain.filters.tree import ORDERING
from claude_batch_tui.domain.results.fields import PREFIX
from claude_batch_tui.nesting import MOST_LEVELS

STEP = r"""\.[^\s.\[\]()="'<>:~!]+|\[\s*(?:-?\d{1,9}|\*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\]"""
_STEP = re.compile(STEP)

Path = tuple[str | int | None, ...]
"""The steps from the root: a name, a place in a list, or None for every member."""


def parse_path(text: str) -> Path:
    """The steps of a path such as `$.items[0].label`. Raises ValueError with the character that is wrong."""
    if not text.startswith("$"):
        raise ValueError("a path begins with $")
    steps: list[str | int | None] = []
    at = 1
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(f"{text[at]!r} at character {at + 1} of the path begins no step")
        at = match.end()
        steps.append(_step(match.group()))
        if len(steps) > MOST_LEVELS:
            raise ValueError(f"a path has at most {MOST_LEVELS} steps")
    return tuple(steps)


def parse_field(name: str) -> Path | None:
    """The path that `json.label` or `json["a b"]` stands for; None for a name that begins as no path.

    Raises ValueError with the character that is wrong.
    """
    is_path = name.startswith((f"{PREFIX}.", f"{PREFIX}["))
    return parse_path(f"${name.removeprefix(PREFIX)}") if is_path else None


def find_values(document: Any, path: Path) -> Iterator[Any]:
    """All values a path leads to, none where it leads nowhere."""
    if not path:
        yield document
        return
    step, rest = path[0], path[1:]
    if step is None:
        members = document.values() if isinstance(document, dict) else document
        for member in members if isinstance(document, dict | list) else ():
            yield from find_values(member, rest)
    elif isinstance(step, str):
        if isinstance(document, dict) and step in document:
            yield from find_values(document[step], rest)
    elif isinstance(document, list) and -len(document) <= step < len(document):
        yield from find_values(document[step], rest)


def compared(op: str, wanted: str) -> Callable[[Any], bool]:
    """A test of one JSON value: `exists`, or an operator of the filter language against a word.

    `< <= > >=` hold for numbers alone. `=` and `!=` take a number as a number, and everything else as its text:
    strings as they are, all else as JSON writes it.
    """
    if op == "exists":
        return lambda _: True
    if op == "~":
        pattern = Pattern(wanted)
        return lambda value: pattern.fits(_text(value))
    if op == ":":
        if ignores_case(wanted):
            folded = fold(wanted)
            return lambda value: folded in fold(_text(value))
        return lambda value: wanted in _text(value)
    number = as_number(wanted)
    if op in ("=", "!="):
        return lambda value: _equal(value, wanted, number) is (op == "=")
    limit, compare = number if number is not None else float("nan"), ORDERING[op]
    return lambda value: _is_number(value) and compare(value, limit)


def as_number(text: str) -> float | None:
    """A word as the number it spells, or None."""
    return float(text) if re.fullmatch(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", text) else None


def _step(text: str) -> str | int | None:
    if text.startswith("."):
        return None if text == ".*" else text[1:]
    inside = text[1:-1].strip()
    if inside == "*":
        return None
    if inside[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", inside[1:-1])
    return int(inside)


def _equal(value: Any, wanted: str, number: float | None) -> bool:
    if number is not None and _is_number(value):
        return bool(value == number)
    return _text(value) == wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
