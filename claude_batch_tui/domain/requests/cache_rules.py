"""Whether a cache breakpoint can do any good: seen over all requests of a draft, from their bytes.

A prefix is what stands before a breakpoint. It is read from the cache only by a request whose prefix is the same to
the byte, and one below the model's minimum is silently not cached (caching page, copy of 2026-09-26).
"""

from __future__ import annotations

from collections.abc import Iterator

from claude_batch_tui.domain.requests.models import Models
from claude_batch_tui.domain.requests.param_rules import Finding
from claude_batch_tui.domain.requests.problem import Severity

MAX_BREAKPOINTS = 4
BYTES_PER_TOKEN = 3.6
"""For the length of a prefix in tokens, ±25 %."""
_BREAKPOINT = b'"cache_control"'


class CacheCheck:
    """Collects the prefixes of the requests that use the cache."""

    def __init__(self) -> None:
        self._prefixes: dict[str, set[int]] = {}
        self._lengths: dict[str, int] = {}
        self._requests: dict[str, int] = {}

    def add(self, model: str, line: bytes) -> Iterator[Finding]:
        """Take a request line that holds a breakpoint in; says what is wrong with this request alone."""
        count = line.count(_BREAKPOINT)
        if count > MAX_BREAKPOINTS:
            yield Finding(
                "cache_breakpoints",
                f"the request has {count} cache breakpoints; at most {MAX_BREAKPOINTS} are allowed",
            )
        start, end = line.find(b'"params"'), line.rfind(_BREAKPOINT)
        system, messages = line.find(b'"system"'), line.find(b'"messages"')
        if messages < system < end:
            return  # what is sent first stands last here, so the bytes tell nothing
        prefix = line[start:end]
        self._requests[model] = self._requests.get(model, 0) + 1
        self._prefixes.setdefault(model, set()).add(hash(prefix))
        self._lengths[model] = max(self._lengths.get(model, 0), len(prefix))

    def findings(self, models: Models) -> Iterator[Finding]:
        """What is wrong with the requests together."""
        for model, requests in self._requests.items():
            if requests > 1 and len(self._prefixes[model]) == requests:
                message = (
                    f"no two of the {requests:,} requests for {model} share what stands before their cache breakpoint: "
                    "writing to the cache is paid for and nothing is ever read from it"
                )
                yield Finding("cache_never_hit", message, Severity.WARNING)
            rules = models.find(model)
            least = rules.min_cached_tokens if rules else None
            if least is not None and self._lengths[model] / BYTES_PER_TOKEN < least * 0.75:
                about = int(self._lengths[model] / BYTES_PER_TOKEN)
                message = (
                    f"what stands before the cache breakpoint has about {about:,} tokens, and {model} caches from "
                    f"{least:,} on: nothing is cached"
                )
                yield Finding("cache_too_short", message, Severity.WARNING)
