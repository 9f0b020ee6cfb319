"""What a request says that its model refuses or cannot cache, or that a batch under this API version refuses.

Sources: error page and migration page of the platform documentation, copies of 2026-09-26 and 2026-10-21. The cache is
looked at over all requests of a draft: a prefix, which is what stands before a breakpoint, is read from it only by a
request with the same prefix to the byte, and one below the model's minimum is silently not cached (caching page, copy
of 2026-09-26).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from claude_batch_tui.domain.requests.draft import Severity
from claude_batch_tui.domain.requests.models import ModelRules, Models
from claude_batch_tui.domain.requests.param_rules import STRICT_VERSION, Finding, shown
from claude_batch_tui.domain.requests.schema_rules import unsupported_keywords

_WORDS = {
    "enabled": "use `adaptive` with `output_config.effort`",
    "adaptive": "use `enabled` with `budget_tokens`",
    "disabled": "use `between_tools` or leave it out",
}
MAX_BREAKPOINTS = 4
BYTES_PER_TOKEN = 3.6
"""For the length of a prefix in tokens, ±25 %."""
_BREAKPOINT = b'"cache_control"'


EFFORTS = ("low", "medium", "high", "xhigh", "max")


def model_findings(
    model: str,
    models: Models,
    *,
    max_tokens: int,
    betas: Sequence[str],
    deadline: date | None,
) -> Iterator[Finding]:
    """What is to be said of the model itself. `deadline` is the day on which a batch sent now would expire."""
    rules, source = models.find(model), models.source
    if rules is None:
        message = f"model {model!r} is not known ({source}); a private one may be right, a misspelt one fails in every request"
        yield Finding("unknown_model", message, Severity.WARNING)
        return
    if rules.batch_supported is False:
        yield Finding("no_batch_support", f"{model} does not work in batches ({source})")
    if not models.is_listed(model):
        # The API's own list has every id there is; ours may be behind it.
        severity = Severity.ERROR if models.is_live else Severity.WARNING
        yield Finding("never_issued", f"{model} was never issued: {rules.ids[0]} is ({source})", severity)
    yield from _lifecycle(model, rules, source, deadline)
    ceiling = rules.ceiling(betas)
    if ceiling is not None and max_tokens > ceiling:
        yield Finding(
            "max_tokens_above_ceiling",
            f"`max_tokens` {max_tokens:,} is above the {ceiling:,} that {model} allows",
        )


def _lifecycle(model: str, rules: ModelRules, source: str, deadline: date | None) -> Iterator[Finding]:
    retires = rules.retires
    if rules.lifecycle == "retired":
        yield Finding("model_retired", f"{model} is retired ({source}): every request fails")
    elif rules.lifecycle == "deprecated" and retires is not None:
        if deadline is None or retires > deadline:
            message = f"{model} is deprecated and retires on {retires} ({source})"
        elif retires < deadline:
            message = f"{model} was to retire on {retires} and is overdue: it may be gone any day ({source})"
        else:
            message = f"{model} retires on {retires}, before a batch sent now must end ({source})"
        yield Finding("model_retires", message, Severity.WARNING)


def output_findings(rules: ModelRules | None, output_config: msgspec.Raw) -> Iterator[Finding]:
    """What the model refuses of `output_config`: its effort, and what of its schema is outside of the documented subset."""
    value = msgspec.json.decode(output_config)
    if not isinstance(value, dict):
        return
    effort, known = value.get("effort"), rules.efforts if rules is not None else None
    if effort is not None and effort not in EFFORTS:
        yield Finding("effort", f"`output_config.effort` is one of {', '.join(EFFORTS)}, not {shown(effort)}")
    elif effort is not None and known is not None and effort not in known:
        levels = f"it has {', '.join(known)}" if known else "it has none; leave it out"
        yield Finding("effort", f"this model has no effort {effort}: {levels}")
    form = value.get("format")
    if isinstance(form, dict):
        yield from schema_findings("`output_config.format.schema`", form.get("schema"))


def schema_findings(what: str, schema: Any) -> Iterator[Finding]:
    """A warning that names the keywords of a schema which structured outputs do not document."""
    if names := unsupported_keywords(schema):
        message = f"{what} has {', '.join(names)}, outside of what structured outputs document: refused, or not enforced"
        yield Finding("schema_keywords", message, Severity.WARNING)


def request_findings(
    rules: ModelRules | None,
    *,
    max_tokens: int,
    thinking: msgspec.Raw | None,
    tool_choice: msgspec.Raw | None,
    tools: Sequence[str | None],
    has_prefill: bool,
) -> Iterator[Finding]:
    """What the model refuses of thinking, tool choice and the last message."""
    refuses = rules.refuses if rules else frozenset()
    if has_prefill and "prefill" in refuses:
        yield Finding(
            "prefill",
            "the last message is the assistant's; this model takes no prefill, so end with the user's",
        )
    if thinking is not None:
        yield from _thinking(msgspec.json.decode(thinking), refuses, max_tokens)
    if tool_choice is not None:
        yield from _tool_choice(msgspec.json.decode(tool_choice), refuses, tools)


def sampling_finding(key: str, rules: ModelRules | None, api_version: str) -> Finding | None:
    """What is to be said of a sampling key, or None where the model takes it under this API version."""
    if api_version >= STRICT_VERSION:
        message = f"`{key}` is refused under `api_version` {api_version}: leave it out, or set an earlier one in config.toml"
        return Finding("sampling_param", message)
    if rules is None or "sampling" in rules.refuses:
        message = f"`{key}` is refused by models from Opus 4.7 on unless it has its default; leave it out"
        return Finding("sampling_param", message, Severity.WARNING)
    return None


def _thinking(value: Any, refuses: frozenset[Any], max_tokens: int) -> Iterator[Finding]:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in {"enabled", "adaptive", "disabled", "between_tools"}:
        yield Finding("thinking", "`thinking` has a `type` of enabled, adaptive, disabled or between_tools")
    elif f"thinking.{kind}" in refuses:
        yield Finding("thinking", f"this model refuses `thinking` of type {kind}: {_WORDS[kind]}")
    elif kind == "enabled":
        budget = value.get("budget_tokens")
        if not isinstance(budget, int) or budget < 1024:
            yield Finding("thinking", "`thinking` of type enabled needs `budget_tokens` of at least 1,024")
        elif budget >= max_tokens:
            yield Finding(
                "thinking", f"`thinking.budget_tokens` {budget:,} must be below `max_tokens` {max_tokens:,}"
            )


def _tool_choice(value: Any, refuses: frozenset[Any], tools: Sequence[str | None]) -> Iterator[Finding]:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind is None:
        yield Finding("tool_choice", '`tool_choice` is an object, such as {"type": "auto"}')
    elif kind in {"any", "tool"} and "forced_tool" in refuses:
        yield Finding("tool_choice", f"this model refuses a `tool_choice` of type {kind}: use auto")
    elif kind == "any" and not tools:
        yield Finding("tool_choice", "`tool_choice` of type any needs `tools`")
    elif kind == "tool" and value.get("name") not in tools:
        yield Finding(
            "tool_choice", f"`tool_choice` names the tool {value.get('name')!r}, which is not among `tools`"
        )


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
