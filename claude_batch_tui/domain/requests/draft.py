"""Requests not yet submitted: what a checked requests file holds, and what is wrong with it."""

from __future__ import annotations

import msgspec

from claude_batch_tui.domain.requests.problem import Problem

LONG_PROMPT_BYTES = 200_000
"""From these bytes of params a prompt may be longer than 100,000 tokens, where Haiku 5.5 costs more (see
`pricing`, which reckons with at most one token for every 2 bytes)."""


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
