"""Answers against expected values: accuracy with its interval, figures by label, the confusion matrix, Cohen's kappa,
errors of numbers, and a paired test of two runs. The arithmetic needs the standard library alone.

Figures are over what was scored: entries with an expected value and an answer that could be read. What could not be
read, has no answer or no expected value is counted apart.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import NormalDist, StatisticsError, correlation, fmean

import msgspec

NORMALISERS = ("case", "space", "punct")
"""What may be looked past when two values are compared."""
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_Z = NormalDist().inv_cdf(0.975)
_MOST_EXACT = 1_000
"""Disagreements up to which the paired test is exact."""
_MOST_DIGITS = 300
"""Characters of a number; a longer one is text."""


class Standing(StrEnum):
    """What became of an entry when it was scored."""

    SCORED = "scored"
    UNPARSABLE = "unparsable"
    MISSING = "missing"
    WITHOUT_EXPECTED = "without an expected value"


class Interval(msgspec.Struct, frozen=True):
    """A share and the ends of its 95 % interval."""

    share: float
    low: float
    high: float


class LabelScore(msgspec.Struct, frozen=True):
    """How one label fared. A figure is None where its divisor is 0: precision where nothing was answered so."""

    label: str
    support: int
    """Entries that expect it."""
    answered: int
    """Entries that were answered so."""
    right: int
    precision: float | None
    recall: float | None
    f1: float


class Cell(msgspec.Struct, frozen=True):
    """A cell of the confusion matrix that is not empty."""

    expected: str
    answer: str
    count: int


class NumberScore(msgspec.Struct, frozen=True):
    """How far answers that are numbers are off, answer minus expected value."""

    count: int
    mean_error: float
    mean_absolute_error: float
    rmse: float
    correlation: float | None
    """Pearson's; None where all values of a side are equal."""


class Score(msgspec.Struct, frozen=True):
    """All figures. `accuracy` and `kappa` are None where nothing was scored; `numbers` where expected values are none."""

    entries: int
    scored: int
    right: int
    unparsable: int
    missing: int
    without_expected: int
    accuracy: Interval | None
    kappa: float | None
    labels: tuple[LabelScore, ...]
    """Those expected most often first; those that were only answered last."""
    matrix: tuple[Cell, ...]
    numbers: NumberScore | None

    @property
    def macro_f1(self) -> float | None:
        """The mean of F1 over all labels; None where nothing was scored."""
        return fmean(label.f1 for label in self.labels) if self.labels else None

    @property
    def is_whole(self) -> bool:
        """Whether every entry with an expected value was scored."""
        return not self.unparsable and not self.missing


class PairedTest(msgspec.Struct, frozen=True):
    """McNemar's test of two runs over the entries that both were scored on."""

    both: int
    right_in_both: int
    only_first: int
    """Right in the first run alone."""
    only_second: int
    wrong_in_both: int
    p: float
    is_exact: bool
    """By the binomial distribution, rather than by chi-squared with Edwards' correction."""


class Marked(msgspec.Struct, frozen=True):
    """An entry as it is scored; `expected` and `answer` are as they are compared."""

    standing: Standing
    expected: str = ""
    answer: str = ""

    @property
    def is_right(self) -> bool:
        """Whether it was scored, and the answer is the expected one."""
        return self.standing is Standing.SCORED and self.expected == self.answer


def normalised(text: str, ways: Collection[str] = ()) -> str:
    """A value as it is compared: without blanks at its ends, and with what `ways` of `NORMALISERS` looks past taken out."""
    text = unicodedata.normalize("NFC", text)
    if "punct" in ways:
        text = "".join(letter for letter in text if not unicodedata.category(letter).startswith("P"))
    if "case" in ways:
        text = text.casefold()
    return " ".join(text.split()) if "space" in ways else text.strip()


def number_of(text: str) -> float | None:
    """The number that a value spells, or None; infinities and NaN are none."""
    if len(text) > _MOST_DIGITS or _NUMBER.fullmatch(text) is None:
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def marked(
    expected: str | None, answer: str | None, *, is_missing: bool, ways: Collection[str] = ()
) -> Marked:
    """An entry with its expected value and its answer, None where there is none that can be read."""
    if expected is None or not (wanted := normalised(expected, ways)):
        return Marked(Standing.WITHOUT_EXPECTED)
    if is_missing:
        return Marked(Standing.MISSING, wanted)
    said = "" if answer is None else normalised(answer, ways)
    return Marked(Standing.SCORED, wanted, said) if said else Marked(Standing.UNPARSABLE, wanted)


class Majority(msgspec.Struct, frozen=True):
    """How requests that were made several times were answered."""

    groups: int
    """Requests, each with all its repetitions."""
    unanimous: int
    """Those whose answers that could be read are all the same."""
    agreement: float | None
    """The mean share of a request's answers that say what most say; None where nothing could be read."""


def majority(groups: Iterable[Sequence[Marked]]) -> tuple[list[tuple[int, Marked]], Majority]:
    """Of every group the entry that stands for it, with its place in the group, and how far the groups agree.

    That is the first that says what most say; where none could be read, the first that was answered, or the first.
    """
    kept: list[tuple[int, Marked]] = []
    shares: list[float] = []
    for group in groups:
        said = Counter(entry.answer for entry in group if entry.standing is Standing.SCORED)
        if said:
            ((most, count),) = said.most_common(1)
            shares.append(count / said.total())
            place = next(
                at for at, one in enumerate(group) if one.standing is Standing.SCORED and one.answer == most
            )
        else:
            place = next((at for at, one in enumerate(group) if one.standing is Standing.UNPARSABLE), 0)
        kept.append((place, group[place]))
    steady = sum(share == 1 for share in shares)
    return kept, Majority(len(kept), steady, fmean(shares) if shares else None)


def by_value(entries: Sequence[Marked]) -> Sequence[Marked]:
    """The same entries with numbers as one label however they are written (`1`, `1.0`), where all that is expected are numbers."""
    scored = [entry for entry in entries if entry.standing is Standing.SCORED]
    if not scored or any(number_of(text) is None for text in {entry.expected for entry in scored}):
        return entries
    return [
        msgspec.structs.replace(entry, expected=_spelled(entry.expected), answer=_spelled(entry.answer))
        if entry.standing is Standing.SCORED
        else entry
        for entry in entries
    ]


def _spelled(text: str) -> str:
    number = number_of(text)
    if number is None:
        return text
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def score(entries: Iterable[Marked]) -> Score:
    """All figures of these entries, as `by_value` gives them."""
    standings: Counter[Standing] = Counter()
    matrix: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        standings[entry.standing] += 1
        if entry.standing is Standing.SCORED:
            matrix[entry.expected, entry.answer] += 1
    scored = standings[Standing.SCORED]
    right = sum(count for (expected, answer), count in matrix.items() if expected == answer)
    labels = _labels(matrix)
    order = {label.label: number for number, label in enumerate(labels)}
    cells = sorted(matrix.items(), key=lambda one: (order[one[0][0]], order[one[0][1]]))
    return Score(
        entries=standings.total(),
        scored=scored,
        right=right,
        unparsable=standings[Standing.UNPARSABLE],
        missing=standings[Standing.MISSING],
        without_expected=standings[Standing.WITHOUT_EXPECTED],
        accuracy=wilson(right, scored) if scored else None,
        kappa=_kappa(labels, right, scored),
        labels=labels,
        matrix=tuple(Cell(expected, answer, count) for (expected, answer), count in cells),
        numbers=_numbers(matrix),
    )


def wilson(right: int, of: int) -> Interval:
    """The share of `right` and its 95 % score interval after Wilson, without continuity correction. `of` is above 0."""
    share = right / of
    middle = share + _Z**2 / (2 * of)
    spread = _Z * math.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2))
    scale = 1 + _Z**2 / of
    low = 0.0 if right == 0 else max((middle - spread) / scale, 0.0)
    high = 1.0 if right == of else min((middle + spread) / scale, 1.0)
    return Interval(share, low, high)


def mcnemar(pairs: Iterable[tuple[bool, bool]]) -> PairedTest:
    """Whether the second run is right as often as the first, from whether each was right on every entry that both have."""
    counts = Counter(pairs)
    first, second = counts[True, False], counts[False, True]
    apart = first + second
    is_exact = apart <= _MOST_EXACT
    if not apart:
        p = 1.0
    elif is_exact:
        tail = sum(math.comb(apart, number) for number in range(min(first, second) + 1))
        p = min(2 * tail / 2**apart, 1.0)
    else:
        p = math.erfc(math.sqrt(max(abs(first - second) - 1, 0) ** 2 / apart / 2))
    return PairedTest(counts.total(), counts[True, True], first, second, counts[False, False], p, is_exact)


def _labels(matrix: Mapping[tuple[str, str], int]) -> tuple[LabelScore, ...]:
    support: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for (expected, answer), count in matrix.items():
        support[expected] += count
        answered[answer] += count
    names = sorted({*support, *answered}, key=lambda name: (-support[name], -answered[name], name))
    return tuple(_label(name, support[name], answered[name], matrix.get((name, name), 0)) for name in names)


def _label(name: str, support: int, answered: int, right: int) -> LabelScore:
    precision = right / answered if answered else None
    recall = right / support if support else None
    return LabelScore(name, support, answered, right, precision, recall, 2 * right / (support + answered))


def _kappa(labels: Sequence[LabelScore], right: int, scored: int) -> float | None:
    """Agreement beyond chance; None where nothing was scored, or both sides only ever say one and the same."""
    by_chance = sum(label.support * label.answered for label in labels)
    if scored**2 == by_chance:
        return None
    return (right * scored - by_chance) / (scored**2 - by_chance)


def _numbers(matrix: Mapping[tuple[str, str], int]) -> NumberScore | None:
    """Figures of what are numbers on both sides; None where an expected value is none, or there is no pair."""
    pairs: list[tuple[float, float]] = []
    for (expected, answer), count in matrix.items():
        wanted, said = number_of(expected), number_of(answer)
        if wanted is None:
            return None
        if said is not None:
            pairs += [(wanted, said)] * count
    if not pairs:
        return None
    errors = [said - wanted for wanted, said in pairs]
    try:
        related = correlation([one for one, _ in pairs], [other for _, other in pairs])
    except (StatisticsError, OverflowError):
        related = None
    return NumberScore(
        count=len(pairs),
        mean_error=fmean(errors),
        mean_absolute_error=fmean(map(abs, errors)),
        rmse=math.hypot(*errors) / math.sqrt(len(errors)),
        correlation=related,
    )
