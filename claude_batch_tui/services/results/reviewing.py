"""What was said of answers on this machine: for exports, for a queue that goes on, and as what a score expects."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from claude_batch_tui.domain.results.result import OUTCOMES, Outcome
from claude_batch_tui.domain.results.review import EntryKey, Review, ReviewQueue, label_choices, says
from claude_batch_tui.errors import StoreError
from claude_batch_tui.store.database import Database
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.reviews import reviews

_ENDS = 1 << 16
"""Bytes of a file's beginning and end by which it is known again."""
_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)
_ANSWERS = 200
"""Answers that are read for the labels they give."""


class Reviews(msgspec.Struct, frozen=True):
    """What was said of the entries of one results file. `target_id` is whose they are, but for those of a run."""

    target_id: str
    found: Mapping[EntryKey, Review]

    def of(self, custom_id: str, batch_id: str | None = None) -> Review:
        """What was said of an entry, of a run that of this batch."""
        return self.found.get(EntryKey(batch_id or self.target_id, custom_id), Review())

    def by_custom_id(self) -> dict[str, Review]:
        """What was said of every id, of whatever batch; of several what was said last."""
        return {key.custom_id: review for key, review in self.found.items()}


def reviews_of(results: ResultsFile, batch_id: str | None, database: Database) -> Reviews:
    """What was said of the entries of an open file: that of a batch, of a run, or, where it is None, of a file."""
    if results.run is not None:
        return Reviews("", reviews(database, [piece.batch_id for piece in results.run.pieces]))
    target_id = file_target(results) if batch_id is None else batch_id
    return Reviews(target_id, reviews(database, [target_id]))


def reviews_on_disk(results: ResultsFile, batch_id: str | None, place: Path) -> Reviews | None:
    """The same from a store that is not open; None where nothing was said, or there is no store to be read."""
    if not place.exists():
        return None
    with contextlib.suppress(StoreError), contextlib.closing(Database(place)) as database:
        found = reviews_of(results, batch_id, database)
        return found if found.found else None
    return None


def file_target(results: ResultsFile) -> str:
    """What names a file that is no batch's, wherever it lies: its size, and how it begins and ends."""
    descriptor = results.fileno()
    size = os.fstat(descriptor).st_size
    digest = hashlib.sha256(f"{size}\0".encode())
    digest.update(os.pread(descriptor, _ENDS, 0))
    digest.update(os.pread(descriptor, _ENDS, max(size - _ENDS, 0)))
    return f"file:{digest.hexdigest()[:32]}"


def answered(results: ResultsFile, positions: Sequence[int]) -> Sequence[int]:
    """Those of these entries that have an answer: nothing can be said of what failed."""
    outcomes = results.index.outcomes
    return [position for position in positions if outcomes[position] == _SUCCEEDED]


def review_queue(results: ResultsFile, positions: Sequence[int], known: Reviews) -> ReviewQueue:
    """These entries of an open file as a queue; the labels that have keys are those the answers give. Reads the file."""
    texts = [results.read(position).text for position in positions[:_ANSWERS]]
    return ReviewQueue(
        positions,
        _key_of(results, known.target_id),
        known.found,
        label_choices(texts),
        lambda position, label: says(results.read(position).text, label),
    )


def _key_of(results: ResultsFile, target_id: str) -> Callable[[int], EntryKey]:
    def key_of(position: int) -> EntryKey:
        origin = results.origin(position)
        return EntryKey(target_id if origin is None else origin.batch_id, results.index.custom_id(position))

    return key_of


def expected_of_reviews(
    results: ResultsFile, known: Reviews, read: Callable[[bytes], str | None]
) -> dict[str, str | None]:
    """What was found to be right, by custom_id: corrected labels, and what `read` takes out of the answers that are good."""
    found: dict[str, str | None] = {}
    for custom_id, review in known.by_custom_id().items():
        position = results.index.find(custom_id)
        if position is not None:
            expected = review.expected(read(results.line(position)))
            if expected is not None:
                found[custom_id] = expected
    return found
