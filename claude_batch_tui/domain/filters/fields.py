"""The fields a filter over results can name: their words, conditions on them, and what may follow while one is typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec

from claude_batch_tui.domain.filters.json_path import STEP, as_number, parse_path
from claude_batch_tui.domain.filters.pattern import FilterError, Pattern
from claude_batch_tui.domain.filters.tree import Condition, Not
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, STOP_REASONS

Kind = Literal["word", "count", "money", "text", "path"]

WORD_OPS = ("=", "!=", ":", "~")
NUMBER_OPS = ("=", "!=", "<", "<=", ">", ">=")
ALIASES = {
    "outcome": {
        "ok": "succeeded",
        "success": "succeeded",
        "err": "errored",
        "error": "errored",
        "exp": "expired",
        "cancelled": "canceled",
        "bad": "unparsed",
    },
    "class": {
        "good": "complete",
        "cut": "truncated",
        "invalid": "schema_invalid",
        "unreadable": "unparsed",
        "cancelled": "canceled",
    },
}
"""Words people use, by field, and the value each of them means."""
_COUNT = re.compile(r"(\d[\d_,]*)([kKmM]?)")
_MOST_DIGITS = 30
_MONEY = re.compile(r"\$?(\d+(?:\.\d*)?|\.\d+)")
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}
OPS = r"!=|<=|>=|=|<|>|:|~"
"""All operators, as a part of a regular expression."""
_VALUE = re.compile(rf"(?:^|[\s(])(?P<field>[A-Za-z_]+)(?:{OPS})(?P<part>\"[^\"]*|[^\s()\"]*)$")
_JSON_VALUE = re.compile(
    rf"(?:^|[\s(])json(?P<path>:\$(?:{STEP})*|(?:{STEP})+)\s*(?:{OPS})\s*(?P<part>\"[^\"]*|[^\s()\"]*)$",
    re.IGNORECASE,
)
_JSON_NAME = re.compile(r"(?:^|[\s(])json(?::\$)?\.(?P<name>[^\s.\[\]()=\"'<>:~!]*)$", re.IGNORECASE)
_PLAIN_NAME = re.compile(STEP)
_WORD = re.compile(r"(?:^|[\s(])(?P<word>[A-Za-z_]*)$")
_JOINTS = ("and ", "or ", "not ")


class FilterField(msgspec.Struct, frozen=True):
    """One field. `values` are all it can have (`closed`), or the usual ones."""

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    closed: bool = False

    @property
    def ops(self) -> tuple[str, ...]:
        """The operators it takes, the most useful first."""
        match self.kind:
            case "word" | "text":
                return WORD_OPS
            case "path":
                return (*NUMBER_OPS, ":", "~")
            case _:
                return NUMBER_OPS


FIELDS = {
    field.name: field
    for field in (
        FilterField("id", "word"),
        FilterField("outcome", "word", tuple(str(name) for name in OUTCOMES), closed=True),
        FilterField("class", "word", CLASSES, closed=True),
        FilterField("stop", "word", tuple(name for name in STOP_REASONS if name)),
        FilterField("error", "word"),
        FilterField("in", "count"),
        FilterField("out", "count"),
        FilterField("cost", "money"),
        FilterField("text", "text"),
        FilterField("json", "path"),
    )
}


def unquoted(text: str) -> str:
    """What stands between double quotes: a backslash before a quote or a backslash goes, any other stays."""
    return re.sub(r"\\([\"\\])", r"\1", text)


def refuse_unfinished(word: str, start: int, after: str) -> None:
    """Raise FilterError for `outcome=` and `json.a.`: beginnings of conditions, not parts of an id."""
    match = re.match(rf"([A-Za-z_]+)(?:{OPS})|(json)[.\[]", word, re.IGNORECASE)
    name = "" if match is None else (match[1] or match[2]).lower()
    if name not in FIELDS:
        return
    end = start + len(word) + 1
    if after.startswith('"') and not word.endswith("["):
        raise FilterError(f"Filter: a quote is not closed at character {end}.")
    if after.startswith("("):
        raise FilterError(
            f"Filter: a value with parentheses or blanks stands in double quotes (character {end})."
        )
    if name == "json":
        try:
            parse_path(re.split(OPS, f"${word[4:].removeprefix(':$')}")[0])
        except ValueError as error:
            raise FilterError(f"Filter: json is followed by a path such as json.label: {error}.") from error
    raise FilterError(f"Filter: a value is missing after {word} (character {end}).")


def condition(match: re.Match[str]) -> Condition | Not:
    """`FIELD OP VALUE`, from the groups field, op, value and quoted. Raises FilterError for what cannot be compared."""
    name, op, place = match["field"].lower(), match["op"], match.start("field") + 1
    field = FIELDS.get(name)
    if field is None:
        raise FilterError(
            f"Filter: there is no field {match['field']!r}; of JSON answers it is json.{match['field']}. At character"
            f" {place}; there are {', '.join(FIELDS)}."
        )
    quoted = match["quoted"]
    value = match["value"] if quoted is None else unquoted(quoted)
    if field.kind == "path":
        raise FilterError(f"Filter: json at character {place} is followed by a path: json.label=billing.")
    if op not in field.ops:
        what = "number" if field.kind in ("count", "money") else "word"
        raise FilterError(
            f"Filter: {name} is a {what}: compare it with {' '.join(field.ops)} (character {match.start('op') + 1})."
        )
    at = match.start("value" if quoted is None else "quoted") + 1
    if op == "~":
        Pattern(value, place=f" at character {at}")
    if name == "id" and op in ("=", "!=") and quoted is None and any(mark in value for mark in "*?["):
        glob = Condition(name, "glob", value)
        return glob if op == "=" else Not(glob)
    if name == "text" and op == "!=":
        return Not(Condition(name, "=", value))
    return Condition(name, op, _value(field, op, value, at))


def _value(field: FilterField, op: str, value: str, at: int) -> str:
    """The value as comparisons take it."""
    match field.kind:
        case "count":
            found = _COUNT.fullmatch(value)
            if found is None or len(value) > _MOST_DIGITS:
                raise FilterError(
                    f"Filter: {field.name} is compared with a whole number, not {value!r} at character {at}."
                )
            return str(int(re.sub("[_,]", "", found[1])) * _SCALE[found[2].lower()])
        case "money":
            amount = _MONEY.fullmatch(value)
            if amount is None:
                raise FilterError(
                    f"Filter: cost is compared with US dollars such as 0.002, not {value!r} at character {at}."
                )
            return amount[1]
        case "word" if field.closed and op in ("=", "!="):
            word = ALIASES.get(field.name, {}).get(value.lower(), value.lower())
            if word not in field.values and (word or field.name != "stop"):
                raise FilterError(
                    f"Filter: there is no {field.name} {value!r} (character {at}); "
                    f"there are {', '.join(field.values)}."
                )
            return word
        case _:
            return value


def path_condition(match: re.Match[str]) -> Condition:
    """`json:$.PATH OP VALUE` or `json.PATH OP VALUE`, from the groups path or steps, json_op, json_value and json_quoted.

    Raises FilterError for a wrong path.
    """
    path = match["path"] or f"${match['steps']}"
    op = match["json_op"]
    try:
        parse_path(path)
    except ValueError as error:
        place = match.start("path" if match["path"] else "steps") + 1
        raise FilterError(f"Filter: at character {place}: {error}.") from error
    if op is None:
        return Condition("json", "exists", "", path)
    quoted = match["json_quoted"]
    value = match["json_value"] if quoted is None else unquoted(quoted)
    at = match.start("json_value" if quoted is None else "json_quoted") + 1
    if op == "~":
        Pattern(value, place=f" at character {at}")
    elif op in ("<", "<=", ">", ">=") and as_number(value) is None:
        raise FilterError(f"Filter: {op} compares with a number, not {value!r} at character {at}.")
    return Condition("json", op, value, path)


class Completion(NamedTuple):
    """What may stand from `start` up to the cursor, the likeliest first."""

    start: int
    choices: tuple[str, ...]


def complete(text: str, cursor: int, values: Callable[[str], Sequence[str]]) -> Completion:
    """What can stand at the cursor. `values` gives what is known of a field's values beyond what the field itself says;
    of `json` the names in the answers, and of `json.NAME` the values under one.
    """
    before = text[:cursor]
    if (match := _JSON_VALUE.search(before)) is not None:
        known = values(f"json{match['path'].removeprefix(':$')}")
        return Completion(match.start("part"), _fitting(match["part"], known))
    if (match := _JSON_NAME.search(before)) is not None:
        return Completion(match.start("name"), tuple(_json_names(match["name"], values)))
    if (match := _VALUE.search(before)) is not None:
        name = match["field"].lower()
        known = (*FIELDS[name].values, *values(name)) if name in FIELDS else ()
        return Completion(match.start("part"), _fitting(match["part"], known, ALIASES.get(name, {})))
    if (match := _WORD.search(before)) is None:
        return Completion(cursor, ())
    word = match["word"].lower()
    if word in FIELDS:
        return Completion(match.start("word"), _with_operators(FIELDS[word]))
    fields = tuple(field.name + _usual(field) for field in FIELDS.values() if field.name.startswith(word))
    joints = tuple(joint for joint in _JOINTS if before.strip() and joint.startswith(word))
    named = tuple(f"json.{name}" for name in _json_names(word, values)) if word else ()
    return Completion(match.start("word"), fields + joints + named)


def _json_names(begun: str, values: Callable[[str], Sequence[str]]) -> Iterator[str]:
    """`urgency=`: the names in the answers that begin so, as a path has them."""
    for name in values("json"):
        if name.lower().startswith(begun.lower()) and _PLAIN_NAME.fullmatch(f".{name}"):
            yield f"{name}="


def _fitting(
    part: str, known: Sequence[str], aliases: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    begun = part.removeprefix('"').lower()
    begun = aliases.get(begun, begun)
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
            return "."
        case "count" | "money":
            return ">"
        case _:
            return "=" if field.closed else ":"
