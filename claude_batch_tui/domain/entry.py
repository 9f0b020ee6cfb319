"""One result as the index knows it: enough for a table and its filters without reading the answer."""

from __future__ import annotations

import msgspec

from claude_batch_tui.domain.result import Outcome

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


class Entry(msgspec.Struct, frozen=True):
    """A line of a results file. `position` counts entries from 0; `input_tokens` includes cached ones."""

    position: int
    custom_id: str
    outcome: Outcome
    stop_reason: str
    error_type: str
    input_tokens: int
    output_tokens: int
    offset: int
    length: int
