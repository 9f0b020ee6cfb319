"""One result as the index knows it: enough for a table and its filters without reading the answer."""

from __future__ import annotations

import msgspec

from claude_batch_tui.domain.results.result import Outcome

OUTCOMES = (Outcome.SUCCEEDED, Outcome.ERRORED, Outcome.CANCELED, Outcome.EXPIRED, Outcome.UNPARSED)
"""Outcomes by their number in an index. A type we do not know counts as unparsed, and its line is kept."""

STOP_REASONS = (
    "",
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    "other",
)
"""Stop reasons by their number in an index (batch guide and SDK 2.11); empty where there is none."""


CLASSES = (
    "complete",
    "truncated",
    "refused",
    "paused",
    "empty",
    "schema_invalid",
    "errored",
    "canceled",
    "expired",
    "unparsed",
)
"""Ledger classes by their number in an index: what succeeded is told apart by how it ended and what it holds.

`schema_invalid` is not in a results file: it is found where the request is known that asked for a schema.
"""

_CLASS_OF_STOP = {
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "refusal": "refused",
    "pause_turn": "paused",
}


def class_number(outcome: Outcome, stop_reason: str, *, empty: bool) -> int:
    """The number of an entry's ledger class. `empty` says that the answer is nothing, blank text or only thinking."""
    if outcome is not Outcome.SUCCEEDED:
        return CLASSES.index(str(outcome))
    return CLASSES.index(_CLASS_OF_STOP.get(stop_reason, "empty" if empty else "complete"))


class Entry(msgspec.Struct, frozen=True):
    """A line of a results file. `position` counts entries from 0; `input_tokens` includes cached ones.

    Stop reason, error type and tokens are known once it `is_described`.
    """

    position: int
    custom_id: str
    outcome: Outcome
    stop_reason: str
    error_type: str
    input_tokens: int
    output_tokens: int
    offset: int
    length: int
    is_described: bool = True
