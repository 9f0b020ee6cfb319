"""The columns of an index, made of lines that are decoded, for many lines at once: about 1 µs a line."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import add
from typing import Any, Final, Literal, NamedTuple, TypeVar

from msgspec import Raw

from claude_batch_tui.domain.money.pricing import CacheCreation, Tokens, Usage, additional
from claude_batch_tui.domain.results.line import LineMessage, LineResult, RawLine, begins_with_text, is_empty
from claude_batch_tui.domain.results.result import (
    OUTCOMES,
    STOP_REASONS,
    Outcome,
    class_number,
    is_billed_refusal,
)

UNPARSED: Final = OUTCOMES.index(Outcome.UNPARSED)
OUTCOME_NUMBERS: Final = {str(outcome): number for number, outcome in enumerate(OUTCOMES[:UNPARSED])}
_OTHER_STOP: Final = len(STOP_REASONS) - 1
_MOST_STOPS: Final = 2**8
_CLASS_NUMBERS: Final = {
    (outcome, stop, empty): class_number(OUTCOMES[outcome], STOP_REASONS[stop], empty=empty)
    for outcome in range(len(OUTCOMES))
    for stop in range(len(STOP_REASONS))
    for empty in (False, True)
}
_NO_MESSAGE: Final = LineMessage(Raw())
_NO_USAGE: Final = Usage()
_ANSWERED: Final = bytes(
    _CLASS_NUMBERS[OUTCOME_NUMBERS[Outcome.SUCCEEDED], min(stop, _OTHER_STOP), False]
    for stop in range(_MOST_STOPS)
)
"""The class of an answer that says something, by its stop reason."""
_MOST_NUMBERED: Final = 2**16
T = TypeVar("T", bound=Hashable)
S = TypeVar("S", bound=Hashable)


class Numbered(list[T]):
    """Values in the order in which they were met, the first of which stands for none; beyond `most` of them, the one
    with the number `beyond` stands for the rest.
    """

    def __init__(self, values: Iterable[T], most: int = _MOST_NUMBERED, beyond: int = 0) -> None:
        super().__init__(values)
        self._numbers = {value: number for number, value in enumerate(self)}
        self._most, self._beyond = most, beyond

    @property
    def is_full(self) -> bool:
        """Whether the next new value would stand for the rest."""
        return len(self) >= self._most

    def number(self, value: T) -> int:
        """The number of a value, a new one where it was never met."""
        number = self._numbers.get(value)
        if number is None:
            if len(self) >= self._most:
                return self._beyond
            number = self._numbers[value] = len(self)
            self.append(value)
        return number


def numbered_stops(known: Iterable[str] = STOP_REASONS) -> Numbered[str]:
    """Stop reasons of an index: those of the API, then others by their own names, up to a byte's worth."""
    return Numbered(known, _MOST_STOPS, _OTHER_STOP)


class AnsweredBy(NamedTuple):
    """What prices an answer: its model, whether it was made in the US only, which costs more, and whether it costs
    anything at all, which some refusals do not.
    """

    model: str
    in_us: bool
    is_billed: bool = True


class Described(NamedTuple):
    """Columns of some lines, each under its name in the index."""

    outcomes: bytes
    stops: bytes
    classes: bytes
    errors: array[int]
    models: array[int]
    searches: array[int]
    input_tokens: array[int]
    cache_read_tokens: array[int]
    cache_write_5m_tokens: array[int]
    cache_write_1h_tokens: array[int]
    output_tokens: array[int]


class Additions:
    """What the totals of entries leave out, a row an inference: tokens of advisors and compactions, in file order.

    `entries` are positions; the other columns are as in the index.
    """

    kinds: Final[dict[str, Literal["I", "H"]]] = {
        "entries": "I",
        "input_tokens": "I",
        "cache_read_tokens": "I",
        "cache_write_5m_tokens": "I",
        "cache_write_1h_tokens": "I",
        "output_tokens": "I",
        "models": "H",
    }

    def __init__(self) -> None:
        self.entries = array("I")
        self.input_tokens = array("I")
        self.cache_read_tokens = array("I")
        self.cache_write_5m_tokens = array("I")
        self.cache_write_1h_tokens = array("I")
        self.output_tokens = array("I")
        self.models = array("H")

    def add(self, lines: Sequence[RawLine], first: int, answered_by: Numbered[AnsweredBy]) -> None:
        """Take in the lines of the entries from `first` on; most have nothing for it."""
        for position, line in enumerate(lines, first):
            message = line.result.message
            if message is None or message.usage is None or not message.usage.iterations:
                continue
            in_us = message.usage.inference_geo == "us"
            for tokens, model in additional(message.usage, message.model or ""):
                self._add(position, tokens, answered_by.number(AnsweredBy(model, in_us)))

    def _add(self, position: int, tokens: Tokens, model: int) -> None:
        (five, hour), read = tokens.written, tokens.cache_read_input_tokens or 0
        self.models.append(model)
        self.entries.append(position)
        for column, number in (
            (self.cache_read_tokens, read),
            (self.cache_write_5m_tokens, five),
            (self.cache_write_1h_tokens, hour),
            (self.output_tokens, tokens.output_tokens or 0),
            (self.input_tokens, (tokens.input_tokens or 0) + read + five + hour),
        ):
            column.extend(_numbers("I", [number]))

    def rows(self, position: int) -> range:
        """The rows of one entry."""
        return range(bisect_left(self.entries, position), bisect_right(self.entries, position))


def token_fields(columns: Any, at: int) -> dict[str, Any]:
    """The fields of `Tokens` at a place of the token columns of an index or its additions."""
    read = columns.cache_read_tokens[at]
    written_5m, written_1h = columns.cache_write_5m_tokens[at], columns.cache_write_1h_tokens[at]
    written = written_5m + written_1h
    return {
        "input_tokens": max(columns.input_tokens[at] - read - written, 0),
        "output_tokens": columns.output_tokens[at],
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": CacheCreation(written_5m, written_1h),
    }


def outcome_numbers(lines: Sequence[RawLine]) -> bytes:
    """The number of each line's outcome; a type we do not know counts as unparsed."""
    types = [line.result.type for line in lines]
    return bytes(_numbered(types, {one: OUTCOME_NUMBERS.get(one, UNPARSED) for one in set(types)}))


def id_bytes(line: RawLine) -> bytes:
    """The custom_id of a line as an index holds it: UTF-8 without a newline."""
    return line.custom_id.encode("utf-8", "replace").replace(b"\n", b" ")


def joined_ids(lines: Sequence[RawLine]) -> tuple[bytes, Iterable[int]]:
    """All ids as an index holds them, each ended by a newline, and how long each is with it."""
    ids = "\n".join([line.custom_id for line in lines])
    if ids.isascii() and ids.count("\n") == len(lines) - 1:
        return ids.encode() + b"\n", [len(line.custom_id) + 1 for line in lines]
    parts = [id_bytes(line) + b"\n" for line in lines]
    return b"".join(parts), map(len, parts)


def described(
    lines: Sequence[RawLine],
    stop_reasons: Numbered[str],
    error_types: Numbered[str],
    answered_by: Numbered[AnsweredBy],
    additions: Additions,
    first: int,
) -> Described:
    """Everything an index keeps of the lines, the first of which has the position `first`, but their ids. New names are
    added to the lists, and what their totals leave out to the additions.

    A cache write of unstated length is one of 5 minutes, as it is priced.
    """
    results = [line.result for line in lines]
    messages = [result.message or _NO_MESSAGE for result in results]
    usages = [message.usage or _NO_USAGE for message in messages]
    outcomes = outcome_numbers(lines)
    reasons = [message.stop_reason for message in messages]
    stops = bytes(
        _numbered(reasons, {reason: stop_reasons.number(reason or "") for reason in dict.fromkeys(reasons)})
    )
    if any([usage.iterations for usage in usages]):  # noqa: C419 — a list is twice as fast here
        additions.add(lines, first, answered_by)
    read = [usage.cache_read_input_tokens or 0 for usage in usages]
    written_5m, written_1h = _written(usages)
    servers = [usage.server_tool_use for usage in usages]
    searches = (
        [0 if used is None else used.web_search_requests or 0 for used in servers] if any(servers) else ()
    )
    return Described(
        outcomes=outcomes,
        stops=stops,
        classes=_classes(outcomes, stops, messages),
        errors=_errors(results, error_types),
        models=_models(messages, usages, answered_by),
        searches=_numbers("H", searches or bytes(len(lines))),
        input_tokens=_numbers(
            "I", _sums([usage.input_tokens or 0 for usage in usages], read, written_5m, written_1h)
        ),
        cache_read_tokens=_numbers("I", read),
        cache_write_5m_tokens=_numbers("I", written_5m),
        cache_write_1h_tokens=_numbers("I", written_1h),
        output_tokens=_numbers("I", [usage.output_tokens or 0 for usage in usages]),
    )


def _classes(outcomes: bytes, stops: bytes, messages: Sequence[LineMessage[Raw]]) -> bytes:
    """The number of each ledger class: as the stop reason of a whole answer says, but for the others."""
    classes = bytearray(stops.translate(_ANSWERED))
    odd = {at for at, outcome in enumerate(outcomes) if outcome} if any(outcomes) else set()
    says_something = map(begins_with_text, [message.content for message in messages])
    empty = {at for at, said in enumerate(says_something) if said is None and is_empty(messages[at].content)}
    for at in odd | empty:
        classes[at] = _CLASS_NUMBERS[outcomes[at], min(stops[at], _OTHER_STOP), at in empty]
    return bytes(classes)


def _written(usages: Sequence[Usage]) -> tuple[list[int], list[int]]:
    """Tokens written to the cache for 5 minutes and for an hour."""
    made = [usage.cache_creation for usage in usages]
    unsaid = [usage.cache_creation_input_tokens or 0 for usage in usages]
    if not any(made):
        return unsaid, [0] * len(unsaid)
    return (
        [
            tokens if kinds is None else kinds.ephemeral_5m_input_tokens or 0
            for kinds, tokens in zip(made, unsaid, strict=True)
        ],
        [0 if kinds is None else kinds.ephemeral_1h_input_tokens or 0 for kinds in made],
    )


def _new_numbers(values: Sequence[S], known: Numbered[T], named: Callable[[S], T]) -> dict[S, int]:
    """The number of each of the values, which are named in the order in which they come."""
    distinct = set(values)
    in_order = distinct if len(distinct) == 1 else dict.fromkeys(values)
    return {value: known.number(named(value)) for value in in_order}


def _numbered(values: Sequence[S], numbers: dict[S, int]) -> Iterable[int]:
    """The number of each value; mostly all have the same."""
    if len(numbers) == 1:
        return [*numbers.values()] * len(values)
    return map(numbers.__getitem__, values)


def _sums(fresh: list[int], *more: list[int]) -> list[int]:
    """Number by number; most columns are all zeros."""
    for column in more:
        if any(column):
            fresh = list(map(add, fresh, column))
    return fresh


def _errors(results: Sequence[LineResult[Raw]], known: Numbered[str]) -> array[int]:
    numbers = array("H", bytes(2 * len(results)))
    errors = [result.error for result in results]
    for at, error in enumerate(errors) if any(errors) else ():
        if error is not None and error.inner is not None:
            numbers[at] = known.number(error.inner.type)
    return numbers


def _models(
    messages: Sequence[LineMessage[Raw]], usages: Sequence[Usage], known: Numbered[AnsweredBy]
) -> array[int]:
    names = [message.model for message in messages]
    geos = [usage.inference_geo for usage in usages]
    if "us" in geos:
        pairs = list(zip(names, geos, strict=True))
        numbers = _numbered(
            pairs, _new_numbers(pairs, known, lambda pair: AnsweredBy(pair[0] or "", pair[1] == "us"))
        )
    else:
        numbers = _numbered(
            names, _new_numbers(names, known, lambda name: AnsweredBy(name or "", in_us=False))
        )
    found = array("H", [*numbers])
    if "refusal" in [message.stop_reason for message in messages]:
        for at, message in enumerate(messages):
            if message.stop_reason == "refusal" and not _is_billed(message):
                found[at] = known.number(AnsweredBy(message.model or "", geos[at] == "us", is_billed=False))
    return found


def _is_billed(refusal: LineMessage[Raw]) -> bool:
    category = refusal.stop_details.category if refusal.stop_details is not None else None
    return is_billed_refusal(category, before_output=bytes(refusal.content) in (b"", b"[]", b"null"))


def _numbers(kind: str, values: Iterable[int]) -> array[int]:
    """The values as an array, each at least 0 and at most what its kind holds."""
    kept = list(values)
    try:
        return array(kind, kept)
    except OverflowError:
        most = 256 ** array(kind).itemsize - 1
        return array(kind, [min(max(value, 0), most) for value in kept])
