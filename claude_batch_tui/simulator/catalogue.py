"""The models the simulator knows, and what each of them refuses.

Ids: types/model.py of the SDK 2.14. Ceilings and refusals: the official model and error pages, copies of 2026-09-26,
and the pages of models released since. Retirement dates: `_data/deprecated_models.py` of the SDK 2.14.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model. `version` orders the generations: 4.5 < 4.6 < 5.0."""

    id: str
    line: str
    version: float
    released: str
    lifecycle: str = "active"
    deprecated: str | None = None
    retires: str | None = None
    """Dates, null while a model is active; a past `retires` means overdue, only `lifecycle` says retired."""
    aliases: tuple[str, ...] = ()
    max_tokens: int = 128_000
    max_input_tokens: int = 1_000_000

    @property
    def display_name(self) -> str:
        """The name people use, such as Claude Opus 4.8."""
        if self.id == "claude-mythos-preview":
            return "Claude Mythos Preview"
        return f"Claude {self.line.capitalize()} {self.version:g}"

    @property
    def takes_enabled_thinking(self) -> bool:
        """`thinking.type=enabled` is rejected from 4.7 on."""
        return self.version < 4.7

    @property
    def takes_adaptive_thinking(self) -> bool:
        """`thinking.type=adaptive` is rejected up to 4.5."""
        return self.version > 4.5

    @property
    def takes_disabled_thinking(self) -> bool:
        """`thinking.type=disabled` is rejected where thinking is always on."""
        return self.line not in {"fable", "mythos"} and not (
            self.version >= 5.5 and self.line in {"opus", "sonnet"}
        )

    @property
    def takes_forced_tool(self) -> bool:
        """`tool_choice` of `any` or `tool` is rejected by four models."""
        return (self.line, self.version) not in {
            ("opus", 5.5),
            ("sonnet", 5.5),
            ("fable", 5.1),
            ("mythos", 5.1),
        }

    @property
    def takes_prefill(self) -> bool:
        """A last message of the assistant is rejected from 4.6 on."""
        return self.version < 4.6

    @property
    def takes_long_output(self) -> bool:
        """The beta of 300,000 output tokens, in batches only."""
        return self.version >= 4.6 and self.line in {"opus", "sonnet", "haiku"}

    @property
    def min_cached_tokens(self) -> int:
        """Shorter prefixes are silently not cached."""
        if self.version in {4.5, 4.6} and self.line in {"opus", "haiku"}:
            return 4096
        return 512 if self.version >= 5 and self.line != "sonnet" else 1024

    def facts(self) -> dict[str, Any]:
        """The object of `GET /v1/models` (types/model_info.py of the SDK 2.14)."""
        yes, no = {"supported": True}, {"supported": False}

        def leaf(supported: bool) -> dict[str, bool]:
            return {"supported": supported}

        modern = leaf(self.version >= 4.6)
        return {
            "id": self.id,
            "type": "model",
            "display_name": self.display_name,
            "created_at": f"{self.released}T00:00:00Z",
            "lifecycle": self.lifecycle,
            "deprecated_at": f"{self.deprecated}T00:00:00Z" if self.deprecated else None,
            "retires_at": f"{self.retires}T00:00:00Z" if self.retires else None,
            "line": self.line,
            "max_input_tokens": self.max_input_tokens,
            "max_tokens": self.max_tokens,
            "capabilities": {
                "batch": yes,
                "citations": yes,
                "code_execution": modern,
                "context_management": {
                    "supported": True,
                    "clear_thinking_20251015": yes,
                    "clear_tool_uses_20250919": yes,
                    "compact_20260112": modern,
                },
                "effort": {**modern, "low": modern, "medium": modern, "high": modern, "max": modern},
                "image_input": yes,
                "pdf_input": yes,
                "server_tools": {"supported": True, "web_search": yes, "code_execution": yes},
                "structured_outputs": yes,
                "thinking": {
                    "supported": True,
                    "types": {
                        "adaptive": leaf(self.takes_adaptive_thinking),
                        "between_tools": no if self.takes_disabled_thinking else yes,
                        "disabled": leaf(self.takes_disabled_thinking),
                        "enabled": leaf(self.takes_enabled_thinking),
                    },
                },
            },
        }


def _small(
    name: str,
    version: float,
    released: str,
    alias: str,
    deprecated: str | None = None,
    retires: str | None = None,
) -> Model:
    return Model(
        id=name,
        line=name.split("-")[1],
        version=version,
        released=released,
        lifecycle="deprecated" if deprecated else "active",
        deprecated=deprecated,
        retires=retires,
        aliases=(alias,),
        max_tokens=64_000,
        max_input_tokens=200_000,
    )


def _large(line: str, version: float, released: str) -> Model:
    name = f"claude-{line}-{version:g}".replace(".", "-")
    return Model(id=name, line=line, version=version, released=released)


def _retired(name: str, line: str, version: float, released: str, deprecated: str, retires: str) -> Model:
    return Model(
        id=name, line=line, version=version, released=released, lifecycle="retired", deprecated=deprecated,
        retires=retires, max_tokens=64_000, max_input_tokens=200_000,
    )  # fmt: skip


MODELS: Final[tuple[Model, ...]] = (
    _large("fable", 5.2, "2026-11-09"),
    _large("mythos", 5.2, "2026-11-09"),
    _large("haiku", 5.5, "2026-10-07"),
    _large("sonnet", 5.5, "2026-09-28"),
    _large("opus", 5.5, "2026-09-22"),
    _large("fable", 5.1, "2026-09-01"),
    _large("mythos", 5.1, "2026-09-01"),
    _large("opus", 5, "2026-07-24"),
    _large("sonnet", 5, "2026-06-30"),
    _large("fable", 5, "2026-06-09"),
    _large("mythos", 5, "2026-06-09"),
    _large("opus", 4.8, "2026-05-28"),
    _large("opus", 4.7, "2026-04-16"),
    Model(
        id="claude-mythos-preview", line="mythos", version=4.9, released="2026-04-07", lifecycle="deprecated",
        deprecated="2026-06-09", retires="2026-06-30",
    ),
    _large("sonnet", 4.6, "2026-02-17"),
    _large("opus", 4.6, "2026-02-05"),
    _small("claude-opus-4-5-20251101", 4.5, "2025-11-24", "claude-opus-4-5", "2026-11-23", "2027-01-22"),
    _small("claude-haiku-4-5-20251001", 4.5, "2025-10-15", "claude-haiku-4-5"),
    _small("claude-sonnet-4-5-20250929", 4.5, "2025-09-29", "claude-sonnet-4-5", "2026-06-09", "2026-11-30"),
    _retired("claude-3-7-sonnet-20250219", "sonnet", 3.7, "2025-02-19", "2025-10-28", "2026-02-19"),
    _retired("claude-3-5-haiku-20241022", "haiku", 3.5, "2024-10-22", "2025-12-19", "2026-02-19"),
)  # fmt: skip
"""Newest first, as the API lists them."""

LISTED: Final = frozenset({"active", "deprecated"})
"""The lifecycles of a list that asks for none (types/model_list_params.py of the SDK 2.14)."""


class Catalogue:
    """The models of one simulator. `any_model` takes every id, retired ones too, for clients that are fixed to one."""

    def __init__(self, *, any_model: bool = False) -> None:
        self._any_model = any_model
        self._models = list(MODELS)
        self._names = {name: model for model in MODELS for name in (model.id, *model.aliases)}

    def get(self, name: str) -> Model | None:
        """The model of an id or alias, in any stage of its life."""
        return self._names.get(name)

    def find(self, name: str) -> Model | None:
        """The model of an id or alias that a request may name."""
        model = self._names.get(name)
        if self._any_model:
            return model or _stand_in(name)
        return None if model is None or model.lifecycle == "retired" else model

    def listed(self, lifecycles: Collection[str] = LISTED) -> list[Model]:
        """The models in any of these stages, newest first."""
        return [model for model in self._models if model.lifecycle in lifecycles]

    def add(self, name: str) -> Model:
        """A further model of this id, listed last; the one there is where it is known."""
        if name not in self._names:
            self._names[name] = _stand_in(name)
            self._models.append(self._names[name])
        return self._names[name]


def _stand_in(name: str) -> Model:
    """A model of that id with the rules of an old one, which refuses least."""
    return Model(id=name, line="haiku", version=4.5, released="2024-01-01", max_tokens=64_000)
