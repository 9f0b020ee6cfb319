"""Requests not yet submitted: where each came from, what they are together, and what is wrong with them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

BYTES_PER_TOKEN_AT_LEAST = 2
"""For the cost at most: one token for every 2 UTF-8 bytes of params. Ordinary text has 3 to 5 bytes a token with
the tokenizer of 4.7 and later; dense digits and rare scripts come near 2."""
BYTES_PER_TOKEN_ABOUT = 3.6
"""For the likely input, ±25 %."""
LONG_PROMPT_TOKENS = 100_000
"""Requests that may be longer are told apart: Haiku 5.5 costs more for them (see `pricing`)."""


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
    """Requests that cost alike, together. `params_bytes` is UTF-8 as sent, without the base64 of media, `max_tokens` their
    sum. `more_tokens` is input that is no text of theirs, at most, and `media_tokens` what of it is likely.

    `open_ended` counts those whose cost is not bounded: files and URLs to be fetched, server tools, compactions, advisors
    without a limit. The most that limited advisors may take is a group of its own, of no requests.
    """

    model: str
    requests: int
    params_bytes: int
    max_tokens: int
    uses_cache: bool = False
    in_us: bool = False
    long_prompts: bool = False
    open_ended: int = 0
    media_tokens: int = 0
    more_tokens: int = 0


class SharedPrefix(msgspec.Struct, frozen=True):
    """What all requests of a draft begin with: so many bytes, of the one model that they name."""

    bytes: int
    model: str
    min_cached_tokens: int | None
    is_kept: bool = False
    """Whether a cache_control with ttl 1h is in it."""


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
    shared: SharedPrefix | None = None

    @property
    def has_errors(self) -> bool:
        """True where it must not be submitted."""
        return self.errors > 0

    @property
    def model(self) -> str | None:
        """The one model of all requests, or None where there are several."""
        names = {totals.model for totals in self.models if totals.requests}
        return names.pop() if len(names) == 1 else None
