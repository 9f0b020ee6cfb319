"""The classes of entries on the screen: the letter that marks a row and filters after `f`, a word, and a style."""

from __future__ import annotations

from typing import NamedTuple

from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, Entry, Outcome


class ClassMark(NamedTuple):
    """How a class is shown. `key` is its letter, which marks its rows too; `filter` is what shows it alone."""

    key: str
    word: str
    style: str
    filter: str


def _of_class(name: str, key: str, word: str, style: str = "warn") -> tuple[str, ClassMark]:
    return name, ClassMark(key, word, style, f"class={name}")


def _of_outcome(outcome: Outcome, key: str, word: str, style: str) -> tuple[str, ClassMark]:
    # By outcome: that is known of every entry long before its class is.
    return outcome.value, ClassMark(key, word, style, f"outcome={outcome}")


CLASS_MARKS = dict(
    (
        _of_class("complete", "g", "good", "good"),
        _of_class("truncated", "t", "cut"),
        _of_class("refused", "r", "refused"),
        _of_class("empty", "0", "empty"),
        _of_class("schema_invalid", "i", "invalid", "bad"),
        _of_class("paused", "p", "paused"),
        _of_class("unknown_stop", "u", "odd stop"),
        _of_outcome(Outcome.ERRORED, "e", "errored", "bad"),
        _of_outcome(Outcome.CANCELED, "c", "canceled", "dim"),
        _of_outcome(Outcome.EXPIRED, "x", "expired", "warn"),
        _of_outcome(Outcome.UNPARSED, "?", "unreadable", "bad"),
    )
)
"""Every ledger class, in the order in which they are counted over the list."""
ALL_KEY = "a"
ERRORS_KEY = "m"
QUICK_QUESTION = "Show a class by its letter in the counts above; a all, m errors by message"


def row_mark(entry: Entry, class_number: int, *, plain: bool) -> tuple[str, str | None]:
    """The mark of an entry's row and its style; of an answer that is not looked at yet `…`. `plain` is ASCII alone."""
    if entry.is_described:
        name = CLASSES[class_number]
    elif entry.outcome is Outcome.SUCCEEDED:
        return ("." if plain else "…"), "dim"
    else:
        name = entry.outcome.value
    mark = CLASS_MARKS[name]
    if name == "complete":
        return ("=" if plain else "✓"), mark.style
    return mark.key, mark.style


def class_totals(outcomes: dict[Outcome, int], classes: dict[str, int]) -> dict[str, int]:
    """How many entries there are of each class that occurs, in the order of `CLASS_MARKS`; good ones always.

    What became of a request is known of all `outcomes`, the classes of answers of those that were looked at.
    """
    by_outcome = {
        outcome.value: outcomes[outcome] for outcome in OUTCOMES if outcome is not Outcome.SUCCEEDED
    }
    totals = {name: by_outcome.get(name, classes.get(name, 0)) for name in CLASS_MARKS}
    return {name: count for name, count in totals.items() if count or name == "complete"}
