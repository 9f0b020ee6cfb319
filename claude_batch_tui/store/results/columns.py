"""The columns of an index, made of lines that are decoded, for many lines at once: about 1 µs a line."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from operator import add
from typing import Final, NamedTuple, TypeVar

from msgspec import Raw

from claude_batch_tui.domain.money.pricing import Usage
from claude_batch_tui.domain.results.line import LineMessage, LineResult, RawLine, begins_with_text, is_empty
from claude_batch_tui.domain.results.result import OUTCOMES, STOP_REASONS, Outcome, class_number

UNPARSED: Final = OUTCOMES.index(Outcome.UNPARSED)
OUTCOME_NUMBERS: Final = {str(outcome): number for number, outcome in enumerate(OUTCOMES[:UNPARSED])}
_STOP_NUMBERS: Final[dict[str | None, int]] = {
    None: 0,
    **{reason: number for number, reason in enumerate(STOP_REASONS)},
}
_OTHER_STOP: Final = len(STOP_REASONS) - 1
_CLASS_NUMBERS: Final = {
    (outcome, stop, empty): class_number(OUTCOMES[outcome], STOP_REASONS[stop], empty=empty)
    for outcome in range(len(OUTCOMES))
    for stop in range(len(STOP_REASONS))
    for empty in (False, True)
}
_NO_MESSAGE: Final = LineMessage(Raw())
_NO_USAGE: Final = Usage()
_MOST_NUMBERED: Final = 2**16
T = TypeVar("T", bound=Hashable)


class Numbered(list[T]):
    """Values in the order in which they were met; the first stands for none, and for all beyond 65,536."""

    def __init__(self, values: Iterable[T]) -> None:
        super().__init__(values)
        self._numbers = {value: number for number, value in enumerate(self)}

    def number(self, value: T) -> int:
        """The number of a value, a new one where it was never met."""
        number = self._numbers.get(value)
        if number is None:
            if len(self) >= _MOST_NUMBERED:
                return 0
            number = self._numbers[value] = len(self)
            self.append(value)
        return number


class AnsweredBy(NamedTuple):
    """What prices an answer: its model, and whether it was made in the US only, which costs more."""

    model: str
    in_us: bool


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


def outcome_numbers(lines: Sequence[RawLine]) -> bytes:
    """The number of each line's outcome; a type we do not know counts as unparsed."""
    number = OUTCOME_NUMBERS.get
    return bytes([number(line.result.type, UNPARSED) for line in lines])


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
    lines: Sequence[RawLine], error_types: Numbered[str], answered_by: Numbered[AnsweredBy]
) -> Described:
    """Everything an index keeps of the lines, but their ids. New error types and models are added to the lists.

    A cache write of unstated length is one of 5 minutes, as it is priced.
    """
    results = [line.result for line in lines]
    messages = [result.message or _NO_MESSAGE for result in results]
    usages = [message.usage or _NO_USAGE for message in messages]
    outcomes = outcome_numbers(lines)
    stops = bytes([_STOP_NUMBERS.get(message.stop_reason, _OTHER_STOP) for message in messages])
    empty = [not begins_with_text(message.content) and is_empty(message.content) for message in messages]
    read = [usage.cache_read_input_tokens or 0 for usage in usages]
    written_5m, written_1h = _written(usages)
    servers = [usage.server_tool_use for usage in usages]
    return Described(
        outcomes=outcomes,
        stops=stops,
        classes=bytes(map(_CLASS_NUMBERS.__getitem__, zip(outcomes, stops, empty, strict=True))),
        errors=_errors(results, error_types),
        models=_models(messages, usages, answered_by),
        searches=_numbers("H", [0 if used is None else used.web_search_requests or 0 for used in servers]),
        input_tokens=_numbers(
            "I", _sums([usage.input_tokens or 0 for usage in usages], read, written_5m, written_1h)
        ),
        cache_read_tokens=_numbers("I", read),
        cache_write_5m_tokens=_numbers("I", written_5m),
        cache_write_1h_tokens=_numbers("I", written_1h),
        output_tokens=_numbers("I", [usage.output_tokens or 0 for usage in usages]),
    )


def _written(usages: Sequence[Usage]) -> tuple[list[int], list[int]]:
    """Tokens written to the cache for 5 minutes and for an hour."""
    made = [usage.cache_creation for usage in usages]
    unsaid = [usage.cache_creation_input_tokens or 0 for usage in usages]
    return (
        [
            tokens if kinds is None else kinds.ephemeral_5m_input_tokens or 0
            for kinds, tokens in zip(made, unsaid, strict=True)
        ],
        [0 if kinds is None else kinds.ephemeral_1h_input_tokens or 0 for kinds in made],
    )


def _sums(fresh: list[int], *more: list[int]) -> list[int]:
    """Number by number; most columns are all zeros."""
    for column in more:
        if any(column):
            fresh = list(map(add, fresh, column))
    return fresh


def _errors(results: Sequence[LineResult[Raw]], known: Numbered[str]) -> array[int]:
    numbers = array("H", bytes(2 * len(results)))
    for at, result in enumerate(results):
        if result.inner_error is not None:
            numbers[at] = known.number(result.inner_error.type)
    return numbers


def _models(
    messages: Sequence[LineMessage[Raw]], usages: Sequence[Usage], known: Numbered[AnsweredBy]
) -> array[int]:
    names = [message.model for message in messages]
    geos = [usage.inference_geo for usage in usages]
    pairs = names if "us" not in geos else list(zip(names, geos, strict=True))
    numbers = {
        pair: known.number(
            AnsweredBy(pair[0] or "", pair[1] == "us")
            if isinstance(pair, tuple)
            else AnsweredBy(pair or "", in_us=False)
        )
        for pair in dict.fromkeys(pairs)
    }
    return array("H", [numbers[pair] for pair in pairs])


def _numbers(kind: str, values: Iterable[int]) -> array[int]:
    """The values as an array, each at least 0 and at most what its kind holds."""
    kept = list(values)
    try:
        return array(kind, kept)
    except OverflowError:
        most = 256 ** array(kind).itemsize - 1
        return array(kind, [min(max(value, 0), most) for value in kept])
