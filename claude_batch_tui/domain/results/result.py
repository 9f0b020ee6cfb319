"""One result: whole, as the index knows it for tables and filters, and the orders in which results are shown.

Source: the batch guide and types/messages/message_batch_individual_response.py of the SDK 2.11. The error sits
two levels deep: `result.error.error.message`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui.config import RESULTS_COLUMNS
from claude_batch_tui.errors import ConfigError

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
SORT_COLUMNS = RESULTS_COLUMNS
"""What entries can be sorted by: the order of the file, the columns of the index, cost, and first words."""
FILE_ORDER = SORT_COLUMNS[0]


class Outcome(StrEnum):
    """What became of a request (`result.type`). `UNPARSED` marks a line we could not read."""

    SUCCEEDED = "succeeded"
    ERRORED = "errored"
    CANCELED = "canceled"
    EXPIRED = "expired"
    UNPARSED = "unparsed"


class Result(msgspec.Struct, frozen=True):
    """A whole result, decoded for reading one entry. `body` is the `result` object as the API sent it."""

    custom_id: str
    body: dict[str, Any]

    @property
    def outcome(self) -> str:
        """`result.type` as the API spells it."""
        return str(self.body.get("type", ""))

    @property
    def message(self) -> dict[str, Any]:
        """The message of a succeeded request, else an empty dict."""
        message = self.body.get("message")
        return message if isinstance(message, dict) else {}

    @property
    def error(self) -> tuple[str, str]:
        """Type and message of an errored request, else two empty strings."""
        outer = self.body.get("error")
        inner = outer.get("error") if isinstance(outer, dict) else None
        if not isinstance(inner, dict):
            return "", ""
        return str(inner.get("type", "")), str(inner.get("message", ""))

    @property
    def text(self) -> str:
        """All text blocks of the answer, joined by a newline."""
        content = self.message.get("content")
        if not isinstance(content, list):
            return ""
        return "\n".join(
            str(text)
            for block in content
            if isinstance(block, dict)
            and block.get("type") == "text"
            and (text := block.get("text")) is not None
        )


OUTCOMES = (Outcome.SUCCEEDED, Outcome.ERRORED, Outcome.CANCELED, Outcome.EXPIRED, Outcome.UNPARSED)
"""Outcomes by their number in an index. A type we do not know counts as unparsed, and its line is kept."""


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


class Sort(NamedTuple):
    """A column, upwards or downwards."""

    column: str = FILE_ORDER
    descending: bool = False

    def turned(self, column: str) -> Sort:
        """The order after a column was asked for: asked for again it is reversed. Figures begin with the largest."""
        if column == self.column:
            return Sort(column, not self.descending)
        return Sort(column, column in ("in", "out", "cost"))


def parse_sort(text: str) -> Sort:
    """`cost` or `cost:desc`. Raises ConfigError for anything else."""
    column, colon, direction = text.partition(":")
    if column == "id":
        column = "custom_id"
    if column not in SORT_COLUMNS or (colon and direction not in ("asc", "desc")):
        raise ConfigError(
            f"There is no order {text!r}: sort by one of {', '.join(SORT_COLUMNS[1:])}, with :desc for the largest first."
        )
    return Sort(column, direction == "desc")
