"""The filter over a list of batches, as it is typed.

`state=running tag=eval age<2d model:sonnet` is one. Conditions side by side are joined by and. Durations are `30s 5m 3h 2d 1w`, or `1h30m`; dates begin as
`2026-11-20`; a bare word is looked for in name, id, state, model, tags, note and source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from claude_batch_tui.domain.batches.fields import FIELDS, STATE_WORDS
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.domain.filters.fields import OPS, WORD_OPS, Completion
from claude_batch_tui.domain.filters.language import Condition, Filter, Language, parse
from claude_batch_tui.domain.filters.pattern import FilterError, Pattern

_ALIASES = {"reqs": "requests", "succeeded": "ok", "err": "errored", "exp": "expired", "tags": "tag"}
_STATE_ALIASES = {"err": "errored", "error": "errored", "succeeded": "ok", "cancelled": "canceled"}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d)?)?)?)?)?")
_BEGUN = re.compile(rf"([A-Za-z_]+)(?:{OPS})")
"""A condition whose value is still to be typed."""
_BEGUN_VALUE = re.compile(rf'(?P<field>[A-Za-z_]+)(?:{OPS})(?P<part>"[^"]*|[^\s()"]*)$')
_BEGUN_WORD = re.compile(r"[A-Za-z_]+$")


def batch_filter(text: str) -> Filter | None:
    """The filter a text means, or None for an empty one. Raises FilterError with the place of the trouble."""
    return parse(text, Language("text", _comparison))


def complete_filter(text: str, cursor: int, batches: Iterable[TrackedBatch]) -> Completion:
    """What can stand at the cursor: fields, their usual operators, and the values that these batches have."""
    before = text[:cursor]
    if (match := _BEGUN_VALUE.search(before)) is not None:
        known = _known_values(_ALIASES.get(match["field"].lower(), match["field"].lower()), batches)
        part = match["part"].removeprefix('"').lower()
        values = dict.fromkeys(value for value in known if value.lower().startswith(part))
        quoted = (f'"{value}"' if re.search(r'[\s()"]', value) else value for value in values)
        return Completion(match.start("part"), tuple(quoted))
    match = _BEGUN_WORD.search(before)
    word = match[0].lower() if match else ""
    names = [name for name in FIELDS if name != "text" and name.startswith(word)]
    ordered = sorted(names, key=lambda name: name != word)
    return Completion(cursor - len(word), tuple(name + _usual_operator(name) for name in ordered))


def _known_values(field: str, batches: Iterable[TrackedBatch]) -> Iterable[str]:
    if field == "state":
        return STATE_WORDS
    if field == "tag":
        return sorted({tag for tracked in batches for tag in tracked.tags})
    known = FIELDS.get(field)
    if known is None or known.kind != "word":
        return ()
    values = {known.value(tracked, tracked.batch.created_at) for tracked in batches}
    return sorted(value for value in values if isinstance(value, str) and value)


def _usual_operator(field: str) -> str:
    kind = FIELDS[field].kind
    if kind in ("word", "words"):
        return "=" if field in ("state", "tag", "results", "workspace", "run") else ":"
    return "<" if kind == "duration" else ">"


def _comparison(field: str, op: str, value: str) -> Condition:
    """A condition checked and normalised. Raises FilterError."""
    name = _ALIASES.get(field.lower(), field.lower())
    if name not in FIELDS:
        raise FilterError(f"Filter: there is no field {field!r}; there are {', '.join(FIELDS)}.")
    if name == "text" and (begun := _BEGUN.fullmatch(value)) and begun[1].lower() in (*FIELDS, *_ALIASES):
        raise FilterError(f"Filter: a value is missing after {value!r}.")
    kind = FIELDS[name].kind
    if kind in ("word", "words"):
        if op not in WORD_OPS:
            raise FilterError(f"Filter: {name} is a word: compare it with = != : ~.")
        if op == "~":
            Pattern(value)
        return _state(op, value) if name == "state" else Condition(name, op, value)
    if op == "~" or (op == ":" and kind != "date"):
        raise FilterError(f"Filter: {name} is a {kind}: compare it with = != < <= > >=.")
    shapes = {
        "duration": (_DURATION, "30s, 5m, 3h, 2d or 1h30m"),
        "date": (_DATE, "2026-11-20 or 2026-11-20T08:00"),
        "money": (re.compile(r"\$?\d+(\.\d+)?"), "2.50"),
        "share": (re.compile(r"\d+(\.\d+)?%?"), "90%"),
        "number": (re.compile(r"\d[\d,]*"), "1000"),
    }
    shape, example = shapes[kind]
    if not shape.fullmatch(value):
        raise FilterError(f"Filter: {name} is compared with a {kind} such as {example}, not {value!r}.")
    return Condition(name, op, value)


def _state(op: str, value: str) -> Condition:
    word = value.lower().replace(" ", "_")
    word = _STATE_ALIASES.get(word, word)
    if op in ("=", "!=") and word not in STATE_WORDS:
        raise FilterError(f"Filter: there is no state {value!r}; there are {', '.join(STATE_WORDS)}.")
    return Condition("state", op, value if op == "~" else word)
