"""The fields of a batch that a list is filtered and sorted by, and the filters over them.

`state=running tag=eval age<2d model:sonnet` is one. Conditions side by side are joined by and. Durations are `30s 5m 3h 2d 1w`, or `1h30m`; dates begin as
`2026-11-20`; a bare word is looked for in name, id, state, model, tags, note and source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.domain.batches.notices import Warned, warned
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.domain.filters.fields import OPS, WORD_OPS, Completion
from claude_batch_tui.domain.filters.language import (
    Both,
    Condition,
    Either,
    Filter,
    Language,
    Not,
    parse,
)
from claude_batch_tui.domain.filters.pattern import FilterError, Pattern
from claude_batch_tui.domain.filters.tree import ORDERING, conditions

Value = str | float | None
"""Words, or a number: seconds for durations, dollars for money. None where there is nothing to compare."""

STATE_WORDS = (
    "running",
    "in_progress",
    "canceling",
    "ended",
    "ok",
    "flawed",
    "errored",
    "expired",
    "canceled",
    "archived",
    "gone",
    "unknown",
    "overdue",
    "expiring",
    "leaving",
    "new",
    "saved",
    "hidden",
    "foreign",
    "provisional",
)
"""What `state=` may say; several are true of a batch at once."""

_ENDS = {
    BatchState.ENDED_OK: "ok",
    BatchState.ENDED_FLAWED: "flawed",
    BatchState.ENDED_WITH_ERRORS: "errored",
    BatchState.ENDED_EXPIRED: "expired",
    BatchState.ENDED_CANCELED: "canceled",
}
Matcher = Callable[[TrackedBatch, datetime], bool]
"""Whether a batch is let through at a given time."""
_ALIASES = {"reqs": "requests", "succeeded": "ok", "err": "errored", "exp": "expired", "tags": "tag"}
_STATE_ALIASES = {"err": "errored", "error": "errored", "succeeded": "ok", "cancelled": "canceled"}
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_MATCH_SECONDS = 0.02
"""A batch has short texts, and they are looked through while keys wait."""
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d)?)?)?)?)?")
_BEGUN = re.compile(rf"([A-Za-z_]+)(?:{OPS})")
"""A condition whose value is still to be typed."""
_BEGUN_VALUE = re.compile(rf'(?P<field>[A-Za-z_]+)(?:{OPS})(?P<part>"[^"]*|[^\s()"]*)$')
_BEGUN_WORD = re.compile(r"[A-Za-z_]+$")


class BatchField(NamedTuple):
    """One field. `kind` is word, words, number, duration, money or date; `upwards` is its natural order."""

    kind: str
    value: Callable[[TrackedBatch, datetime], Value]
    upwards: bool = True


def states(tracked: TrackedBatch, now: datetime) -> frozenset[str]:
    """All words of `STATE_WORDS` that are true of a batch."""
    batch, state = tracked.batch, tracked.state(now)
    counts = batch.request_counts
    warning = warned(tracked, now)
    true = {
        "running": not batch.has_ended and tracked.gone_at is None,
        "ended": batch.has_ended,
        "flawed": bool(tracked.flawed),
        "errored": bool(counts.errored),
        "expired": bool(counts.expired),
        "canceled": bool(counts.canceled),
        "overdue": not batch.has_ended and now > batch.deadline,
        "expiring": warning is not None and warning.about is Warned.EXPIRY,
        "leaving": warning is not None and warning.about is Warned.RESULTS,
        "new": not tracked.seen,
        "saved": tracked.results is not ResultsState.NONE,
        "hidden": tracked.hidden_at is not None,
        "foreign": tracked.run_id is None,
        "provisional": tracked.provisional,
    }
    return frozenset((*(word for word, holds in true.items() if holds), _ENDS.get(state, state.value)))


def searched(tracked: TrackedBatch, now: datetime) -> str:
    """What a bare word is looked for in."""
    # Not all of `states`: this is asked of every batch with every key.
    words = (
        *(tracked.name, tracked.run_name, tracked.id, tracked.run_id, tracked.model, tracked.source),
        *(tracked.note, *tracked.tags, tracked.state(now).value.replace("_", " ")),
        *("" if tracked.batch.has_ended else "running", "" if tracked.seen else "new"),
    )
    return "\n".join(word for word in words if word).lower()


def _took(tracked: TrackedBatch, _now: datetime) -> Value:
    batch = tracked.batch
    return (batch.ended_at - batch.created_at).total_seconds() if batch.ended_at else None


def _left(tracked: TrackedBatch, now: datetime) -> Value:
    batch = tracked.batch
    return None if batch.has_ended else (batch.deadline - now).total_seconds()


def _share_done(tracked: TrackedBatch, _now: datetime) -> Value:
    counts = tracked.batch.request_counts
    return counts.done / counts.total if counts.total else None


def _cost(tracked: TrackedBatch, _now: datetime) -> Value:
    return tracked.cost_at_most if tracked.cost_actual is None else tracked.cost_actual


def _date(moment: datetime | None) -> Value:
    return moment.astimezone().isoformat()[:19] if moment else None


def _count(name: str) -> BatchField:
    return BatchField("number", lambda t, _: getattr(t.batch.request_counts, name), upwards=False)


FIELDS: dict[str, BatchField] = {
    "text": BatchField("word", searched),
    "id": BatchField("word", lambda t, _: t.id),
    "name": BatchField("word", lambda t, _: t.name),
    "workspace": BatchField("word", lambda t, _: t.profile),
    "state": BatchField("words", lambda t, now: list(BatchState).index(t.state(now))),
    "tag": BatchField("words", lambda t, _: ", ".join(t.tags) or None),
    "model": BatchField("word", lambda t, _: t.model),
    "note": BatchField("word", lambda t, _: t.note),
    "source": BatchField("word", lambda t, _: t.source),
    "run": BatchField("word", lambda t, _: t.run_id),
    "results": BatchField("word", lambda t, _: t.results.value),
    "requests": BatchField("number", lambda t, _: t.batch.request_counts.total, upwards=False),
    "processing": _count("processing"),
    "ok": _count("succeeded"),
    "errored": _count("errored"),
    "expired": _count("expired"),
    "canceled": _count("canceled"),
    "progress": BatchField("share", _share_done, upwards=False),
    "age": BatchField("duration", lambda t, now: (now - t.batch.created_at).total_seconds()),
    "left": BatchField("duration", _left),
    "took": BatchField("duration", _took, upwards=False),
    "cost": BatchField("money", _cost, upwards=False),
    "created": BatchField("date", lambda t, _: _date(t.batch.created_at), upwards=False),
    "ended": BatchField("date", lambda t, _: _date(t.batch.ended_at), upwards=False),
}
"""By name. `text` is what a bare word means; `progress` is the share of requests that are done."""


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


def matcher_of(wanted: Filter | None) -> Matcher:
    """The filter as a function of a batch and the time."""
    match wanted:
        case None:
            return lambda _tracked, _now: True
        case Both(left, right):
            first, second = matcher_of(left), matcher_of(right)
            return lambda tracked, now: first(tracked, now) and second(tracked, now)
        case Either(left, right):
            first, second = matcher_of(left), matcher_of(right)
            return lambda tracked, now: first(tracked, now) or second(tracked, now)
        case Not(inner):
            refused = matcher_of(inner)
            return lambda tracked, now: not refused(tracked, now)
        case Condition(field, op, value):
            return _matcher(field, op, value)


def names_state(wanted: Filter | None, word: str) -> bool:
    """Whether a filter speaks of a state, and so decides about it itself."""
    return any(each.field == "state" and each.value == word for each in conditions(wanted))


def depends_on_time(wanted: Filter | None) -> bool:
    """Whether what a filter lets through changes while nothing happens."""
    return any(each.field in ("age", "left", "state", "text") for each in conditions(wanted))


def _matcher(field: str, op: str, value: str) -> Matcher:
    if field == "state":
        matches = _word_matcher(op, value)
        return lambda tracked, now: matches(states(tracked, now))
    if field == "tag":
        matches = _word_matcher(op, value)
        return lambda tracked, _now: matches(frozenset(tag.lower() for tag in tracked.tags))
    kind, read, _ = FIELDS[field]
    if kind == "word":
        matches = _word_matcher(op, value)
        return lambda tracked, now: matches(frozenset((str(read(tracked, now) or "").lower(),)))
    if kind == "date":
        return _date_matcher(field, op, value)
    limit, compare = _number(kind, value), ORDERING[op]

    def holds(tracked: TrackedBatch, now: datetime) -> bool:
        found = read(tracked, now)
        return found is not None and compare(float(found), limit)

    return holds


def _date_matcher(field: str, op: str, value: str) -> Matcher:
    """Dates compare as far as they are written: `created=2026-11` is a month."""
    read, wanted, compare = FIELDS[field].value, value.replace(" ", "T"), ORDERING["=" if op == ":" else op]

    def holds(tracked: TrackedBatch, now: datetime) -> bool:
        found = read(tracked, now)
        return found is not None and compare(str(found)[: len(wanted)], wanted)

    return holds


def _word_matcher(op: str, value: str) -> Callable[[frozenset[str]], bool]:
    """The condition over a set of words, one of which has to fit; with != none may."""
    wanted = value.lower()
    match op:
        case "=":
            return lambda words: wanted in words
        case "!=":
            return lambda words: wanted not in words
        case ":":
            return lambda words: any(wanted in word for word in words)
        case _:
            pattern = Pattern(value, ignores_case=True, seconds=_MATCH_SECONDS)
            return lambda words: any(map(pattern.fits, words))


def _number(kind: str, value: str) -> float:
    if kind == "duration":
        return sum(
            float(part[:-1]) * _SECONDS[part[-1]] for part in re.findall(r"\d+(?:\.\d+)?[smhdw]", value)
        )
    return float(value.replace(",", "").lstrip("$").rstrip("%")) / (100 if kind == "share" else 1)


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
