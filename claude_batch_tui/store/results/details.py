"""The columns of the second pass over results, for many lines at once: about 1 µs a line."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from operator import add
from typing import Final, NamedTuple

from claude_batch_tui.domain.money.pricing import Usage
from claude_batch_tui.domain.results.entry import OUTCOMES, STOP_REASONS, class_number
from claude_batch_tui.store.results.line_facts import (
    NO_ERROR,
    NO_MESSAGE,
    Line,
    Message,
    Result,
    begins_with_text,
    error_type,
    is_empty,
    outcome_numbers,
)
from claude_batch_tui.store.results.numbered_values import Numbered

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
_NO_USAGE: Final = Usage()


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


def described(
    lines: Sequence[Line], error_types: Numbered[str], answered_by: Numbered[AnsweredBy]
) -> Described:
    """Everything an index keeps of the lines, but their ids. New error types and models are added to the lists.

    A cache write of unstated length is one of 5 minutes, as it is priced.
    """
    results = [line.result for line in lines]
    messages = [result.message or NO_MESSAGE for result in results]
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


def _errors(results: Sequence[Result], known: Numbered[str]) -> array[int]:
    numbers = array("H", bytes(2 * len(results)))
    for at, result in enumerate(results):
        if result.error is not NO_ERROR:
            numbers[at] = known.number(error_type(result))
    return numbers


def _models(messages: Sequence[Message], usages: Sequence[Usage], known: Numbered[AnsweredBy]) -> array[int]:
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
