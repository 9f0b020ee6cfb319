"""What somebody says of answers they read: good, bad or unsure, the label that is right, a note; and the queue they are read in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final, Literal, NamedTuple

import msgspec

from claude_batch_tui.domain.results.json_tree import decode_json

Verdict = Literal["good", "bad", "unsure"]
VERDICTS: Final[tuple[Verdict, ...]] = ("good", "bad", "unsure")
MOST_CHOICES: Final = 9
"""Labels that have a key of their own: 1 to 9."""
_LONGEST_LABEL: Final = 40


class Review(msgspec.Struct, frozen=True):
    """What is said of one answer. One that says nothing takes back what was said before."""

    verdict: Verdict | None = None
    label: str | None = None
    """The label that is right, where it is another one than the answer's."""
    note: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return self == Review()

    def expected(self, answer: str | None) -> str | None:
        """What should have been answered: the label that is right, else a good answer itself; None where nobody knows."""
        return self.label if self.label is not None else answer if self.verdict == "good" else None


class EntryKey(NamedTuple):
    """Whose entry it is (a batch, or a file by its content), and its custom_id."""

    target_id: str
    custom_id: str


class Change(NamedTuple):
    """What is to be written down of an entry."""

    key: EntryKey
    review: Review


class ReviewQueue:
    """Entries that are read one at a time, by their positions in a file; every change can be undone.

    It begins with the first that nothing is said of, and goes on to the next such one by itself.
    """

    def __init__(
        self,
        positions: Sequence[int],
        key_of: Callable[[int], EntryKey],
        known: Mapping[EntryKey, Review],
        labels: Sequence[str] = (),
        says: Callable[[int, str], bool] = lambda _position, _label: False,
    ) -> None:
        """`positions` are at least one; `known` is what was said of entries before; `labels` are offered first; `says` tells
        whether the answer at a position is a label.
        """
        self._positions = positions
        self._says = says
        self._key_of = key_of
        self._said = dict(known)
        self._undone: list[tuple[int, Change]] = []
        said = Counter(one.label for one in known.values() if one.label is not None)
        self.labels = list(dict.fromkeys([*labels, *(label for label, _ in said.most_common())]))[
            :MOST_CHOICES
        ]
        """The labels that have a key."""
        self.at = 0
        """The number of the entry that is shown, from 0."""
        self.is_done = False
        """Whether something is said of every entry."""
        self._counts = Counter(
            one.verdict for position in positions if (one := self._said.get(key_of(position))) is not None
        )
        self._go_on(0)

    def __len__(self) -> int:
        return len(self._positions)

    @property
    def position(self) -> int:
        """The position in the file of the entry that is shown."""
        return self._positions[self.at]

    @property
    def review(self) -> Review:
        """What is said of the entry that is shown."""
        return self._said.get(self._key_of(self.position), Review())

    @property
    def left(self) -> int:
        """How many have no verdict."""
        return len(self) - sum(self.count(verdict) for verdict in VERDICTS)

    def count(self, verdict: Verdict) -> int:
        """How many have this verdict."""
        return self._counts[verdict]

    def judge(self, verdict: Verdict) -> Change:
        """Say how good the answer is, and go on. A good answer has no other label."""
        label = None if verdict == "good" else self.review.label
        return self._say(msgspec.structs.replace(self.review, verdict=verdict, label=label), goes_on=True)

    def correct(self, label: str) -> Change | None:
        """Say which label is right, by which the answer is bad unless it says so itself, and go on; None for an empty one."""
        label = label.strip()
        if not label:
            return None
        if label not in self.labels and len(self.labels) < MOST_CHOICES:
            self.labels.append(label)
        if self._says(self.position, label):
            return self.judge("good")
        return self._say(msgspec.structs.replace(self.review, verdict="bad", label=label), goes_on=True)

    def choose(self, number: int) -> Change | None:
        """The label of the key with that number, from 1, is right; None where no label has it."""
        return self.correct(self.labels[number - 1]) if number <= len(self.labels) else None

    def remark(self, note: str) -> Change:
        """Write a note on the entry, or take it away with an empty one; it stays shown."""
        return self._say(msgspec.structs.replace(self.review, note=note.strip() or None), goes_on=False)

    def undo(self) -> Change | None:
        """Take back the last change, and show its entry again; None where there is none."""
        if not self._undone:
            return None
        self.at, change = self._undone.pop()
        self._set(change)
        self.is_done = False
        return change

    def step(self, step: int) -> None:
        """Show another entry, said something of or not."""
        self.at = min(max(self.at + step, 0), len(self) - 1)

    def _say(self, review: Review, *, goes_on: bool) -> Change:
        change = Change(self._key_of(self.position), review)
        self._undone.append((self.at, Change(change.key, self.review)))
        self._set(change)
        if goes_on:
            self._go_on(self.at + 1)
        return change

    def _set(self, change: Change) -> None:
        self._counts[self._said.get(change.key, Review()).verdict] -= 1
        self._counts[change.review.verdict] += 1
        self._said[change.key] = change.review

    def _go_on(self, start: int) -> None:
        """Go to the next entry without a verdict, from that number on and then from the first."""
        if self.left <= 0:
            self.is_done = True
            self.at = min(start, len(self) - 1)
            return
        for number in (*range(start, len(self)), *range(start)):
            known = self._said.get(self._key_of(self._positions[number]))
            if known is None or known.verdict is None:
                self.at = number
                return


def sample(positions: Sequence[int], count: int, seed: int = 0) -> Sequence[int]:
    """So many of the entries by chance, in their order; the same ones for the same seed. All where there are no more."""
    if count >= len(positions):
        return positions
    return [positions[place] for place in sorted(Random(seed).sample(range(len(positions)), count))]


def label_choices(answers: Sequence[str]) -> list[str]:
    """The labels that answers give, the most frequent first: short answers themselves, or a field of JSON ones with few values.

    None where they give more different ones than there are keys.
    """
    plain: Counter[str] = Counter()
    fields: dict[str, Counter[str]] = {}
    for answer in answers:
        text = answer.strip()
        if text.startswith("{"):
            for key, value in _object(text).items():
                if isinstance(value, str) and _is_label(value):
                    fields.setdefault(key, Counter())[value] += 1
        elif _is_label(text):
            plain[text] += 1
    found = [one for one in (plain, *fields.values()) if 2 <= len(one) <= MOST_CHOICES]
    best = max(found, key=lambda one: (one.total(), -len(one)), default=Counter[str]())
    return [label for label, _ in best.most_common()]


def says(answer: str, label: str) -> bool:
    """Whether an answer is a label, or is JSON with it as the value of a field."""
    text = answer.strip()
    return text == label or (text.startswith("{") and label in _object(text).values())


def _is_label(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_LABEL and text.isprintable()


def _object(text: str) -> dict[str, object]:
    try:
        value = decode_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
