"""The top-level names in answers that are JSON objects: what they are called, how wide and of which kind their values are."""

from __future__ import annotations

from typing import Any

from claude_batch_tui.domain.results.json_tree import path_words, scalar

PREFIX = "json"
"""What the path of a value in an answer begins with, in filters, orders and columns."""
MOST_NAMES = 500
"""Answers with more different names share no structure; the others are left out."""
_MOST_VALUES = 50
_LONGEST_VALUE = 60
_SHOWN = 200


class _Field:
    """What was seen of one name."""

    def __init__(self) -> None:
        self.width = 0
        self.is_number = True
        self.values: dict[str, None] = {}


class AnswerFields:
    """The names of the answers that were looked at, in the order in which they were met."""

    def __init__(self) -> None:
        self._fields: dict[str, _Field] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._fields)

    def add(self, document: Any) -> bool:
        """Look at an answer; True where it has a name that no one before had."""
        is_new = False
        for name, value in document.items() if isinstance(document, dict) else ():
            field = self._fields.get(name)
            if field is None:
                if len(self._fields) >= MOST_NAMES:
                    continue
                field, is_new = _Field(), True
                self._fields[name] = field
            words = value_words(value)
            field.width = max(field.width, len(words))
            field.is_number &= value is None or (
                isinstance(value, int | float) and not isinstance(value, bool)
            )
            if 0 < len(words) <= _LONGEST_VALUE and words.isprintable() and len(field.values) < _MOST_VALUES:
                field.values[words] = None
        return is_new

    def width(self, name: str) -> int:
        """Characters of the longest value of a name."""
        return self._fields[name].width

    def is_number(self, name: str) -> bool:
        """Whether all values of a name are numbers."""
        return self._fields[name].is_number

    def values(self, name: str) -> tuple[str, ...]:
        """Values of a name, short ones, as a filter takes them."""
        field = self._fields.get(name)
        return () if field is None else tuple(field.values)


def field_path(name: str) -> str:
    """The path of a name in an answer: `json.label`, `json["a b"]`."""
    return PREFIX + path_words((name,))[1:]


def value_words(value: Any) -> str:
    """The beginning of a value in one cell: text as it is, nothing for null, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:_SHOWN]
    if isinstance(value, dict | list):
        return _short(value)
    return scalar(value)


def _short(value: Any) -> str:
    """An object or array as JSON where it is short, else how much is in it."""
    inside = value.values() if isinstance(value, dict) else value
    if len(value) <= 8 and not any(isinstance(each, dict | list) and each for each in inside):
        return scalar(value)[:_SHOWN]
    return f"{{{len(value):,}}}" if isinstance(value, dict) else f"[{len(value):,}]"
