"""What the requests of a draft are together, as far as it costs: their text, their media, their advisors, and what all of
them begin with.
"""

from __future__ import annotations

import re

from msgspec import UNSET

from claude_batch_tui.domain.requests.draft import (
    BYTES_PER_TOKEN_AT_LEAST,
    LONG_PROMPT_TOKENS,
    ModelTotals,
    SharedPrefix,
)
from claude_batch_tui.domain.requests.media import MediaTokens
from claude_batch_tui.domain.requests.models import Models
from claude_batch_tui.domain.requests.request_shape import ParamsShape

ADDED_TOKENS = 1_000
"""At most what the API adds to a prompt where there are tools, and where there is a schema (530 is the most that a copy of
the tool page lists; read 2026-11-29)."""
_NUMBERS = len(("requests", "params_bytes", "max_tokens", "open_ended", "media_tokens", "more_tokens"))
_KEPT = re.compile(rb'"cache_control"\s*:\s*\{[^{}]*"ttl"\s*:\s*"1h"')
_Key = tuple[str, bool, bool, bool]


class Totals:
    """Adds requests up one by one. `models` say how much an advisor reads and writes at most."""

    def __init__(self, models: Models | None) -> None:
        self._models = models
        self._groups: dict[_Key, list[int]] = {}
        self._shared: bytes | None = None

    def add(
        self, params: ParamsShape, size: int, media: MediaTokens, *, uses_cache: bool, is_open_ended: bool
    ) -> None:
        """Reckon with one request, of so many bytes without its media."""
        added = (params.tools is not UNSET) + (params.output_config is not UNSET)
        more = media.at_most + added * ADDED_TOKENS
        in_us = params.inference_geo == "us"
        is_long = size / BYTES_PER_TOKEN_AT_LEAST + more > LONG_PROMPT_TOKENS
        if params.tools is not UNSET:
            is_open_ended |= self._add_advisors(params, in_us=in_us)
        group = self._group((params.model, uses_cache, in_us, is_long))
        group[0] += 1
        group[1] += size
        group[2] += params.max_tokens
        group[3] += is_open_ended or params.is_open_ended
        group[4] += media.about
        group[5] += more

    def share(self, line: bytes) -> None:
        """Find out what the params of all requests so far begin with."""
        start = line.find(b'"params"') + len(b'"params"')
        if self._shared is None:
            self._shared = line[start:]
        elif not line.startswith(self._shared, start):
            same, over = 0, len(self._shared)
            while over - same > 1:
                middle = (same + over) // 2
                if line.startswith(self._shared[:middle], start):
                    same = middle
                else:
                    over = middle
            self._shared = self._shared[:same]

    def totals(self) -> tuple[ModelTotals, ...]:
        """A group for all requests that cost alike, the largest first."""
        totals = [
            ModelTotals(model, requests, size, longest, uses_cache, in_us, is_long, open_ended, media, more)
            for (model, uses_cache, in_us, is_long), counts in self._groups.items()
            for requests, size, longest, open_ended, media, more in [counts]
        ]
        return tuple(sorted(totals, key=lambda group: (-group.requests, group.model)))

    def shared(self) -> SharedPrefix | None:
        """What all requests begin with; None where there is one alone, or they name several models."""
        own = {key: counts[0] for key, counts in self._groups.items() if counts[0]}
        models = {model for model, *_ in own}
        if sum(own.values()) < 2 or not self._shared or len(models) != 1:
            return None
        model = models.pop()
        rules = self._models.find(model) if self._models else None
        least = rules.min_cached_tokens if rules else None
        return SharedPrefix(len(self._shared), model, least, is_kept=bool(_KEPT.search(self._shared)))

    def _add_advisors(self, params: ParamsShape, *, in_us: bool) -> bool:
        """Reckon with the most that advisors may take: a whole context read, and the longest advice, at every use.

        True where that has no bound.
        """
        has_no_bound = False
        for tool in params.tools or ():
            if not tool.is_advisor:
                continue
            rules = self._models.find(tool.model) if self._models is not None and tool.model else None
            longest = rules and (tool.max_tokens or rules.max_tokens)
            if tool.max_uses is None or rules is None or rules.context is None or not longest:
                has_no_bound = True
                continue
            key = (str(tool.model), tool.caching is not UNSET, in_us, rules.context > LONG_PROMPT_TOKENS)
            group = self._group(key)
            group[2] += tool.max_uses * longest
            group[5] += tool.max_uses * rules.context
        return has_no_bound

    def _group(self, key: _Key) -> list[int]:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = [0] * _NUMBERS
        return group
