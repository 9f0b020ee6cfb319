"""Requests not yet submitted: where each came from, what they are together, and what is wrong with them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

LONG_PROMPT_BYTES = 200_000
"""From these bytes of params a prompt may be longer than 100,000 tokens, where Haiku 5.5 costs more (see
`pricing`, which reckons with at most one token for every 2 bytes)."""


class Severity(StrEnum):
    """An error stops the submission, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True):
    """One finding. `code` groups findings of one kind; `line` is 1-based."""

    code: str
    message: str
    severity: Severity = Severity.ERROR
    file: str | None = None
    line: int | None = None
    custom_id: str | None = None

    @property
    def is_error(self) -> bool:
        """True where the submission must not happen."""
        return self.severity is Severity.ERROR


class Request(msgspec.Struct, frozen=True):
    """One line of a requests file: `params` are kept as the bytes that will be sent."""

    custom_id: str
    params: msgspec.Raw


class SourceRow(msgspec.Struct, frozen=True):
    """One line of a rows file (`X.rows.jsonl`): where a request came from.

    `custom_id` is what the API sees, `id` the user's own; they differ only where cleaning was needed.
    `line` is the 1-based line of `source` on which the row starts; `row` the columns and values as read.
    """

    custom_id: str
    id: str
    source: str
    line: int
    row: dict[str, Any]


class ModelTotals(msgspec.Struct, frozen=True):
    """Requests that cost alike, together. `params_bytes` is UTF-8 as sent, `max_tokens` their sum.

    `open_ended` counts those whose input the bytes do not bound: files and URLs to be fetched, server tools.
    """

    model: str
    requests: int
    params_bytes: int
    max_tokens: int
    uses_cache: bool = False
    in_us: bool = False
    long_prompts: bool = False
    open_ended: int = 0


class Draft(msgspec.Struct, frozen=True):
    """A checked requests file. `problems` are the first of each kind, `counts` are exact, by code."""

    path: str
    requests: int
    body_bytes: int
    models: tuple[ModelTotals, ...]
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    errors: int
    warnings: int

    @property
    def has_errors(self) -> bool:
        """True where it must not be submitted."""
        return self.errors > 0

    @property
    def model(self) -> str | None:
        """The one model of all requests, or None where there are several."""
        names = {totals.model for totals in self.models}
        return names.pop() if len(names) == 1 else None
