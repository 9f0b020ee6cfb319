"""One result: whole, as the index knows it for tables and filters, and the orders in which results are shown.

Source: the batch guide and types/messages/message_batch_individual_response.py of the SDK 2.11. The error sits
two levels deep: `result.error.error.message`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui.config import RESULTS_COLUMNS

STOP_REASONS = (
    "",
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    "compaction",
    "other",
)
"""Stop reasons by their number in an index (batch guide and SDK 2.14); empty where there is none. An index gives those
that are not here numbers of its own; the last one stands for what it has no number left for."""
CLASSES = (
    "complete",
    "truncated",
    "refused",
    "paused",
    "unknown_stop",
    "empty",
    "schema_invalid",
    "errored",
    "canceled",
    "expired",
    "unparsed",
)
"""Ledger classes by their number in an index: what succeeded is told apart by how it ended and what it holds.

What stopped for a reason that is unknown here is `unknown_stop`. `schema_invalid` is not in a results file: it is found
where the request is known that asked for a schema.
"""
_CLASS_OF_STOP = {
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "refusal": "refused",
    "pause_turn": "paused",
    "compaction": "paused",
}
_ENDED = ("", "end_turn", "stop_sequence", "tool_use")
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
        inner = inner_error(self.body.get("error"))
        if inner is None:
            return "", ""
        return str(inner.get("type", "")), str(inner.get("message", ""))

    @property
    def error_details(self) -> list[str]:
        """What an error says beside its message, a line a value; see `details_lines`."""
        inner = inner_error(self.body.get("error"))
        return details_lines(inner.get("details")) if inner is not None else []

    @property
    def is_billed(self) -> bool:
        """False for a refusal that costs nothing."""
        message = self.message
        if message.get("stop_reason") != "refusal":
            return True
        details, content = message.get("stop_details"), message.get("content")
        category = details.get("category") if isinstance(details, dict) else None
        return is_billed_refusal(category, before_output=not content)

    @property
    def spoken(self) -> str:
        """The text of the answer, and what its other blocks say that are no thinking and no tool call."""
        content = self.message.get("content")
        blocks = content if isinstance(content, list) else []
        said = [self.text] if self.text else []
        return "\n".join([*said, *(word for block in blocks for word in block_words(block))])

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


SPOKEN = frozenset({"compaction", "advisor_tool_result", "mcp_tool_listing", "fallback"})
"""Types of blocks beside text that say something to people (types/beta of the SDK 2.14)."""


def block_words(block: Any) -> list[str]:
    """What a block of one of the types of `SPOKEN` says: each part as it stands in its JSON."""
    match block:
        case {"type": "compaction", "content": str(summary)}:
            return [summary]
        case {"type": "advisor_tool_result", "content": {"text": str(advice)}}:
            return [advice]
        case {"type": "advisor_tool_result", "content": {"error_code": str(code)}}:
            return [code]
        case {"type": "mcp_tool_listing", "mcp_server_name": str(server), "tools": list(tools)}:
            fields = (
                tool.get(name) for tool in tools if isinstance(tool, dict) for name in ("name", "description")
            )
            return [server, *(field for field in fields if isinstance(field, str))]
        case {"type": "fallback", "from": {"model": str(declined)}, "to": {"model": str(answered)}}:
            return [declined, answered]
    return []


def details_lines(details: Any, name: str = "details") -> list[str]:
    """The values of an error's `details`, a line each: `paths: messages.0.content.1`. What only says who may see the
    error is left out.
    """
    if isinstance(details, dict):
        return [
            line
            for key, value in details.items()
            if key != "error_visibility"
            for line in details_lines(value, str(key))
        ]
    if isinstance(details, list):
        return [line for value in details for line in details_lines(value, name)]
    if details is None:
        return []
    return [f"{name}: {details if isinstance(details, str) else msgspec.json.encode(details).decode()}"]


def inner_error(error: Any) -> dict[str, Any] | None:
    """The object with type and message: the one inside, or, in lines of an older shape, the outer one itself."""
    if not isinstance(error, dict):
        return None
    inner = error.get("error")
    if inner is None and isinstance(error.get("message"), str):
        return error
    return inner if isinstance(inner, dict) else None


OUTCOMES = (Outcome.SUCCEEDED, Outcome.ERRORED, Outcome.CANCELED, Outcome.EXPIRED, Outcome.UNPARSED)
"""Outcomes by their number in an index. A type we do not know counts as unparsed, and its line is kept."""


def class_number(outcome: Outcome, stop_reason: str, *, empty: bool) -> int:
    """The number of an entry's ledger class. `empty` says that the answer is nothing, blank text or only thinking."""
    if outcome is not Outcome.SUCCEEDED:
        return CLASSES.index(str(outcome))
    if stop_reason in _ENDED:
        return CLASSES.index("empty" if empty else "complete")
    return CLASSES.index(_CLASS_OF_STOP.get(stop_reason, "unknown_stop"))


def is_billed_refusal(category: str | None, *, before_output: bool) -> bool:
    """Whether a refusal is paid for: one in the middle of an answer is, one before any output for some categories alone.

    Source: the refusals page, copy of 2026-09-26. Usage is shown either way.
    """
    return not before_output or category in ("bio", "frontier_llm", "reasoning_extraction")


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
