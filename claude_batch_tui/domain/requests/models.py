"""What is known of the models: their ceilings, when they retire, and what each of them refuses.

A dated table (`models.toml`) serves where the API cannot be asked; what the API says goes before it. Nothing here stops
a private model or an alias: a model that is not known is a warning.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

import msgspec

Refusal = Literal[
    "thinking.enabled", "thinking.adaptive", "thinking.disabled", "forced_tool", "prefill", "sampling"
]
Lifecycle = Literal["active", "deprecated", "retired"]
LONG_OUTPUT_BETA = "output-300k-2026-03-24"
"""With this beta some models answer with up to 300,000 tokens, in batches alone (batch guide, 2026-09-26)."""
LONG_OUTPUT_TOKENS = 300_000
_SNAPSHOT = re.compile(r"-\d{8}$")


class ModelRules(msgspec.Struct, frozen=True, kw_only=True):
    """One model. Tokens are counts; None means that nothing is known.

    `context` is the longest prompt. An image is scaled down to a long edge of `image_edge` pixels and to `image_tokens`;
    a model that says nothing of it has the largest there are. `efforts` are the levels of `output_config.effort`.
    `lifecycle` tells whether a model is retired; a `retires` that is past only means that it is overdue.
    """

    ids: tuple[str, ...]
    max_tokens: int | None = None
    context: int | None = 1_000_000
    min_cached_tokens: int | None = None
    image_edge: int = 2_576
    image_tokens: int = 4_784
    efforts: tuple[str, ...] | None = None
    us_inference: bool = True
    lifecycle: Lifecycle = "active"
    retires: date | None = None
    long_output: bool = False
    refuses: frozenset[Refusal] = frozenset()
    batch_supported: bool | None = None

    def ceiling(self, betas: Iterable[str]) -> int | None:
        """The largest `max_tokens`, which a beta may raise."""
        if self.long_output and LONG_OUTPUT_BETA in set(betas):
            return LONG_OUTPUT_TOKENS
        return self.max_tokens


class ModelFacts(msgspec.Struct, frozen=True):
    """What `GET /v1/models` says of one model."""

    id: str
    display_name: str = ""
    lifecycle: Lifecycle = "active"
    retires_at: datetime | None = None
    max_tokens: int | None = None
    max_input_tokens: int | None = None
    batch_supported: bool | None = None
    efforts: tuple[str, ...] | None = None


class Models(msgspec.Struct, frozen=True):
    """All known models by every name a request may use, and how they came to be known: `source` is for sentences.

    `as_of` is the day of that; `is_live` says that it is the API's own list.
    """

    by_name: dict[str, ModelRules]
    source: str
    as_of: date
    is_live: bool = False

    def find(self, name: str) -> ModelRules | None:
        """The model of that id or alias, or None; a dated id that is not listed has the rules of its alias."""
        return self.by_name.get(name) or self.by_name.get(without_date(name))

    def is_listed(self, name: str) -> bool:
        """Whether a model of exactly that name is known."""
        return name in self.by_name


def without_date(model: str) -> str:
    """The alias of a dated model id: `claude-haiku-4-5-20251001` is `claude-haiku-4-5`."""
    return _SNAPSHOT.sub("", model)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    as_of: date
    model: tuple[ModelRules, ...]


@functools.lru_cache(maxsize=1)
def _decoded(table: bytes) -> _Table:
    return msgspec.convert(tomllib.loads(table.decode()), _Table)


def load_models(table: bytes, live: Iterable[ModelFacts] = (), live_at: date | None = None) -> Models:
    """The models of `models.toml`, and over them what the API said on `live_at`.

    The API lists every model there is, so that one it leaves out is kept for its rules alone.
    """
    decoded = _decoded(table)
    known = {name: rules for rules in decoded.model for name in rules.ids}
    facts = {fact.id: fact for fact in live}
    if not facts or live_at is None:
        return Models(known, f"the built-in table of {decoded.as_of}", decoded.as_of)
    by_name: dict[str, ModelRules] = {}
    for fact in facts.values():
        rules = known.get(fact.id, ModelRules(ids=(fact.id,), context=None))
        merged = msgspec.structs.replace(
            rules,
            max_tokens=fact.max_tokens or rules.max_tokens,
            context=fact.max_input_tokens or rules.context,
            lifecycle=fact.lifecycle,
            retires=fact.retires_at.date() if fact.retires_at else rules.retires,
            batch_supported=fact.batch_supported,
            efforts=rules.efforts if fact.efforts is None else fact.efforts,
        )
        by_name |= dict.fromkeys((fact.id, *rules.ids), merged)
    return Models(by_name, f"what the API said on {live_at}", live_at, is_live=True)
