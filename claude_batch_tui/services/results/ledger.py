"""The ledger entry by entry: what was sent against what came back, as lists."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.domain.batches.ledger import Ledger
from claude_batch_tui.domain.results.result import CLASSES, OUTCOMES, Outcome
from claude_batch_tui.store.results.index import ResultsIndex

LISTS: Final = ("missing", "extra", "duplicate", "unparsable")
_UNPARSED: Final = OUTCOMES.index(Outcome.UNPARSED)


class Listed(msgspec.Struct, frozen=True):
    """One request or entry of a list. `entry` counts the file's entries from 1; None for what is not in the file."""

    custom_id: str
    entry: int | None = None


class Accounts(msgspec.Struct, frozen=True):
    """What does not add up. `missing` and `extra` are None where it is not known what was sent."""

    sent: int | None
    entries: int
    classes: dict[str, int]
    """How many entries there are of each ledger class that occurs; what cannot be read is in `unparsable` alone."""
    missing: tuple[Listed, ...] | None
    """Sent, but without a result; in the order in which they were sent."""
    extra: tuple[Listed, ...] | None
    """Entries of requests that were not sent."""
    duplicate: tuple[Listed, ...]
    """Entries whose custom_id an earlier one has."""
    unparsable: tuple[Listed, ...]
    """Lines that are no result, or of a type unknown here."""
    is_validated: bool = True
    """False while answers are still held against their schemas: `complete` may lose to `schema_invalid`."""

    @property
    def is_good(self) -> bool:
        """True where everything that was sent came back exactly once and complete."""
        gaps = (self.missing, self.extra, self.duplicate, self.unparsable)
        return self.is_validated and not any(gaps) and self.classes.get("complete", 0) == self.entries

    def list_of(self, name: str) -> tuple[Listed, ...] | None:
        """The list of that name."""
        found: tuple[Listed, ...] | None = getattr(self, name)
        return found


def accounts(index: ResultsIndex, sent: Collection[str] | None) -> Accounts:
    """The lists of a complete index, about 1 µs an entry. `sent` are the custom_ids in the order they were sent."""
    ids = index.all_ids()
    first: dict[str, int] = {}
    duplicate: list[Listed] = []
    for number, custom_id in enumerate(ids, 1):
        if first.setdefault(custom_id, number) != number and custom_id:
            duplicate.append(Listed(custom_id, number))
    missing = extra = None
    if sent is not None:
        known = frozenset(sent)
        missing = tuple(Listed(custom_id) for custom_id in sent if custom_id not in first)
        extra = tuple(
            Listed(custom_id, number)
            for number, custom_id in enumerate(ids, 1)
            if custom_id and custom_id not in known
        )
    outcomes = bytes(index.outcomes)
    unparsable: list[Listed] = []
    at = outcomes.find(_UNPARSED)
    while at >= 0:
        unparsable.append(Listed(ids[at], at + 1))
        at = outcomes.find(_UNPARSED, at + 1)
    return Accounts(
        sent=None if sent is None else len(sent),
        entries=index.count,
        classes={name: number for name, number in index.class_counts().items() if name != Outcome.UNPARSED},
        missing=missing,
        extra=extra,
        duplicate=tuple(duplicate),
        unparsable=tuple(unparsable),
        is_validated=index.is_validated,
    )


def ledger_of(index: ResultsIndex, expected: RequestCounts | None, sent: frozenset[str] | None) -> Ledger:
    """The counts of an index beside those of its batch and what was sent, None where that is not known."""
    ids = index.all_ids()
    unique = set(ids)
    unique.discard("")
    missing = None if sent is None else len(sent - unique)
    return Ledger(
        outcomes=index.outcome_counts(),
        expected=expected,
        duplicates=len(ids) - ids.count("") - len(unique),
        missing=missing,
        extra=None if sent is None or missing is None else len(unique) - (len(sent) - missing),
    )


def flawed(classes: dict[str, int]) -> dict[str, int]:
    """Of the classes of succeeded entries, those that are not truly good."""
    return {name: classes[name] for name in CLASSES[1 : CLASSES.index("errored")] if classes.get(name)}
