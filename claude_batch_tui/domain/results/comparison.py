"""Two results of one request compared: how they agree, and their texts line by line, changed lines word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import takewhile
from typing import NamedTuple

import msgspec

from claude_batch_tui.domain.results.result import Outcome, Result

MOST_LINES = 3_000
"""Changed lines of each text that are matched with one another; of more, all are told as removed and added."""
MOST_WORDS = 1_500
"""Words of a line that are compared; in a longer line only its beginning and end are."""
_LIKE = 0.3
"""Lines less alike are not shown as one line that changed."""
_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)


class Agreement(StrEnum):
    """What two results say of one custom_id."""

    SAME = "same"
    DIFFERENT = "different"
    ONE_FAILED = "one failed"
    BOTH_FAILED = "both failed"
    ONLY_LEFT = "only in A"
    ONLY_RIGHT = "only in B"


class Totals(msgspec.Struct, frozen=True):
    """What one side used: tokens, and US dollars of the `priced` entries among those that `succeeded`."""

    entries: int = 0
    succeeded: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    priced: int = 0


class Agreements(msgspec.Struct, frozen=True):
    """Counts of every agreement, and what each side used in all its entries."""

    counts: dict[Agreement, int]
    left: Totals
    right: Totals

    @property
    def joined(self) -> int:
        """Requests that both sides have."""
        apart = (Agreement.ONLY_LEFT, Agreement.ONLY_RIGHT)
        return sum(count for agreement, count in self.counts.items() if agreement not in apart)

    @property
    def answered(self) -> int:
        """Requests that both sides answered."""
        return self.counts[Agreement.SAME] + self.counts[Agreement.DIFFERENT]


def answer_text(result: Result) -> str:
    """What an answer says and asks for: its texts and tool calls, without thinking, sources and signatures."""
    from claude_batch_tui.domain.results.answer import (  # late: words of batches need no reader of answers
        Kind,
        pieces,
    )

    found = pieces(result.message.get("content"))
    parts = [
        f"{piece.title}\n{piece.text}" if piece.kind is Kind.CALL else piece.text
        for piece in found
        if piece.kind in (Kind.TEXT, Kind.CALL, Kind.UNKNOWN)
    ]
    return "\n".join(parts)


def agreement(left: Result, right: Result) -> Agreement:
    """How two results of one request agree; blanks at the ends of an answer say nothing."""
    succeeded = [side.outcome == Outcome.SUCCEEDED for side in (left, right)]
    if not any(succeeded):
        return Agreement.BOTH_FAILED
    if not all(succeeded):
        return Agreement.ONE_FAILED
    is_same = answer_text(left).strip() == answer_text(right).strip()
    return Agreement.SAME if is_same else Agreement.DIFFERENT


class Side(StrEnum):
    """Which of the texts a line is from."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"


class DiffLine(NamedTuple):
    """A line of one text or of both; `changed` are the parts that the other text says differently, in characters."""

    side: Side
    text: str
    changed: tuple[tuple[int, int], ...] = ()


def diff(left: str, right: str) -> Iterator[DiffLine]:
    """All lines of both texts in reading order: what left has and right has not comes before what right has instead."""
    a, b = left.split("\n"), right.split("\n")
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    yield from (DiffLine(Side.BOTH, line) for line in a[:start])
    yield from _middle(a[start : len(a) - end], b[start : len(b) - end])
    yield from (DiffLine(Side.BOTH, line) for line in a[len(a) - end :])


def _middle(a: Sequence[str], b: Sequence[str]) -> Iterator[DiffLine]:
    if len(a) > MOST_LINES or len(b) > MOST_LINES:
        yield from _replaced(a, b, pairs=False)
        return
    for tag, a_from, a_to, b_from, b_to in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (DiffLine(Side.BOTH, line) for line in a[a_from:a_to])
        else:
            yield from _replaced(a[a_from:a_to], b[b_from:b_to], pairs=True)


def _replaced(a: Sequence[str], b: Sequence[str], *, pairs: bool) -> Iterator[DiffLine]:
    """A block of lines instead of another; lines at the same place in both are compared by words."""
    compared = [_words(x, y) for x, y in zip(a, b, strict=False)] if pairs else []
    for side, lines in ((Side.LEFT, a), (Side.RIGHT, b)):
        for number, line in enumerate(lines):
            changed = compared[number][side is Side.RIGHT] if number < len(compared) else ()
            yield DiffLine(side, line, changed)


def _words(left: str, right: str) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The changed parts of two lines; none where the lines have little in common, because all of them changed."""
    a, b = _WORDS.findall(left), _WORDS.findall(right)
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    before = sum(len(word) for word in a[:start])
    inner_a, inner_b = a[start : len(a) - end], b[start : len(b) - end]
    if max(len(inner_a), len(inner_b)) > MOST_WORDS:
        sizes = (sum(map(len, inner_a)), sum(map(len, inner_b)))
        return (((before, before + sizes[0]),), ((before, before + sizes[1]),))
    matcher = SequenceMatcher(None, inner_a, inner_b, autojunk=False)
    alike = 2 * (start + end + sum(block.size for block in matcher.get_matching_blocks()))
    if alike < _LIKE * (len(a) + len(b)):
        return (), ()
    changed: tuple[list[tuple[int, int]], list[tuple[int, int]]] = [], []
    at = [before, before]
    for tag, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        for side, words in enumerate((inner_a[a_from:a_to], inner_b[b_from:b_to])):
            size = sum(map(len, words))
            if tag != "equal" and size:
                changed[side].append((at[side], at[side] + size))
            at[side] += size
    return tuple(changed[0]), tuple(changed[1])


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many items from the start are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
