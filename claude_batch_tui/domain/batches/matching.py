"""Which batches a filter lets through; `filter.py` reads what is typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from claude_batch_tui.domain.batches.fields import FIELDS, states
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.domain.filters.pattern import Pattern
from claude_batch_tui.domain.filters.tree import ORDERING, Both, Condition, Either, Filter, Not, conditions

Matcher = Callable[[TrackedBatch, datetime], bool]
"""Whether a batch is let through at a given time."""
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_MATCH_SECONDS = 0.02
"""A batch has short texts, and they are looked through while keys wait."""


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
