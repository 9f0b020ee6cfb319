"""What can follow in a filter that is being typed: fields, their operators, and the values that are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from claude_batch_tui.domain.filters.fields import FIELDS, OUTCOME_ALIASES, FilterField

_VALUE = re.compile(
    r"(?:^|[\s(])(?P<field>[A-Za-z_]+)(?P<op>!=|<=|>=|=|<|>|:|~)(?P<part>\"[^\"]*|[^\s()\"]*)$"
)
_WORD = re.compile(r"(?:^|[\s(])(?P<word>[A-Za-z_]*)$")
_JOINTS = ("and ", "or ", "not ")


class Completion(NamedTuple):
    """What may stand from `start` up to the cursor, the likeliest first."""

    start: int
    choices: tuple[str, ...]


def complete(text: str, cursor: int, values: Callable[[str], Sequence[str]]) -> Completion:
    """What can stand at the cursor. `values` gives what is known of a field's values beyond what the field itself says."""
    before = text[:cursor]
    if (match := _VALUE.search(before)) is not None:
        field = FIELDS.get(match["field"].lower())
        known = () if field is None else (*field.values, *values(field.name))
        return Completion(match.start("part"), _fitting(match["part"], known))
    if (match := _WORD.search(before)) is None:
        return Completion(cursor, ())
    word = match["word"].lower()
    if word in FIELDS:
        return Completion(match.start("word"), _with_operators(FIELDS[word]))
    fields = tuple(field.name + _usual(field) for field in FIELDS.values() if field.name.startswith(word))
    joints = tuple(joint for joint in _JOINTS if before.strip() and joint.startswith(word))
    return Completion(match.start("word"), fields + joints)


def _fitting(part: str, known: Sequence[str]) -> tuple[str, ...]:
    begun = part.removeprefix('"').lower()
    begun = OUTCOME_ALIASES.get(begun, begun)
    ones = dict.fromkeys(value for value in known if value.lower().startswith(begun))
    return tuple(f'"{value}"' if re.search(r'[\s()"]', value) else value for value in ones)


def _with_operators(field: FilterField) -> tuple[str, ...]:
    if field.kind == "path":
        return (field.name + _usual(field),)
    usual = _usual(field)
    return (field.name + usual, *(field.name + op for op in field.ops if op != usual))


def _usual(field: FilterField) -> str:
    match field.kind:
        case "path":
            return ":$."
        case "count" | "money":
            return ">"
        case _:
            return "=" if field.closed else ":"
